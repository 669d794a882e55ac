/**
 * What receipts of peers promise of their logs: that the outcome is entry `index` with a certain hash, under a signed
 * checkpoint within `mmd_s` (security.md B8). A projection of the ledger.
 *
 * Of calls that only read a few of each minute are kept, drawn after the receipt is here, so that whoever promises cannot
 * know which. Of those that may change something all are, or as many as can be checked, drawn in the same way. The entry
 * `peer.checkpoint` with `through` says up to which receipt a peer's promises are settled; after a restart the rest is asked
 * for again.
 */
import { randomInt } from 'node:crypto'
import type { Did, Entry, Receipt } from '@hansa/protocols'
import { decodeBase64url, parseStrictJson, readReceipt } from '@hansa/trust'
import { linkOf } from '@hansa/trust/ledger'

/** Of a peer, in the order of the receipts. */
export type LogPromise = {
  /** Of the entry of the receipt; -1 in a log before this one. */
  seq: number
  callId: string
  origin: string
  index: number
  leafHash: string
  /** Unix milliseconds. */
  dueMs: number
}

export type PromiseBookInit = {
  /** Whether all that the capability can do is read; false for one that is not known any more. */
  reads(capability: string): boolean
  /** A whole number from 0 to below `limit`. @default by chance */
  random?(limit: number): number
}

/**
 * Promises of one peer and minute: about calls that only read, and about those that may change something. So many are
 * checked in a minute, and a little more: where more were kept they would pile up, and give way before they are due.
 */
const SAMPLES = { reads: 16, changes: 16_384 }
const WINDOW_MS = 60_000
/** Promises of one peer that wait at the same time. The oldest are forgotten: of a peer that is never reached. */
const MAX_WAITING = 65_536
/** Between a receipt's clock and ours, and until a checkpoint that is due is on the disk, ms. */
const GRACE_MS = 2_000

type Window = { sinceMs: number; seen: number; drawn: LogPromise[] }
type Account = { waiting: Set<LogPromise>; windows: Record<keyof typeof SAMPLES, Window> }

/** By peer, as JSON. */
export type PromiseBookState = [peer: Did, waiting: LogPromise[]][]

export class PromiseBook {
  readonly #reads: (capability: string) => boolean
  readonly #random: (limit: number) => number
  readonly #accounts = new Map<Did, Account>()

  constructor({ reads, random = (limit) => randomInt(limit) }: PromiseBookInit) {
    this.#reads = reads
    this.#random = random
  }

  /** Promises that are not settled. */
  get waiting(): number {
    let sum = 0
    for (const { waiting } of this.#accounts.values()) sum += waiting.size
    return sum
  }

  /** @param atMs when the receipt was taken, Unix ms. */
  expect(peer: Did, received: { seq: number; atMs: number; capability: string; receipt: Receipt }): void {
    const { seq, atMs, capability, receipt } = received
    const { origin, index, leaf_hash: leafHash, mmd_s: mmdSeconds } = receipt.log
    const dueMs = atMs + mmdSeconds * 1000 + GRACE_MS
    const promise = { seq, callId: receipt.call_id, origin, index, leafHash, dueMs }
    const account = this.#account(peer)
    this.#draw(account, this.#reads(capability) ? 'reads' : 'changes', promise, atMs)
    if (account.waiting.size > MAX_WAITING) for (const oldest of first(account.waiting)) account.waiting.delete(oldest)
  }

  peers(): Did[] {
    return [...this.#accounts.keys()]
  }

  /** Promises of one log that are due, the oldest first, at most so many. */
  due(peer: Did, nowMs: number, limit: number): LogPromise[] {
    const found: LogPromise[] = []
    for (const promise of this.#accounts.get(peer)?.waiting ?? []) {
      if (promise.dueMs > nowMs || promise.origin !== (found[0] ?? promise).origin) continue
      if (found.push(promise) === limit) break
    }
    return found
  }

  /** @returns the receipt up to which nothing waits any more; undefined when that is none of this log. */
  settle(peer: Did, promises: readonly LogPromise[]): number | undefined {
    const account = this.#accounts.get(peer)
    if (account === undefined) return undefined
    for (const promise of promises) account.waiting.delete(promise)
    const [next] = account.waiting
    const settled = promises.map(({ seq }) => seq).filter((seq) => next === undefined || seq < next.seq)
    if (account.waiting.size === 0) this.#accounts.delete(peer)
    const through = Math.max(-1, ...settled)
    return through < 0 ? undefined : through
  }

  replay(entry: Entry): void {
    if (linkOf(entry) !== undefined) this.#countAnew()
    const { type, peer, cap, ext } = entry
    if (peer === undefined) return
    if (type === 'receipt.received' && cap !== undefined) {
      const receipt = receiptIn(entry)
      if (receipt !== undefined) this.expect(peer, { seq: entry.seq, atMs: entry.t_ms, capability: cap, receipt })
    }
    const through = ext?.through
    if (type !== 'peer.checkpoint' || through === undefined) return
    const { waiting } = this.#account(peer)
    for (const promise of waiting) if (promise.seq <= through) waiting.delete(promise)
    if (waiting.size === 0) this.#accounts.delete(peer)
  }

  state(): PromiseBookState {
    return [...this.#accounts]
      .filter(([, { waiting }]) => waiting.size > 0)
      .map(([peer, { waiting }]) => [peer, [...waiting]])
  }

  restore(state: PromiseBookState): void {
    for (const [peer, waiting] of state) for (const promise of waiting) this.#account(peer).waiting.add(promise)
  }

  /** Each of the promises of a window has the same chance to stay, however many come. */
  #draw({ waiting, windows }: Account, kind: keyof typeof SAMPLES, promise: LogPromise, atMs: number): void {
    const [window, sample] = [windows[kind], SAMPLES[kind]]
    if (atMs - window.sinceMs >= WINDOW_MS || atMs < window.sinceMs) {
      Object.assign(window, { sinceMs: atMs, seen: 0, drawn: [] })
    }
    window.seen += 1
    const place = window.drawn.length < sample ? window.drawn.length : this.#random(window.seen)
    if (place >= sample) return
    const before = window.drawn[place]
    if (before !== undefined) waiting.delete(before)
    window.drawn[place] = promise
    waiting.add(promise)
  }

  /** Sequence numbers begin again in a successor log. */
  #countAnew(): void {
    for (const { waiting } of this.#accounts.values()) for (const promise of waiting) promise.seq = -1
  }

  #account(peer: Did): Account {
    const account = this.#accounts.get(peer) ?? {
      waiting: new Set(),
      windows: { reads: freshWindow(), changes: freshWindow() },
    }
    this.#accounts.set(peer, account)
    return account
  }
}

function freshWindow(): Window {
  return { sinceMs: Number.NEGATIVE_INFINITY, seen: 0, drawn: [] }
}

/** What is in the log was verified before it was written. */
function receiptIn({ ext }: Entry): Receipt | undefined {
  const bytes = ext?.envelope === undefined ? undefined : decodeBase64url(ext.envelope.payload)
  const parsed = bytes === undefined ? undefined : parseStrictJson(bytes, 'object')
  const reading = parsed?.ok === true ? readReceipt(parsed.value) : undefined
  return reading?.ok === true ? reading.value : undefined
}

function* first<T>(all: Iterable<T>): Iterable<T> {
  for (const one of all) {
    yield one
    return
  }
}
