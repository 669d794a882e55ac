/**
 * Results of this kernel that wait for the acknowledgement of their receipt (security.md B8, commit-then-reveal), with
 * the salt that opens the commitment. In memory: of a call with an idempotency key the result is in the store as well.
 *
 * Bounded for each peer and for all together. A peer that leaves too many unclaimed is refused before its next call
 * acts, so that no result is dropped to make room for another of an honest peer; what was claimed goes first.
 */
import type { Clock, Did } from '@hansa/protocols'

export type HeldResult = {
  callId: string
  peer: Did
  receiptHash: string
  /** Of the arguments: only the two kernels of the call know it, so an acknowledgement copied from a log opens nothing. */
  argsSalt: Uint8Array
  salt: Uint8Array
  bytes: Uint8Array
}

export type HeldLimits = {
  /** Milliseconds for which a result is kept, from its receipt or its acknowledgement: the longest deadline of a call. @default 600_000 */
  keptMs: number
  /** Milliseconds after which a missing acknowledgement is evidence (security.md B8). @default 30_000 */
  ackDueMs: number
  /** Unclaimed results of one peer. @default 1_024 */
  perPeer: number
  /** Bytes of the unclaimed results of one peer, with what it takes to keep each. @default 16_777_216 */
  perPeerBytes: number
  /** Bytes of all results, likewise. @default 67_108_864 */
  bytes: number
}

export const DEFAULT_HELD: HeldLimits = {
  keptMs: 600_000,
  ackDueMs: 30_000,
  perPeer: 1_024,
  perPeerBytes: 16_777_216,
  bytes: 67_108_864,
}

/** Bytes that it takes to keep a result besides the result itself: what is small is not free. */
const OVERHEAD_BYTES = 1_024

export type HeldResultsInit = {
  clock: Clock
  /** The acknowledgement of this receipt is overdue; told once. */
  onOverdue(held: HeldResult): void
  limits?: Partial<HeldLimits>
}

type Held = HeldResult & { sinceMs: number; told: boolean; acknowledged?: Promise<void> }
type Account = { count: number; bytes: number }

export class HeldResults {
  readonly #clock: Clock
  readonly #onOverdue: (held: HeldResult) => void
  readonly #limits: HeldLimits
  /** In the order of their receipts. */
  readonly #unclaimed = new Map<string, Held>()
  /** In the order of their acknowledgements. */
  readonly #claimed = new Map<string, Held>()
  readonly #accounts = new Map<Did, Account>()
  #bytes = 0
  #cancel: (() => void) | undefined
  #closed = false
  #waiting: (() => void)[] = []

  constructor({ clock, onOverdue, limits }: HeldResultsInit) {
    this.#clock = clock
    this.#onOverdue = onOverdue
    this.#limits = { ...DEFAULT_HELD, ...limits }
  }

  /** Results that nobody has acknowledged. */
  get unclaimed(): number {
    return this.#unclaimed.size
  }

  /** Bytes of all results that are kept, with what it takes to keep each. */
  get bytes(): number {
    return this.#bytes
  }

  /** Whether this peer has left so much unclaimed that nothing more is done for it. */
  overdrawn(peer: Did): boolean {
    const account = this.#accounts.get(peer)
    return (
      account !== undefined && (account.count >= this.#limits.perPeer || account.bytes >= this.#limits.perPeerBytes)
    )
  }

  hold(result: HeldResult): void {
    if (this.#closed) return
    const argsSalt = alone(result.argsSalt)
    const [salt, bytes] = [alone(result.salt), alone(result.bytes)]
    this.#unclaimed.set(nameOf(result), { ...result, argsSalt, salt, bytes, sinceMs: this.#clock.now(), told: false })
    this.#count(result, 1)
    this.#bytes += sizeOf(result)
    this.#makeRoom()
    this.#arm()
  }

  /** @returns the result, unless it was never here, or is no longer. */
  find(peer: Did, callId: string): HeldResult | undefined {
    const name = nameOf({ peer, callId })
    return this.#unclaimed.get(name) ?? this.#claimed.get(name)
  }

  /** Whether this receipt's result is unclaimed. */
  waitsFor({ peer, callId, receiptHash }: Pick<HeldResult, 'peer' | 'callId' | 'receiptHash'>): boolean {
    return this.#unclaimed.get(nameOf({ peer, callId }))?.receiptHash === receiptHash
  }

  /** Resolves when the acknowledgement of this call is durable; undefined when there is none. */
  acknowledged(peer: Did, callId: string): Promise<void> | undefined {
    return this.#claimed.get(nameOf({ peer, callId }))?.acknowledged
  }

  /** The acknowledgement was taken: the result is kept for a caller that asks again, as long as there is room. */
  claim(peer: Did, callId: string, durable: Promise<void>): void {
    const name = nameOf({ peer, callId })
    const held = this.#unclaimed.get(name)
    if (held === undefined) return
    this.#unclaimed.delete(name)
    this.#claimed.set(name, { ...held, sinceMs: this.#clock.now(), acknowledged: durable })
    this.#count(held, -1)
    this.#notify()
  }

  /** Resolves when nothing is unclaimed any more, or after so many milliseconds. */
  async settled(withinMs: number): Promise<void> {
    if (this.#unclaimed.size === 0) return
    await new Promise<void>((resolve) => {
      const cancel = this.#clock.after(withinMs, resolve)
      this.#waiting.push(() => {
        cancel()
        resolve()
      })
    })
  }

  close(): void {
    this.#closed = true
    this.#cancel?.()
  }

  #notify(): void {
    if (this.#unclaimed.size === 0) for (const resolve of this.#waiting.splice(0)) resolve()
  }

  /** The oldest that was claimed goes first; then the oldest of whoever has left most. */
  #makeRoom(): void {
    while (this.#bytes > this.#limits.bytes) {
      const [oldest] = this.#claimed.values()
      const going = oldest ?? this.#oldestOfLargest()
      if (going === undefined) return
      this.#drop(going)
    }
  }

  #oldestOfLargest(): Held | undefined {
    let largest: [Did, Account] | undefined
    for (const one of this.#accounts) if (largest === undefined || one[1].bytes > largest[1].bytes) largest = one
    for (const held of this.#unclaimed.values()) if (held.peer === largest?.[0]) return held
    return undefined
  }

  #drop(held: Held): void {
    const name = nameOf(held)
    if (this.#unclaimed.delete(name)) this.#count(held, -1)
    else this.#claimed.delete(name)
    this.#bytes -= sizeOf(held)
    this.#notify()
  }

  #count(result: HeldResult, by: 1 | -1): void {
    const { peer } = result
    const { count, bytes } = this.#accounts.get(peer) ?? { count: 0, bytes: 0 }
    if (count + by <= 0) this.#accounts.delete(peer)
    else this.#accounts.set(peer, { count: count + by, bytes: bytes + by * sizeOf(result) })
  }

  /** One timer for whatever is due next. */
  #arm(): void {
    if (this.#cancel !== undefined || this.#closed) return
    const dueMs = this.#nextDue()
    if (dueMs === undefined) return
    this.#cancel = this.#clock.after(Math.max(1, dueMs - this.#clock.now()), () => {
      this.#cancel = undefined
      this.#tick()
      this.#arm()
    })
  }

  #nextDue(): number | undefined {
    const { ackDueMs, keptMs } = this.#limits
    const ends = [...first(this.#unclaimed), ...first(this.#claimed)].map(({ sinceMs }) => sinceMs + keptMs)
    for (const { told, sinceMs } of this.#unclaimed.values()) {
      if (told) continue
      ends.push(sinceMs + ackDueMs)
      break
    }
    return ends.length === 0 ? undefined : Math.min(...ends)
  }

  #tick(): void {
    const now = this.#clock.now()
    const { ackDueMs, keptMs } = this.#limits
    for (const held of this.#unclaimed.values()) {
      if (now - held.sinceMs < ackDueMs) break
      if (!held.told) this.#onOverdue(held)
      held.told = true
    }
    for (const kept of [this.#unclaimed, this.#claimed]) {
      for (const held of kept.values()) {
        if (now - held.sinceMs < keptMs) break
        this.#drop(held)
      }
    }
  }
}

function* first(held: ReadonlyMap<string, Held>): Iterable<Held> {
  for (const one of held.values()) {
    yield one
    return
  }
}

/** Bytes of their own: a view keeps all of the request it came in, or of what Node allocates small buffers from. */
function alone(bytes: Uint8Array): Uint8Array {
  return bytes.byteLength === bytes.buffer.byteLength ? bytes : Uint8Array.from(bytes)
}

function sizeOf({ bytes }: HeldResult): number {
  return bytes.length + OVERHEAD_BYTES
}

function nameOf({ peer, callId }: Pick<HeldResult, 'peer' | 'callId'>): string {
  return `${peer}\n${callId}`
}
