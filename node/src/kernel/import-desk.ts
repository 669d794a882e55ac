/**
 * Imports of this kernel: the pins of `@hansa/mesh`, each change in the ledger, and what a call needs of an imported
 * capability, made once per pin.
 */
import {
  type AgreedWords,
  fetchManifestOver,
  type GuardedFetch,
  type ImportBook,
  type ImportChange,
  type ImportedCapability,
  type ImportedPeerView,
  importBook,
  type PeerMemory,
  type RefusedImport,
} from '@hansa/mesh'
import type {
  CapabilityDescriptor,
  CapabilityInfo,
  CapabilityRef,
  CertificatePins,
  Clock,
  Did,
  Endpoint,
  EntryDraft,
  ImportInit,
  ManifestDiff,
  PeerAlias,
  PeerImport,
  PeerInfo,
  Store,
} from '@hansa/protocols'
import { CallError, parseCapabilityRef } from '@hansa/protocols'
import type { KeyResolver } from '@hansa/trust'
import { isGovernanceCapability } from '@hansa/trust/governance'
import { compileSchema } from '../firewall/index.ts'
import { governanceOf } from '../governance/governance-capabilities.ts'
import type { Events } from './event-outbox.ts'
import type { PeerSettings } from './peer-settings.ts'
import type { ImportedTarget, Refusal } from './stages.ts'

export type ImportDeskComponents = {
  store: Store
  clock: Clock
  resolver: KeyResolver
  memory: PeerMemory
  fetch: GuardedFetch
  peers: PeerSettings
  self: Did
  /** Why a kernel is kept out altogether, if it is. @default none is */
  barred?(peer: Did): string | undefined
  /** Why nothing of a kernel is pinned now, if so. @default of each it may be */
  contested?(peer: Did): string | undefined
  events: Events
}

/** Milliseconds in which a peer's manifest is looked for at most once because of its certificate. */
const RENEW_PAUSE_MS = 1_000

export class ImportDesk implements CertificatePins {
  readonly #c: ImportDeskComponents
  readonly #book: ImportBook
  readonly #renewals = new Map<Did, { since: number; done: Promise<void> }>()
  #targets = new WeakMap<ImportedCapability, ImportedTarget | Refusal>()

  /** Reads what was imported before. @throws MeshError `store_corrupt`. */
  static async open(components: ImportDeskComponents): Promise<ImportDesk> {
    const { store, clock, resolver, memory, self, fetch, events } = components
    const fetchManifest = fetchManifestOver({ fetch, clock })
    const together = (change: ImportChange) => eventsOf(change).map((event) => events.row(event))
    const contested = (peer: Did) => components.contested?.(peer)
    const book = await importBook({ store, clock, resolver, memory, self, fetchManifest, together, contested })
    return new ImportDesk(components, book)
  }

  private constructor(components: ImportDeskComponents, book: ImportBook) {
    this.#c = components
    this.#book = book
  }

  /** @param agreed discovery channels on whose word it is, where no operator said so */
  async add(init: ImportInit, agreed?: AgreedWords): Promise<PeerImport> {
    const added = await this.#book.add(init, agreed)
    if (!added.ok) throw failure(added)
    await this.#c.events.drain()
    return this.#handle(added.peer)
  }

  async refresh(alias: PeerAlias): Promise<ManifestDiff> {
    const refreshed = await this.#book.refresh(alias)
    if (!refreshed.ok) throw failure(refreshed)
    await this.#c.events.drain()
    return refreshed.diff
  }

  /** @throws CallError `not_found`. */
  async remove(alias: PeerAlias): Promise<void> {
    if (!(await this.#book.remove(alias))) {
      throw new CallError({ code: 'not_found' }, `not_found: Nothing is imported as ${alias}.`)
    }
    await this.#c.events.drain()
  }

  /** Refreshes what has lived half its life; a periodic job. */
  async tick(): Promise<void> {
    await this.#book.tick()
    await this.#c.events.drain()
  }

  target(ref: string): ImportedTarget | Refusal {
    const own = this.#governance(ref)
    if (own !== undefined) return own
    const found = this.#book.find(ref)
    if (!found.ok) return { refused: found.code, reason: found.reason }
    const barred = this.#c.barred?.(found.capability.peer)
    if (barred !== undefined) return { refused: 'handshake_failed', reason: barred }
    const known = this.#targets.get(found.capability)
    if (known !== undefined) return known
    const target = this.#targetOf(found.capability)
    this.#targets.set(found.capability, target)
    return target
  }

  /** What every kernel answers: it is in no manifest, so there is nothing to pin. */
  #governance(ref: string): ImportedTarget | Refusal | undefined {
    const { alias = '', id } = parseCapabilityRef(ref) ?? { id: '' }
    const peer = isGovernanceCapability(id) ? this.#book.get(alias) : undefined
    const capability = peer === undefined ? undefined : governanceOf(peer, id)
    if (peer === undefined || capability === undefined) return undefined
    const barred = this.#c.barred?.(peer.did)
    if (barred !== undefined) return { refused: 'handshake_failed', reason: barred }
    if (peer.state === 'blocked') return { refused: 'descriptor_mismatch', reason: peer.reasons.join('; ') }
    return this.#targetOf(capability)
  }

  keysOf(peer: Did): readonly string[] | undefined {
    return this.#book.keysOf(peer)
  }

  waysTo(peer: Did, endpoint: string): readonly Endpoint[] {
    return this.#book.waysTo(peer, endpoint)
  }

  /** Connections that come at the same time, or soon after, share one look. */
  renew(peer: Did): Promise<void> {
    const now = this.#c.clock.now()
    const known = this.#renewals.get(peer)
    if (known !== undefined && now - known.since < RENEW_PAUSE_MS) return known.done
    const refreshes = this.#ofPeer(peer).map(({ alias }) => this.refresh(alias))
    const done = Promise.allSettled(refreshes).then(() => undefined)
    this.#renewals.set(peer, { since: now, done })
    return done
  }

  /** What was said about a peer has changed: targets are made anew at the next call. */
  forgetTargets(): void {
    this.#targets = new WeakMap()
  }

  /** Every kernel of which something is imported. */
  dids(): Did[] {
    return [...new Set(this.#book.list().map(({ did }) => did))]
  }

  /** Aliases under which capabilities of the peer are imported. */
  aliasesOf(peer: Did): PeerAlias[] {
    return this.#ofPeer(peer).map(({ alias }) => alias)
  }

  endpointOf(peer: Did): string | undefined {
    return this.#ofPeer(peer)[0]?.endpoint
  }

  logKeysOf(peer: Did): ImportedPeerView['logs'] {
    return this.#ofPeer(peer)[0]?.logs ?? []
  }

  /** Every imported kernel with where it is reached. */
  endpoints(): { did: Did; endpoint: string }[] {
    return this.#book.list().map(({ did, endpoint }) => ({ did, endpoint }))
  }

  /** Whose log the origin is pinned as. */
  logOwner(origin: string): Did | undefined {
    return this.#book.list().find(({ logs }) => logs.some((log) => log.origin === origin))?.did
  }

  /** Pinned keys of the log of this origin, whoever's it is. */
  logKeys(origin: string): string[] {
    const logs = this.#book.list().flatMap((peer) => peer.logs)
    return [...new Set(logs.filter((log) => log.origin === origin).map(({ vkey }) => vkey))]
  }

  async peers(): Promise<PeerInfo[]> {
    return this.#book.list().map(({ did, alias, endpoint, trustPolicy, seq, expires, state, capabilities }) => ({
      did,
      alias,
      endpoint,
      trustPolicy,
      seq,
      expires,
      state: this.#c.barred?.(did) === undefined ? state : 'blocked',
      capabilities: capabilities.map(({ ref }) => ref),
    }))
  }

  /** Capabilities of this id, of every import, callable or not. */
  providers(id: string): ImportedCapability[] {
    return this.#book
      .list()
      .flatMap(({ capabilities }) => capabilities.filter(({ descriptor }) => descriptor.id === id))
  }

  /** What may be called now. */
  available(): ImportedCapability[] {
    const open = this.#book.list().filter(({ did, state }) => state === 'ok' && this.#c.barred?.(did) === undefined)
    return open.flatMap(({ capabilities }) => capabilities.filter(({ state }) => state === 'available'))
  }

  /** As it is pinned, callable or not. */
  descriptorOf(ref: CapabilityRef): CapabilityDescriptor | undefined {
    const alias = parseCapabilityRef(ref)?.alias
    const pinned = alias === undefined ? undefined : this.#book.get(alias)?.capabilities
    return pinned?.find((capability) => capability.ref === ref)?.descriptor
  }

  async capabilities(): Promise<CapabilityInfo[]> {
    return this.described().map(({ info }) => info)
  }

  /** Each with its descriptor, as it is pinned. */
  described(): { info: CapabilityInfo; descriptor: CapabilityDescriptor }[] {
    return this.#book.list().flatMap((peer) => {
      const barred = this.#c.barred?.(peer.did)
      const shown = barred === undefined ? peer : { ...peer, state: 'blocked' as const, reasons: [barred] }
      return peer.capabilities.map((capability) => ({
        info: infoOf(capability, shown),
        descriptor: capability.descriptor,
      }))
    })
  }

  /** Schemas are compiled and facts gathered once per pin; a change of the import makes new pins. */
  #targetOf(capability: ImportedCapability): ImportedTarget | Refusal {
    const alias = capability.ref.slice(0, capability.ref.indexOf('/'))
    const logOrigins = (this.#book.get(alias)?.logs ?? []).map(({ origin }) => origin)
    return targetOf(capability, { alias, logOrigins, clearance: this.#c.peers.of(capability.peer).clearance })
  }

  #ofPeer(peer: Did): ImportedPeerView[] {
    return this.#book.list().filter(({ did }) => did === peer)
  }

  #handle(peer: ImportedPeerView): PeerImport {
    const book = this.#book
    return {
      peer: peer.did,
      alias: peer.alias,
      trustPolicy: peer.trustPolicy,
      get capabilities() {
        const now = book.get(peer.alias)?.capabilities ?? []
        return now.filter(({ state }) => state === 'available').map(({ ref }) => ref)
      },
      refresh: () => this.refresh(peer.alias),
      unimport: () => this.remove(peer.alias),
    }
  }
}

function targetOf(
  capability: ImportedCapability,
  facts: Pick<ImportedTarget, 'alias' | 'clearance' | 'logOrigins'>,
): ImportedTarget | Refusal {
  const { ref, peer, endpoint, descriptor, hash, labels, safety, trustPolicy } = capability
  const input = compileSchema(descriptor.input_schema)
  const output = descriptor.output_schema === undefined ? undefined : compileSchema(descriptor.output_schema)
  if (!input.ok) return { refused: 'descriptor_mismatch', reason: `its input schema cannot be used: ${input.reason}` }
  if (output?.ok === false)
    return { refused: 'descriptor_mismatch', reason: `its output schema cannot be used: ${output.reason}` }
  return {
    kind: 'imported',
    ref,
    id: descriptor.id,
    hash,
    safety,
    labels,
    obligations: descriptor.obligations,
    idempotent: descriptor.idempotent,
    limits: descriptor.limits,
    input: input.check,
    output: output?.check,
    peer,
    endpoint,
    trustPolicy,
    declared: descriptor.sensitivity,
    ...facts,
  }
}

/** What the log says of a change of the imports. A refresh that nobody asked for, and that found nothing, is not told. */
function eventsOf(change: ImportChange): EntryDraft[] {
  const { alias, peer, seq, trustPolicy, capabilities: count } = change
  if (change.kind === 'added') {
    const ext = { alias, seq, count, trust_policy: trustPolicy }
    if (change.agreed === undefined) return [{ type: 'peer.imported', peer, ext }]
    const { words, actor } = change.agreed
    return [{ type: 'peer.imported', actor, peer, ext: { ...ext, agreed: [...words] } }]
  }
  if (change.kind === 'removed') return [{ type: 'peer.unimported', peer, ext: { alias } }]
  const { diff, asked } = change
  const found = diff.peer === 'blocked' || diff.capabilities.length > 0
  if (diff.toSeq === diff.fromSeq || !(asked || found)) return []
  const each = diff.capabilities.map(({ capability, action }) => `${capability} ${action}`)
  const note = `refreshed: ${diff.peer}, ${each.join(', ')}`.slice(0, 512)
  return [{ type: 'peer.imported', peer, ext: { alias, seq: diff.toSeq, count, note } }]
}

function infoOf(capability: ImportedCapability, peer: ImportedPeerView): CapabilityInfo {
  const { ref, descriptor, safety, labels, state, hash, reason, trustPolicy } = capability
  const shown = peer.state === 'blocked' ? 'blocked' : state
  const why = peer.state === 'blocked' ? peer.reasons.join('; ') : reason
  return {
    ref,
    kind: descriptor.kind ?? 'tool',
    title: descriptor.title,
    description: descriptor.description,
    safety,
    sensitivity: [...labels],
    state: shown,
    ...(why === undefined ? {} : { reason: why }),
    hash,
    peer: peer.did,
    trustPolicy,
  }
}

function failure({ code, reason }: RefusedImport): CallError {
  return new CallError({ code }, `${code}: ${reason}.`)
}
