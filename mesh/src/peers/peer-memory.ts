/**
 * What this kernel has seen of other kernels and will not have taken back: the newest manifest, the newest checkpoint of
 * the log, and how strong a channel was (security.md B2, B3, B8).
 *
 * Written through to the store; read from memory after the first time. Bounded: strangers whose manifests can no longer be
 * valid are forgotten first, then the oldest strangers; who is kept is never forgotten for a newcomer.
 */

import {
  type CheckpointReference,
  type Clock,
  checkpointReferenceSchema,
  type Did,
  hashSchema,
  isDid,
  type Store,
  type StoreChange,
} from '@hansa/protocols'
import { parsedJson } from '@hansa/trust'
import { MeshError } from '../errors.ts'
import { inTurn } from '../in-turn.ts'

export type SeenManifest = { seq: number; hash: string }

/** A checkpoint that was verified, as its log signed it. */
export type SeenHead = { checkpoint: CheckpointReference; note: string }

export interface PeerMemory {
  manifest(peer: Did): Promise<SeenManifest | undefined>
  /** Keeps the higher `seq`. @param jws the manifest itself, for whoever has to show that another one contradicts it */
  rememberManifest(peer: Did, seen: SeenManifest, jws?: string): Promise<void>
  /** The manifest that is remembered as its kernel signed it, where it is still held in memory. */
  manifestText(peer: Did): string | undefined
  /** The kernel has signed another manifest of the number that is remembered. */
  equivocates(peer: Did, jws: string): void
  checkpoint(peer: Did): Promise<CheckpointReference | undefined>
  /** The same with the note that its log signed; undefined where only the reference is remembered. */
  head(peer: Did): Promise<SeenHead | undefined>
  /** Keeps the larger size of one log; another log replaces it. @param note as the log signed it */
  rememberCheckpoint(peer: Did, checkpoint: CheckpointReference, note?: string): Promise<void>
  /** Whether the peer was ever met over a channel that is bound strongly; then it is not met over a weak one again. */
  wasStrong(peer: Did): Promise<boolean>
  rememberStrong(peer: Did): Promise<void>
  /** An operator's act: the next meeting counts as the first. */
  forget(peer: Did): Promise<void>
}

export type PeerMemoryComponents = { store: Store; clock: Clock }
export type PeerMemoryInit = {
  /** Peers that are remembered. @default 20_000 */
  maxPeers?: number
  /** Peers that are never forgotten for a newcomer: imported or named by the operator. @default none */
  keeps?: (peer: Did) => boolean
  /** Told of two manifests of one number, as they were signed. @default nobody is */
  equivocated?: (peer: Did, manifests: readonly [string, string]) => void
  /** Told of each manifest that is newer than the one that was remembered. @default nobody is */
  learned?: (peer: Did, jws: string) => void
}

type PeerRecord = {
  manifest?: SeenManifest
  /** Unix seconds from which no manifest older than the one seen can be valid any more. */
  until?: number
  checkpoint?: CheckpointReference
  /** Of that checkpoint. */
  note?: string
  strong?: true
}

const NAMESPACE = 'mesh.peers'
/** Manifests of whoever is kept, as they were signed. */
const TEXTS = 'mesh.manifests'
/** Longest life of a manifest, 24 h, and the skew between two kernels (security.md B0.4). */
const MANIFEST_MEMORY_SECONDS = 86_460

/** Manifests that are held as they were signed, and the longest of them, characters: 32 MiB at most. */
const MAX_TEXTS = 512
const MAX_TEXT_CHARS = 65_536

export function peerMemory(init: PeerMemoryInit = {}): (components: PeerMemoryComponents) => PeerMemory {
  return (components) => new StoredPeerMemory(components, init)
}

class StoredPeerMemory implements PeerMemory {
  readonly #store: Store
  readonly #clock: Clock
  readonly #maxPeers: number
  readonly #keeps: (peer: Did) => boolean
  readonly #equivocated: NonNullable<PeerMemoryInit['equivocated']>
  readonly #learned: NonNullable<PeerMemoryInit['learned']>
  /** Manifests as they were signed. Of strangers they are not in the store: after a start their next one is the first. */
  readonly #texts = new Map<Did, { seq: number; jws: string }>()
  #loading: Promise<Map<Did, PeerRecord>> | undefined
  /** One change after another: each begins with what the one before left, in memory and in the store. */
  readonly #inTurn = inTurn()

  constructor({ store, clock }: PeerMemoryComponents, { maxPeers, keeps, equivocated, learned }: PeerMemoryInit) {
    this.#store = store
    this.#clock = clock
    this.#maxPeers = maxPeers ?? 20_000
    this.#keeps = keeps ?? (() => false)
    this.#equivocated = equivocated ?? (() => undefined)
    this.#learned = learned ?? (() => undefined)
  }

  manifestText(peer: Did): string | undefined {
    return this.#texts.get(peer)?.jws
  }

  equivocates(peer: Did, jws: string): void {
    const held = this.#texts.get(peer)
    if (held !== undefined && held.jws !== jws) this.#equivocated(peer, [held.jws, jws])
  }

  async manifest(peer: Did): Promise<SeenManifest | undefined> {
    return (await this.#records()).get(peer)?.manifest
  }

  rememberManifest(peer: Did, { seq, hash }: SeenManifest, jws?: string): Promise<void> {
    const isHeld = jws !== undefined && jws.length <= MAX_TEXT_CHARS
    if (isHeld) this.#holdText(peer, seq, jws)
    // A stranger costs no disk; of whoever is dealt with, the next manifest can be contradicted after a start too.
    const kept =
      isHeld && this.#keeps(peer) ? [{ namespace: TEXTS, key: peer, value: JSON.stringify({ seq, jws }) }] : []
    const change = (known: PeerRecord) => {
      if (known.manifest !== undefined && known.manifest.seq >= seq) return undefined
      if (jws !== undefined) this.#learned(peer, jws)
      return { ...known, manifest: { seq, hash }, until: this.#now() + MANIFEST_MEMORY_SECONDS }
    }
    return this.#update(peer, change, kept)
  }

  /** Strangers make room first: there are as many of them as they like. */
  #holdText(peer: Did, seq: number, jws: string): void {
    if ((this.#texts.get(peer)?.seq ?? -1) >= seq) return
    if (!this.#texts.has(peer) && this.#texts.size >= MAX_TEXTS) {
      const oldest = [...this.#texts.keys()]
      this.#texts.delete(oldest.find((one) => !this.#keeps(one)) ?? oldest[0] ?? peer)
    }
    this.#texts.set(peer, { seq, jws })
  }

  async checkpoint(peer: Did): Promise<CheckpointReference | undefined> {
    return (await this.#records()).get(peer)?.checkpoint
  }

  async head(peer: Did): Promise<SeenHead | undefined> {
    const { checkpoint, note } = (await this.#records()).get(peer) ?? {}
    return checkpoint === undefined || note === undefined ? undefined : { checkpoint, note }
  }

  rememberCheckpoint(peer: Did, checkpoint: CheckpointReference, note?: string): Promise<void> {
    return this.#update(peer, (known) => {
      const before = known.checkpoint
      const older = before?.origin === checkpoint.origin && before.size >= checkpoint.size
      const sameAgain = before?.size === checkpoint.size && before.root === checkpoint.root && known.note === undefined
      if (older && !(sameAgain && note !== undefined)) return undefined
      const { note: _ofBefore, ...rest } = known
      return { ...rest, checkpoint, ...(note === undefined ? {} : { note }) }
    })
  }

  async wasStrong(peer: Did): Promise<boolean> {
    return (await this.#records()).get(peer)?.strong === true
  }

  rememberStrong(peer: Did): Promise<void> {
    return this.#update(peer, (known) => (known.strong === true ? undefined : { ...known, strong: true }))
  }

  forget(peer: Did): Promise<void> {
    return this.#inTurn(async () => {
      const records = await this.#records()
      records.delete(peer)
      this.#texts.delete(peer)
      await this.#store.apply([NAMESPACE, TEXTS].map((namespace) => ({ namespace, key: peer })))
    })
  }

  /** @param change what becomes of the record; undefined changes nothing. @param besides is kept with it */
  #update(
    peer: Did,
    change: (known: PeerRecord) => PeerRecord | undefined,
    besides: readonly StoreChange[] = [],
  ): Promise<void> {
    return this.#inTurn(async () => {
      const records = await this.#records()
      const record = change(records.get(peer) ?? {})
      if (record === undefined) return
      if (!records.has(peer) && records.size >= this.#maxPeers && !(await this.#makeRoom(records))) return
      const value = JSON.stringify(record)
      if (besides.length === 0) await this.#store.set(NAMESPACE, peer, value)
      else await this.#store.apply([{ namespace: NAMESPACE, key: peer, value }, ...besides])
      records.set(peer, record)
    })
  }

  async #makeRoom(records: Map<Did, PeerRecord>): Promise<boolean> {
    const now = this.#now()
    const expired = [...records].filter(
      ([, record]) => record.checkpoint === undefined && record.strong !== true && (record.until ?? 0) <= now,
    )
    for (const [peer] of expired) {
      await this.#store.delete(NAMESPACE, peer)
      records.delete(peer)
    }
    return records.size < this.#maxPeers || this.#forgetOldestStranger(records)
  }

  /** Identities cost nothing, so strangers together must not keep a newcomer from being remembered. */
  async #forgetOldestStranger(records: Map<Did, PeerRecord>): Promise<boolean> {
    for (const peer of records.keys()) {
      if (this.#keeps(peer)) continue
      await this.#store.delete(NAMESPACE, peer)
      return records.delete(peer)
    }
    return false
  }

  #records(): Promise<Map<Did, PeerRecord>> {
    this.#loading ??= this.#load()
    return this.#loading
  }

  async #load(): Promise<Map<Did, PeerRecord>> {
    const records = new Map<Did, PeerRecord>()
    for (const { key, value } of await this.#store.list(NAMESPACE)) {
      // A record that cannot be read would make an old statement of this peer look like the first one.
      if (isDid(key)) records.set(key, readRecord(key, value))
    }
    for (const { key, value } of await this.#store.list(TEXTS)) {
      const text = heldText(parsedJson(value))
      // What cannot be read proves nothing, and the next manifest is held in its place.
      if (isDid(key) && text !== undefined && this.#texts.size < MAX_TEXTS) this.#holdText(key, text.seq, text.jws)
    }
    return records
  }

  #now(): number {
    return Math.floor(this.#clock.now() / 1000)
  }
}

function readRecord(key: string, text: string): PeerRecord {
  const value = parsedJson(text)
  if (isPeerRecord(value)) return value
  const detail = { code: 'store_corrupt', namespace: NAMESPACE, key } as const
  throw new MeshError(detail, `what is stored of the peer ${key} cannot be read`)
}

function isPeerRecord(value: unknown): value is PeerRecord {
  if (typeof value !== 'object' || value === null) return false
  const { manifest, until, checkpoint, note, strong } = value as Record<string, unknown>
  return (
    (manifest === undefined || isSeenManifest(manifest)) &&
    (until === undefined || Number.isSafeInteger(until)) &&
    (checkpoint === undefined || checkpointReferenceSchema.safeParse(checkpoint).success) &&
    (note === undefined || typeof note === 'string') &&
    (strong === undefined || strong === true)
  )
}

function heldText(value: unknown): { seq: number; jws: string } | undefined {
  if (typeof value !== 'object' || value === null) return undefined
  const { seq, jws } = value as Record<string, unknown>
  const isText = typeof seq === 'number' && Number.isSafeInteger(seq) && typeof jws === 'string'
  return isText && jws.length <= MAX_TEXT_CHARS ? { seq, jws } : undefined
}

function isSeenManifest(value: unknown): value is SeenManifest {
  if (typeof value !== 'object' || value === null) return false
  const { seq, hash } = value as Record<string, unknown>
  return Number.isSafeInteger(seq) && hashSchema.safeParse(hash).success
}
