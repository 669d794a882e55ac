/**
 * The peers that this kernel has imported: what is pinned of each, what of it may be called now, and what a newer manifest
 * does to it (security.md B2). Survives a restart through the store, where each import is one value, so that it is there
 * as a whole or not at all.
 */

import {
  type CapabilityDescriptor,
  type CapabilityRef,
  type ChannelWord,
  type Clock,
  type Code,
  type Did,
  type Endpoint,
  type ImportInit,
  type Label,
  type ManifestDiff,
  type PeerAlias,
  parseCapabilityRef,
  type Safety,
  type Store,
  type StoreChange,
  type TrustPolicy,
} from '@hansa/protocols'
import type { KeyResolver } from '@hansa/trust'
import { inParallel } from '../in-parallel.ts'
import { inTurn } from '../in-turn.ts'
import type { PeerMemory } from '../peers/peer-memory.ts'
import { checkPeerManifest, rememberManifest } from '../peers/verify-peer-manifest.ts'
import { applyManifest } from './apply-manifest.ts'
import type { FetchManifest } from './fetch-manifest.ts'
import { overCertificate, withPins } from './fetched-verdict.ts'
import { httpEndpoint } from './http-endpoint.ts'
import {
  type CapabilityPin,
  IMPORTS_NAMESPACE,
  type ImportRecord,
  type ImportState,
  readRecord,
  writeRecord,
} from './import-record.ts'
import { makeRecord } from './make-record.ts'

/** A capability as the importer may use it: everything a call needs, and nothing the peer can change meanwhile. */
export type ImportedCapability = {
  readonly ref: CapabilityRef
  readonly peer: Did
  /** Base URL at which the peer is called. */
  readonly endpoint: string
  readonly descriptor: CapabilityDescriptor
  /** What calls carry, so that the peer refuses when it serves something else. */
  readonly hash: string
  /** Union of every sensitivity the peer ever advertised for it. */
  readonly labels: readonly Label[]
  /** The gravest class the peer ever advertised for it. */
  readonly safety: Safety
  readonly trustPolicy: TrustPolicy
  readonly state: ImportState
  /** Why it is not available. */
  readonly reason?: string
}

export type ImportedPeerView = {
  readonly alias: PeerAlias
  readonly did: Did
  readonly endpoint: string
  readonly trustPolicy: TrustPolicy
  /** Pinned keys of the peer's logs. */
  readonly logs: ImportRecord['logs']
  readonly seq: number
  /** Unix seconds; calls stop 60 s after. */
  readonly expires: number
  readonly state: 'ok' | 'expired' | 'blocked'
  /** Why it is blocked. */
  readonly reasons: readonly string[]
  /** By reference. */
  readonly capabilities: readonly ImportedCapability[]
}

export type RefusedImport = { ok: false; code: Code /** One sentence for people. */; reason: string }
export type AddedImport = { ok: true; peer: ImportedPeerView } | RefusedImport
export type RefreshedImport = { ok: true; diff: ManifestDiff } | RefusedImport
export type FoundCapability = { ok: true; capability: ImportedCapability } | RefusedImport

/** On whose word a peer is imported that no operator has said yes to, and who asked for it. */
export type AgreedWords = { words: readonly ChannelWord[]; actor: string }

/** What is about to be stored. */
export type ImportChange = {
  alias: PeerAlias
  peer: Did
  seq: number
  trustPolicy: TrustPolicy
  /** How many are pinned. */
  capabilities: number
} & (
  | { kind: 'added'; agreed?: AgreedWords }
  | { kind: 'removed' }
  /** `asked`: by somebody, and not because half its life was over. */
  | { kind: 'refreshed'; diff: ManifestDiff; asked: boolean }
)

export interface ImportBook {
  /**
   * Pins a peer. Doing it again for the same peer takes over what is advertised now: an operator's consent to
   * the changes.
   * @param agreed channels that named it, instead of an operator: then only what was never imported is.
   */
  add(init: ImportInit, agreed?: AgreedWords): Promise<AddedImport>
  /** Fetches the peer's manifest and applies the change table. */
  refresh(alias: PeerAlias, signal?: AbortSignal): Promise<RefreshedImport>
  /** @returns whether there was such an import. */
  remove(alias: PeerAlias): Promise<boolean>
  /** What a call needs, or why it cannot be made now. Looks at memory only. */
  find(ref: CapabilityRef): FoundCapability
  get(alias: PeerAlias): ImportedPeerView | undefined
  /** Certificate keys that the newest imported manifest of a peer names; undefined when there is none, or it names none. */
  keysOf(peer: Did): readonly string[] | undefined
  /** Every endpoint that this manifest names, when `endpoint` is the one of them for single requests; otherwise none. */
  waysTo(peer: Did, endpoint: string): readonly Endpoint[]
  /** By alias. */
  list(): ImportedPeerView[]
  /** A periodic job, some times a minute: refreshes what has lived half its life. @returns what was tried. */
  tick(signal?: AbortSignal): Promise<{ alias: PeerAlias; outcome: RefreshedImport }[]>
}

export type ImportBookComponents = {
  store: Store
  clock: Clock
  resolver: KeyResolver
  memory: PeerMemory
  fetchManifest: FetchManifest
  /** This kernel, which does not import itself. */
  self?: Did
  /** What has to be stored together with a change, or not at all. What it throws refuses the change. @default nothing */
  together?(change: ImportChange): readonly StoreChange[]
  /** Why nothing of a kernel is pinned now: its identity is contested. @default it is of none */
  contested?(peer: Did): string | undefined
  /** 0 to 1, spreads the refreshes of many kernels. @default Math.random */
  random?: () => number
}

/** Skew between two kernels (security.md B0.4): an expired manifest is good for calls for so much longer, seconds. */
const EXPIRY_GRACE_SECONDS = 60
/** Shortest time between two attempts of the periodic job on one peer, seconds. */
const RETRY_SECONDS = 30
/** Peers that the periodic job asks at the same time. */
const CONCURRENT_REFRESHES = 8

/** Reads what was imported before. @throws MeshError `store_corrupt`. */
export async function importBook(components: ImportBookComponents): Promise<ImportBook> {
  const book = new StoredImportBook(components)
  for (const { key, value } of await components.store.list(IMPORTS_NAMESPACE)) book.put(readRecord(key, value))
  return book
}

/** A record in memory, and what calls read of it. */
type Import = {
  record: ImportRecord
  capabilities: ReadonlyMap<string, ImportedCapability>
  /** Unix seconds. */
  refreshAt: number
}

class StoredImportBook implements ImportBook {
  readonly #components: ImportBookComponents
  readonly #imports = new Map<PeerAlias, Import>()
  readonly #byRef = new Map<CapabilityRef, { capability: ImportedCapability; record: ImportRecord }>()
  /** Changes of the book wait for one another: each begins with what the one before left. */
  readonly #inTurn = inTurn()

  constructor(components: ImportBookComponents) {
    this.#components = components
  }

  /** Takes a record into memory. */
  put(record: ImportRecord): void {
    this.#forget(record.alias)
    const capabilities = new Map<string, ImportedCapability>()
    for (const pin of Object.values(record.capabilities)) {
      const capability = view(record, pin)
      capabilities.set(capability.ref, capability)
      this.#byRef.set(capability.ref, { capability, record })
    }
    const { iat, exp } = record.manifest
    const share = 0.45 + 0.1 * (this.#components.random ?? Math.random)()
    this.#imports.set(record.alias, { record, capabilities, refreshAt: iat + Math.floor((exp - iat) * share) })
  }

  add(init: ImportInit, agreed?: AgreedWords): Promise<AddedImport> {
    return this.#inTurn(async () => {
      const jws = typeof init.manifest === 'string' ? init.manifest : init.manifest.jws
      const verdict = await checkPeerManifest(this.#components, jws)
      if (!verdict.ok) return refuse(verdict.code, verdict.reason)
      const { signed } = verdict
      const peer = signed.manifest.kernel_id
      if (peer === this.#components.self) return refuse('invalid_request', 'a kernel does not import itself')
      const before = agreed && this.list().find(({ did }) => did === peer)
      if (before !== undefined) return refuse('invalid_request', `it is imported already, as ${before.alias}`)
      const contested = this.#components.contested?.(peer)
      if (contested !== undefined) return refuse('identity_unavailable', contested)
      const made = makeRecord(init, signed, (alias) => this.#imports.get(alias)?.record)
      if (!made.ok) return made
      await rememberManifest(this.#components, peer, signed)
      await this.#save(made.record, { kind: 'added', ...(agreed && { agreed }) })
      return { ok: true, peer: this.#view(made.record) }
    })
  }

  refresh(alias: PeerAlias, signal?: AbortSignal): Promise<RefreshedImport> {
    return this.#refresh(alias, true, signal)
  }

  async #refresh(alias: PeerAlias, asked: boolean, signal?: AbortSignal): Promise<RefreshedImport> {
    const before = this.#imports.get(alias)?.record
    if (before === undefined) return refuse('not_found', `no peer is imported as ${alias}`)
    const fetched = await this.#components.fetchManifest(before.endpoint, signal)
    if (!fetched.ok) return refuse(fetched.code, fetched.reason)
    const verdict = overCertificate(
      await checkPeerManifest(this.#components, fetched.jws, before.peer),
      fetched.certificate,
    )
    if (verdict.ok) await rememberManifest(this.#components, before.peer, verdict.signed)
    return this.#inTurn(async () => {
      const known = this.#imports.get(alias)?.record
      if (known?.peer !== before.peer) return refuse('not_found', `${alias} was removed meanwhile`)
      const judged = withPins(known, verdict)
      if (!judged.ok) {
        // A kernel that signs two manifests of one number is not called until an operator has looked.
        if (judged.evidence !== undefined) await this.#save({ ...known, blocked: [judged.reason] })
        return refuse(judged.code, judged.reason)
      }
      const { record, diff } = applyManifest(known, judged.signed)
      const contested = this.#components.contested?.(known.peer)
      if (contested !== undefined && (diff.peer === 'blocked' || diff.capabilities.length > 0))
        return refuse('identity_unavailable', contested)
      await this.#save(record, { kind: 'refreshed', diff, asked })
      return { ok: true, diff }
    })
  }

  remove(alias: PeerAlias): Promise<boolean> {
    return this.#inTurn(async () => {
      const known = this.#imports.get(alias)?.record
      if (known === undefined) return false
      const told = this.#components.together?.({ ...factsOf(known), kind: 'removed' }) ?? []
      await this.#components.store.apply([{ namespace: IMPORTS_NAMESPACE, key: alias }, ...told])
      this.#forget(alias)
      return true
    })
  }

  find(ref: CapabilityRef): FoundCapability {
    const found = this.#byRef.get(ref)
    if (found === undefined) return this.#notFound(ref)
    const { capability, record } = found
    if (record.blocked.length > 0)
      return refuse(
        'descriptor_mismatch',
        `${record.alias} is blocked until it is imported again: ${record.blocked.join('; ')}`,
      )
    if (this.#isExpired(record))
      return refuse('identity_unavailable', `the manifest of ${record.alias} has expired; refresh the import`)
    if (capability.state === 'available') return { ok: true, capability }
    return refuse(
      'descriptor_mismatch',
      `${ref} is ${capability.state} until ${record.alias} is imported again: ${capability.reason ?? 'it changed'}`,
    )
  }

  get(alias: PeerAlias): ImportedPeerView | undefined {
    const known = this.#imports.get(alias)
    return known === undefined ? undefined : this.#view(known.record)
  }

  keysOf(peer: Did): readonly string[] | undefined {
    return this.#newestOf(peer)?.manifest.tls
  }

  waysTo(peer: Did, endpoint: string): readonly Endpoint[] {
    const manifest = this.#newestOf(peer)?.manifest
    return manifest === undefined || httpEndpoint(manifest) !== endpoint ? [] : manifest.endpoints
  }

  list(): ImportedPeerView[] {
    return [...this.#imports.keys()].sort().flatMap((alias) => this.get(alias) ?? [])
  }

  async tick(signal?: AbortSignal): Promise<{ alias: PeerAlias; outcome: RefreshedImport }[]> {
    const now = this.#now()
    const due = [...this.#imports.values()].filter(({ refreshAt }) => refreshAt <= now)
    const refreshes = due.map(({ record: { alias } }) => async () => {
      const outcome = await this.#refresh(alias, false, signal)
      const after = this.#imports.get(alias)
      // A peer that still serves an old manifest is not asked all the time, and one that is away neither.
      if (after !== undefined) after.refreshAt = Math.max(after.refreshAt, now + RETRY_SECONDS)
      return { alias, outcome }
    })
    return inParallel(refreshes, CONCURRENT_REFRESHES)
  }

  async #save(record: ImportRecord, change?: Told): Promise<void> {
    const told = change === undefined ? [] : (this.#components.together?.({ ...factsOf(record), ...change }) ?? [])
    const kept = { namespace: IMPORTS_NAMESPACE, key: record.alias, value: writeRecord(record) }
    await this.#components.store.apply([kept, ...told])
    this.put(record)
  }

  #forget(alias: PeerAlias): void {
    for (const ref of this.#imports.get(alias)?.capabilities.keys() ?? []) this.#byRef.delete(ref)
    this.#imports.delete(alias)
  }

  #notFound(ref: CapabilityRef): RefusedImport {
    const parsed = parseCapabilityRef(ref)
    const record = parsed?.alias === undefined ? undefined : this.#imports.get(parsed.alias)?.record
    if (record === undefined) return refuse('not_found', `nothing is imported as ${ref}`)
    const offered = record.manifest.capabilities.some(({ id }) => id === parsed?.id)
    return refuse(
      'not_found',
      `${record.alias} ${offered ? 'offers it, but it was not imported' : 'offers no such capability'}: ${ref}`,
    )
  }

  #newestOf(peer: Did): ImportRecord | undefined {
    let newest: ImportRecord | undefined
    for (const { record } of this.#imports.values()) {
      if (record.peer === peer && (newest?.manifest.seq ?? 0) < record.manifest.seq) newest = record
    }
    return newest
  }

  #view(record: ImportRecord): ImportedPeerView {
    const { alias, peer, endpoint, trustPolicy, logs, manifest, blocked } = record
    const state = blocked.length > 0 ? 'blocked' : this.#isExpired(record) ? 'expired' : 'ok'
    const capabilities = [...(this.#imports.get(alias)?.capabilities.values() ?? [])]
    return {
      alias,
      did: peer,
      endpoint,
      trustPolicy,
      logs,
      seq: manifest.seq,
      expires: manifest.exp,
      state,
      reasons: blocked,
      capabilities,
    }
  }

  #isExpired({ manifest }: ImportRecord): boolean {
    return this.#now() >= manifest.exp + EXPIRY_GRACE_SECONDS
  }

  #now(): number {
    return Math.floor(this.#components.clock.now() / 1000)
  }
}

type Told = { kind: 'added'; agreed?: AgreedWords } | { kind: 'refreshed'; diff: ManifestDiff; asked: boolean }

function factsOf({ alias, peer, manifest, trustPolicy, capabilities }: ImportRecord) {
  return { alias, peer, seq: manifest.seq, trustPolicy, capabilities: Object.keys(capabilities).length }
}

function view({ alias, peer, endpoint, trustPolicy }: ImportRecord, pin: CapabilityPin): ImportedCapability {
  const { descriptor, labels, safety, state, reason } = pin
  const ref = `${alias}/${descriptor.id}`
  const facts = { ref, peer, endpoint, descriptor, hash: descriptor.hash, labels, safety, trustPolicy, state }
  return Object.freeze(reason === undefined ? facts : { ...facts, reason })
}

function refuse(code: Code, reason: string): RefusedImport {
  return { ok: false, code, reason }
}
