/**
 * Handshakes that fail again and again, from one DID or one address (security.md B3): after five in ten minutes an entry, a
 * line and a figure. A DID here is one that somebody claims, so the alarm accuses nobody, and nothing else follows from it.
 *
 * Bounded: so many sources are watched at a time, and so many alarms are raised in ten minutes.
 */
import type { Clock, Code, EntryDraft, EventLogger } from '@hansa/protocols'
import type { Appended } from '@hansa/trust/ledger'
import type { CallObserver } from '../kernel/call-observer.ts'

/** Failures within the period that raise an alarm. */
const FAILURES = 5
/** Milliseconds. */
const PERIOD_MS = 600_000
/** Sources that are watched; of more the longest quiet one is forgotten. */
const MAX_WATCHED = 2_048
/** Alarms of one period; what is beyond them is said together, by the last one. */
const MAX_ALARMS = 32

/** What this kernel says of itself, and what is a limit of its own, is no failure of the other side. */
const NOT_ITS_FAULT: ReadonlySet<Code> = new Set<Code>(['busy', 'internal', 'rate_limited', 'log_full'])

export type HandshakeAlarmsComponents = {
  clock: Clock
  logger: EventLogger
  append(draft: EntryDraft): Appended
  observer?: Pick<CallObserver, 'handshakeRefused' | 'handshakeAlarm'> | undefined
}

export type FailedHandshake = {
  /** Where it came from. */
  source: string
  /** Who it claims to be. */
  claimed?: string | undefined
  code: Code
  reason: string
}

type Watched = { times: number[]; toldMs?: number }

export class HandshakeAlarms {
  readonly #c: HandshakeAlarmsComponents
  /** Whoever failed last is last. */
  readonly #watched = new Map<string, Watched>()
  #alarms: number[] = []

  constructor(components: HandshakeAlarmsComponents) {
    this.#c = components
  }

  failed({ source, claimed, code, reason }: FailedHandshake): void {
    this.#c.observer?.handshakeRefused?.(code)
    if (NOT_ITS_FAULT.has(code)) return
    if (claimed !== undefined) this.#count(claimed, 'did', code, reason)
    this.#count(source, 'address', code, reason)
  }

  #count(source: string, by: 'did' | 'address', code: Code, reason: string): void {
    const now = this.#c.clock.now()
    const key = `${by} ${source}`
    const watched = this.#watched.get(key) ?? { times: [] }
    watched.times = [...watched.times.filter((at) => now - at < PERIOD_MS), now].slice(-FAILURES)
    this.#watched.delete(key)
    this.#watched.set(key, watched)
    if (this.#watched.size > MAX_WATCHED) this.#forgetOldest()
    const quiet = watched.toldMs === undefined || now - watched.toldMs >= PERIOD_MS
    if (watched.times.length < FAILURES || !quiet) return
    watched.toldMs = now
    this.#raise({ source, by, code, reason }, now)
  }

  #forgetOldest(): void {
    for (const oldest of this.#watched.keys()) {
      this.#watched.delete(oldest)
      return
    }
  }

  #raise(told: { source: string; by: 'did' | 'address'; code: Code; reason: string }, now: number): void {
    this.#alarms = this.#alarms.filter((at) => now - at < PERIOD_MS)
    if (this.#alarms.length >= MAX_ALARMS) return
    this.#alarms.push(now)
    const last = this.#alarms.length === MAX_ALARMS
    const source = last ? 'many sources' : told.source.slice(0, 256).toWellFormed()
    const { logger, observer, append } = this.#c
    logger.warn('handshake.failing', { source, code: told.code })
    observer?.handshakeAlarm?.(told.by)
    const reason = told.reason.slice(0, 512).toWellFormed()
    try {
      const ext = { source, count: FAILURES, code: told.code, reason }
      append({ type: 'handshake.failing', ext }).durable.catch(() => {})
    } catch {
      // Strangers must not be able to stop anything by this; the line and the figure say it.
    }
  }
}
