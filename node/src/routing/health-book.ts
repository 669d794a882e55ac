/**
 * What calls have shown of imported capabilities. A capability is healthy because its kernel signed a result of it within
 * the window, whoever asked: an agent, or a canary. What the kernel says of itself does not count.
 */
import { CANARY_PURPOSE, type CapabilityHealth, type Clock } from '@hansa/protocols'
import type { Arrived, Begun, ImportedTarget, Refused, Released } from '../kernel/stages.ts'

/** Capabilities that are remembered, the one that was heard of longest ago goes first. */
const MAX_KNOWN = 20_000

type Seen = { good: boolean; atMs: number; by: 'traffic' | 'canary'; reason: string }
type Which = Pick<ImportedTarget, 'peer' | 'hash'>

export type HealthBookInit = {
  /** Milliseconds for which an answer counts. @default 600_000 */
  windowMs?: number
}

export const DEFAULT_HEALTH_WINDOW_MS = 600_000

export class HealthBook {
  readonly windowMs: number
  readonly #clock: Clock
  readonly #seen = new Map<string, Seen>()

  constructor({ windowMs = DEFAULT_HEALTH_WINDOW_MS }: HealthBookInit, clock: Clock) {
    this.windowMs = windowMs
    this.#clock = clock
  }

  /** @param ended a call of any kind: what says nothing about a capability of a peer changes nothing. */
  saw(ended: Released | Refused): void {
    const call: Arrived & Partial<Begun> = ended.call
    if (call.target?.kind !== 'imported' || call.begin === undefined) return
    const verdict = verdictOf(ended, call)
    if (verdict === undefined) return
    const key = keyOf(call.target)
    const by = call.purpose === CANARY_PURPOSE ? 'canary' : 'traffic'
    this.#seen.delete(key)
    this.#seen.set(key, { ...verdict, atMs: this.#clock.now(), by })
    if (this.#seen.size <= MAX_KNOWN) return
    const [oldest] = this.#seen.keys()
    if (oldest !== undefined) this.#seen.delete(oldest)
  }

  of(which: Which): CapabilityHealth {
    const seen = this.#seen.get(keyOf(which))
    if (seen === undefined || this.#clock.now() - seen.atMs >= this.windowMs) return { state: 'unknown' }
    const { good, by, reason } = seen
    const at = Math.floor(seen.atMs / 1000)
    return good ? { state: 'healthy', by, at } : { state: 'failing', by, at, reason }
  }

  /** Milliseconds since it was last shown to be served; infinite when it never was. */
  ageMs(which: Which): number {
    const seen = this.#seen.get(keyOf(which))
    return seen === undefined ? Number.POSITIVE_INFINITY : this.#clock.now() - seen.atMs
  }
}

/** Another descriptor is another capability: what was shown of the one before says nothing of it. */
function keyOf({ peer, hash }: Which): string {
  return `${peer} ${hash}`
}

function verdictOf(ended: Released | Refused, call: Arrived): Pick<Seen, 'good' | 'reason'> | undefined {
  if (!('refused' in ended)) return { good: true, reason: '' }
  const status = ended.receipt?.receipt.status
  const bad = { good: false, reason: ended.reason.slice(0, 1024).toWellFormed() }
  // Signed: it was served, and our own firewall or nobody wanted it; or it was refused, which is its right.
  if (status === 'ok' || status === 'input_required')
    return ended.missing === undefined ? { good: true, reason: '' } : bad
  if (status !== undefined) return status === 'failed' || status === 'outcome_unknown' ? bad : undefined
  // A caller that gave up proves nothing.
  if (call.signal?.aborted === true || ended.stage !== 'driver') return undefined
  return bad
}
