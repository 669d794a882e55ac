/**
 * The one resolver of keys: did:key from itself, did:webvh from its verified log, did:web only with keys that an operator
 * gave. What was fetched is fresh for `refreshSeconds`, serves until `maxStaleSeconds` while its host is away, and then
 * nothing is known of the identity any more (security.md B1). Who has seen a log does not let it be rewritten: a log that
 * contradicts it is a fork, and no key of that identity is good until an operator says so.
 *
 * Fetching, time and memory are handed in; there is no network here.
 */
import type { Clock, Did, UnixSeconds } from '@hansa/protocols'
import { LRUCache } from 'lru-cache'
import { sha256 } from '../encoding/hash.ts'
import { parseStrictJson } from '../json/parse-strict-json.ts'
import { didKeyResolver } from './did-key-resolver.ts'
import { readDidDocument } from './document-keys.ts'
import { type Held, keyOf, keyThen } from './held-identity.ts'
import type { KeyPurpose, KeyResolution, KeyResolver, ResolvedKey } from './key-resolver.ts'
import { type PublishedFile, type WebLocation, webLocation } from './web-location.ts'
import { judgeHistories, type SeenVersions, withSeen } from './webvh/recovery.ts'
import { type DidLog, verifyWebvhLogInTurns } from './webvh/verify-webvh-log.ts'

export type DidFile =
  | { ok: true; bytes: Uint8Array }
  /** `missing`: its host says that there is no such file. */
  | { ok: false; missing: boolean; reason: string }
export type FetchDidFile = (location: WebLocation, file: PublishedFile) => Promise<DidFile>

export type RememberedDid = {
  log: Uint8Array
  witnesses?: Uint8Array
  /** Unix milliseconds at which its host was last asked. */
  checkedMs: number
  /** Why the identity is frozen: its log contradicts what was seen before. */
  forked?: string
  /** When its newest versions were seen first. */
  seen?: SeenVersions
  /** Unix milliseconds until which it is contested: a recovery key has undone what was seen. */
  contestedMs?: number
}

/** What outlives the process. */
export interface DidMemory {
  read(did: Did): Promise<RememberedDid | undefined>
  write(did: Did, remembered: RememberedDid): Promise<void>
  delete(did: Did): Promise<void>
}

export type Freshness = {
  /** Seconds for which an answer is fresh. @default 300 */
  refreshSeconds: number
  /** Seconds for which it serves when the host does not answer. @default 3_600 */
  maxStaleSeconds: number
  /** Seconds between two questions to one host that does not answer, or because of a key that is not in the answer. @default 10 */
  pauseSeconds: number
}

export const DEFAULT_FRESHNESS: Freshness = { refreshSeconds: 300, maxStaleSeconds: 3_600, pauseSeconds: 10 }

export type IdentityResolverInit = {
  clock: Pick<Clock, 'now'>
  fetch: FetchDidFile
  /** @default nothing is remembered beyond this process */
  memory?: DidMemory
  /** Multikeys that an operator gave for a did:web; without any it is not resolved. @default none */
  pinned?(did: Did): readonly string[]
  freshness?: Partial<Freshness>
  /** Whom an operator has named: its log may be long. @default everybody */
  isKnown?(did: Did): boolean
  /** Told once when the log of an identity contradicts what was seen of it. */
  forked?(did: Did, reason: string): void
  /** Told when the recovery key of an identity has undone what was seen of it. @param untilMs until when it is contested */
  recovered?(did: Did, reason: string, untilMs: number): void
  /** Told once when what a recovery key has undone is shown again. */
  contested?(did: Did, reason: string): void
}

export type DidStatus = {
  method: string
  /** Whether the method lets keys change. */
  rotates: boolean
  /** Seconds since its host was last asked; undefined for did:key and for an identity that is not at hand. */
  ageSeconds?: number
  forked?: string
  /** Unix milliseconds. A recovery key has undone what was seen: nothing about the identity rises or is pinned until then. */
  contestedMs?: number
}

export interface IdentityResolver extends Required<KeyResolver> {
  /** Asks the host now, whatever is at hand. @returns why nothing newer is known, if so */
  refresh(did: Did): Promise<string | undefined>
  status(did: Did): DidStatus
  /** Whether what is known is no older than the refresh time; its host is asked when it is. True for did:key. */
  isFresh(did: Did): Promise<boolean>
  /** The log of a did:webvh as it is at hand. */
  log(did: Did): DidLog | undefined
  /** An operator's act: what comes next counts as the first that is seen. */
  forget(did: Did): Promise<void>
  /** Own identity: what is said here is always fresh, and no host is asked. */
  adopt(log: DidLog): void
}

/** Memory for logs and documents of others, bytes. */
const MAX_HELD_BYTES = 67_108_864
/** Entries of the log of a stranger: verifying each takes milliseconds, and making them costs mallory nothing. */
const MAX_STRANGER_ENTRIES = 100
/** Questions to hosts at the same time. */
const MAX_FETCHES = 32
/** Identities whose host did not answer that are remembered. */
const MAX_FAILURES = 4_096
/** Part of the refresh time after which use of a key asks the host again, without waiting. */
const AHEAD = 2 / 3
const MAX_DOCUMENT_BYTES = 262_144

export function identityResolver(init: IdentityResolverInit): IdentityResolver {
  return new CachingResolver(init)
}

class CachingResolver implements IdentityResolver {
  readonly #init: IdentityResolverInit
  readonly #freshness: Freshness
  readonly #byKey = didKeyResolver()
  readonly #held = new LRUCache<Did, Held>({ maxSize: MAX_HELD_BYTES, sizeCalculation: ({ bytes }) => bytes + 1_024 })
  readonly #own = new Map<Did, Held>()
  readonly #pending = new Map<Did, Promise<string | undefined>>()
  #verifying: Promise<unknown> = Promise.resolve()
  readonly #failures = new LRUCache<Did, { atMs: number; reason: string }>({ max: MAX_FAILURES })

  constructor(init: IdentityResolverInit) {
    this.#init = init
    this.#freshness = { ...DEFAULT_FRESHNESS, ...init.freshness }
  }

  peek(kid: string, purpose: KeyPurpose): ResolvedKey | undefined {
    const did = didOf(kid)
    const held = this.#own.get(did) ?? this.#held.get(did)
    if (held === undefined) return this.#byKey.peek(kid, purpose)
    const age = this.#ageOf(held)
    if (held.forked !== undefined || held.deactivated || age >= this.#freshness.refreshSeconds) return undefined
    if (age >= this.#freshness.refreshSeconds * AHEAD) void this.#askSoon(did)
    const found = keyOf(held, kid, purpose)
    return found.ok ? found : undefined
  }

  async resolve(kid: string, purpose: KeyPurpose, at?: UnixSeconds): Promise<KeyResolution> {
    const did = didOf(kid)
    const location = webLocation(did)
    if (location === undefined) return this.#byKey.resolve(kid, purpose)
    const own = this.#own.get(did)
    if (own !== undefined) return keyThen(own, kid, purpose, at)
    if (location.method === 'web' && this.#pins(did).length === 0)
      return { ok: false, reason: 'did_web_without_a_pinned_key' }
    const held = await this.#current(did)
    if (typeof held === 'string') return { ok: false, reason: held }
    const found = await keyThen(held, kid, purpose, at)
    if (found.ok || found.reason !== 'kid_unknown_key') return found
    // It may have been rotated since: asked once, however many ask for it, and not again within the pause.
    if (this.#ageOf(held) < this.#freshness.pauseSeconds) return found
    await this.#askSoon(did)
    const again = this.#held.get(did)
    return again === undefined || again.forked !== undefined ? found : keyThen(again, kid, purpose, at)
  }

  async refresh(did: Did): Promise<string | undefined> {
    if (webLocation(did) === undefined || this.#own.has(did)) return undefined
    await this.#remembered(did)
    this.#failures.delete(did)
    return this.#ask(did)
  }

  async isFresh(did: Did): Promise<boolean> {
    if (webLocation(did) === undefined || this.#own.has(did)) return true
    const isFresh = () => {
      const held = this.#held.get(did)
      return held !== undefined && held.forked === undefined && this.#ageOf(held) < this.#freshness.refreshSeconds
    }
    if (isFresh()) return true
    await this.#current(did)
    return isFresh()
  }

  status(did: Did): DidStatus {
    const method = did.split(':')[1] ?? ''
    const held = this.#own.get(did) ?? this.#held.get(did)
    const status = { method, rotates: method === 'webvh' || method === 'web' }
    if (held === undefined) return status
    const known = { ...status, ageSeconds: Math.max(0, Math.floor(this.#ageOf(held))) }
    const contested = held.contestedMs !== undefined && this.#init.clock.now() < held.contestedMs
    const more = contested && held.contestedMs !== undefined ? { contestedMs: held.contestedMs } : {}
    return held.forked === undefined ? { ...known, ...more } : { ...known, ...more, forked: held.forked }
  }

  log(did: Did): DidLog | undefined {
    return (this.#own.get(did) ?? this.#held.get(did))?.log
  }

  async forget(did: Did): Promise<void> {
    this.#held.delete(did)
    this.#failures.delete(did)
    await this.#init.memory?.delete(did)
  }

  adopt(log: DidLog): void {
    const { keys } = log.current
    const { deactivated } = log
    this.#own.set(log.did, {
      keys,
      log,
      bytes: 0,
      checkedMs: Number.POSITIVE_INFINITY,
      deactivated,
      seen: [],
      resolved: new Map(),
    })
  }

  /** What may be used of an identity now, or why nothing may. */
  async #current(did: Did): Promise<Held | string> {
    let held = this.#held.get(did) ?? (await this.#remembered(did))
    if (held?.forked === undefined && (held === undefined || this.#ageOf(held) >= this.#freshness.refreshSeconds)) {
      const failure = await this.#askSoon(did)
      held = this.#held.get(did)
      if (held === undefined) return failure ?? 'identity_unavailable'
      if (held.forked === undefined && this.#ageOf(held) >= this.#freshness.maxStaleSeconds)
        return failure ?? 'identity_unavailable'
    }
    if (held?.forked !== undefined) return `identity_forked: ${held.forked}`
    if (held === undefined) return 'identity_unavailable'
    return held.deactivated ? 'did_deactivated' : held
  }

  #ageOf({ checkedMs }: Held): number {
    return (this.#init.clock.now() - checkedMs) / 1000
  }

  /** Asks unless the host has just failed. */
  async #askSoon(did: Did): Promise<string | undefined> {
    const failed = this.#failures.get(did)
    const pauseMs = this.#freshness.pauseSeconds * 1000
    if (failed !== undefined && this.#init.clock.now() - failed.atMs < pauseMs) return failed.reason
    return this.#ask(did)
  }

  #ask(did: Did): Promise<string | undefined> {
    const pending = this.#pending.get(did)
    if (pending !== undefined) return pending
    if (this.#pending.size >= MAX_FETCHES) return Promise.resolve('identity_unavailable: too many are asked for')
    const asked = this.#fetch(did)
      .catch((error: unknown) => `identity_unavailable: ${error instanceof Error ? error.message : String(error)}`)
      .then((failure) => {
        if (failure !== undefined) this.#failures.set(did, { atMs: this.#init.clock.now(), reason: failure })
        else this.#failures.delete(did)
        return failure
      })
      .finally(() => this.#pending.delete(did))
    this.#pending.set(did, asked)
    return asked
  }

  async #fetch(did: Did): Promise<string | undefined> {
    const location = webLocation(did)
    if (location === undefined) return 'did_method_unsupported'
    if (location.method === 'web') return this.#fetchDocument(location)
    const file = await this.#init.fetch(location, 'did.jsonl')
    if (!file.ok) return `identity_unavailable: ${file.reason}`
    const witnesses = await this.#witnessesFor(location, file.bytes)
    if (typeof witnesses === 'string') return `identity_unavailable: ${witnesses}`
    return this.#take(did, file.bytes, witnesses)
  }

  /** Asked for only where the log speaks of witnesses. */
  async #witnessesFor(location: WebLocation, log: Uint8Array): Promise<Uint8Array | undefined | string> {
    if (!Buffer.from(log).includes('"witnesses"')) return undefined
    const file = await this.#init.fetch(location, 'did-witness.json')
    if (file.ok) return file.bytes
    return file.missing ? undefined : file.reason
  }

  async #take(did: Did, bytes: Uint8Array, witnesses: Uint8Array | undefined): Promise<string | undefined> {
    const nowMs = this.#init.clock.now()
    const maxEntries = this.#init.isKnown?.(did) === false ? MAX_STRANGER_ENTRIES : undefined
    const before = this.#unchanged(did, bytes)
    const now = Math.floor(nowMs / 1000)
    const verdict = await this.#oneByOne(() =>
      verifyWebvhLogInTurns({ did, log: bytes, witnesses, now, maxEntries, before }),
    )
    if (!verdict.ok) return `did_log: ${verdict.reason}`
    const held = this.#held.get(did)
    const known = held?.log
    const order =
      known === undefined ? { kind: 'extends' as const } : judgeHistories(known, verdict.log, held?.seen ?? [], nowMs)
    // An older copy proves nothing against its owner: a cache, a restored disk. What is known stays, and gets older.
    if (order.kind === 'older') return 'did_log: it is an older one than was seen'
    if (order.kind === 'undone') return this.#undone(did, order.reason)
    if (order.kind === 'fork') return this.#fork(did, order.reason)
    const common = order.kind === 'recovers' ? order.at : (known?.versions.length ?? 0)
    const contestedMs = order.kind === 'recovers' ? order.untilMs : held?.contestedMs
    const remembered: RememberedDid = {
      log: bytes,
      checkedMs: nowMs,
      ...(witnesses === undefined ? {} : { witnesses }),
      seen: withSeen(held?.seen ?? [], verdict.log, common, nowMs),
      ...(contestedMs === undefined ? {} : { contestedMs }),
    }
    this.#hold(did, verdict.log, remembered)
    await this.#init.memory?.write(did, remembered)
    if (order.kind === 'recovers') this.#init.recovered?.(did, order.reason, order.untilMs)
    return undefined
  }

  /** Not a fork: which of the two holds is known, and whoever shows the other has a key that goes after. */
  #undone(did: Did, reason: string): string {
    const held = this.#held.get(did)
    if (held !== undefined && held.told === undefined) {
      held.told = true
      this.#init.contested?.(did, reason)
    }
    return `did_log: it was undone by the recovery key: ${reason}`
  }

  /** What is held of an identity, when the bytes begin with those that it was verified from. */
  #unchanged(did: Did, bytes: Uint8Array): DidLog | undefined {
    const held = this.#held.get(did)
    if (held?.log === undefined || held.hash === undefined || held.bytes > bytes.length) return undefined
    return Buffer.from(sha256(bytes.subarray(0, held.bytes))).equals(held.hash) ? held.log : undefined
  }

  /** One log at a time: many at once would take every turn. */
  #oneByOne<T>(verify: () => Promise<T>): Promise<T> {
    const result = this.#verifying.then(verify)
    this.#verifying = result.catch(() => undefined)
    return result
  }

  async #fork(did: Did, reason: string): Promise<string> {
    const held = this.#held.get(did)
    const before = await this.#init.memory?.read(did)
    if (held !== undefined) held.forked = reason
    if (before !== undefined) await this.#init.memory?.write(did, { ...before, forked: reason })
    this.#init.forked?.(did, reason)
    return `identity_forked: ${reason}`
  }

  async #fetchDocument(location: WebLocation): Promise<string | undefined> {
    const { did } = location
    const file = await this.#init.fetch(location, 'did.json')
    if (!file.ok) return `identity_unavailable: ${file.reason}`
    if (file.bytes.length > MAX_DOCUMENT_BYTES) return 'did_document: too_large'
    const parsed = parseStrictJson(file.bytes, 'object')
    if (!parsed.ok) return `did_document: ${parsed.reason}`
    const read = readDidDocument(parsed.value, did)
    if (!read.ok) return `did_document: ${read.reason}`
    // Its host could show any key at any time, so only those count that somebody vouched for outside of it.
    const keys = read.keys.only(this.#pins(did))
    const checkedMs = this.#init.clock.now()
    const bytes = file.bytes.length
    this.#held.set(did, { keys, bytes, checkedMs, deactivated: false, seen: [], resolved: new Map() })
    return undefined
  }

  /** What an earlier process has seen: it is as old as it is, and what comes now has to extend it. */
  async #remembered(did: Did): Promise<Held | undefined> {
    const known = this.#held.get(did)
    if (known !== undefined) return known
    const remembered = await this.#init.memory?.read(did)
    if (remembered === undefined) return undefined
    const { log: bytes, witnesses, forked } = remembered
    // Its times were looked at when it was taken; this clock may have been set back since.
    const now = Math.floor(Math.max(this.#init.clock.now(), remembered.checkedMs) / 1000)
    const verdict = await verifyWebvhLogInTurns({ did, log: bytes, witnesses, now })
    if (!verdict.ok) throw new Error(`what is stored of the identity ${did} cannot be read; restore the store`)
    return this.#held.get(did) ?? this.#hold(did, verdict.log, remembered, forked)
  }

  #hold(did: Did, log: DidLog, remembered: RememberedDid, forked?: string): Held {
    const { log: bytes, checkedMs, seen = [], contestedMs } = remembered
    const { keys } = log.current
    const hash = sha256(bytes)
    const { deactivated } = log
    const held: Held = { keys, log, bytes: bytes.length, hash, checkedMs, deactivated, seen, resolved: new Map() }
    if (contestedMs !== undefined) held.contestedMs = contestedMs
    if (forked !== undefined) held.forked = forked
    this.#held.set(did, held)
    return held
  }

  #pins(did: Did): readonly string[] {
    return this.#init.pinned?.(did) ?? []
  }
}

function didOf(kid: string): Did {
  const hash = kid.indexOf('#')
  return (hash < 0 ? kid : kid.slice(0, hash)) as Did
}
