/**
 * Sees to it that both parties of an agreement have what the other one has signed: hands it over, again and again if need
 * be, and asks whether a proposal is accepted by now, because whoever accepts may not reach the one that proposed.
 */
import type { AgreementRequest, Clock, EventLogger, UnixMs } from '@hansa/protocols'
import type { KeyResolver } from '@hansa/trust'
import { type AgreementEvent, verifyAcceptance } from '@hansa/trust/agreement'
import { faultFields } from '../kernel/fault-fields.ts'
import type { AgreementBook, HeldAgreement } from './agreement-book.ts'
import type { HandOver } from './hand-over.ts'

/** Between attempts: a minute, twice as long after each that failed, an hour at the most. */
const FIRST_RETRY_MS = 60_000
const LAST_RETRY_MS = 3_600_000

export type AgreementCourierComponents = {
  clock: Clock
  logger: EventLogger
  resolver: KeyResolver
  book: AgreementBook
  handOver: HandOver
}

type Attempt = { failed: number; nextMs: UnixMs; reason?: string }

export class AgreementCourier {
  readonly #c: AgreementCourierComponents
  /** Puts what has happened on record. */
  readonly #apply: (hash: string, event: AgreementEvent) => Promise<unknown>
  readonly #attempts = new Map<string, Attempt>()

  constructor(
    components: AgreementCourierComponents,
    apply: (hash: string, event: AgreementEvent) => Promise<unknown>,
  ) {
    this.#c = components
    this.#apply = apply
  }

  /** Why it is not handed over, when it was tried last. */
  faultOf({ hash, record }: HeldAgreement): string | undefined {
    return record.handed ? undefined : this.#attempts.get(hash)?.reason
  }

  /** Sends what is due; what is sent is not waited for. */
  tick(): void {
    const now = this.#c.clock.now()
    for (const held of this.#c.book.all())
      if (turnOf(held) !== undefined && now >= (this.#attempts.get(held.hash)?.nextMs ?? 0)) void this.send(held)
  }

  /** It does not throw. */
  async send({ hash }: Pick<HeldAgreement, 'hash'>): Promise<void> {
    const { book, clock, logger, handOver } = this.#c
    const held = book.get(hash)
    const turn = held && turnOf(held)
    if (held === undefined || turn === undefined) return
    const failed = this.#attempts.get(hash)?.failed ?? 0
    const nextMs = clock.now() + Math.min(FIRST_RETRY_MS * 2 ** failed, LAST_RETRY_MS)
    this.#attempts.set(hash, { failed: failed + 1, nextMs, reason: 'it has not answered yet' })
    const handed = await handOver(held.peer, turn)
    if (!handed.ok) {
      const { reason } = handed
      this.#attempts.set(hash, { failed: failed + 1, nextMs, reason })
      if (!held.record.handed) logger.warn('agreement.not_handed_over', { agreement: hash, peer: held.peer, reason })
      return
    }
    this.#attempts.set(hash, { failed: 0, nextMs: clock.now() + FIRST_RETRY_MS })
    try {
      if (!held.record.handed) await this.#apply(hash, { type: 'handed' })
      if (handed.acceptance !== undefined) await this.#answered(hash, handed.acceptance)
    } catch (error) {
      logger.error('agreement.not_recorded', faultFields(error))
    }
  }

  /** What came in the answer is handed back, so that the other one is bound by it too. */
  async #answered(hash: string, acceptance: string): Promise<void> {
    const { book, resolver, clock, logger } = this.#c
    const held = book.get(hash)
    if (held === undefined || !held.record.own || held.record.state !== 'proposed') return
    const now = Math.floor(clock.now() / 1000)
    const reading = await verifyAcceptance(acceptance, { resolver, of: held, now })
    if (!reading.ok) {
      const reason = `its acceptance does not hold: ${reading.reason}`
      logger.warn('agreement.not_handed_over', { agreement: hash, peer: held.peer, reason })
      return
    }
    await this.#apply(hash, { type: 'accepted', acceptance, unsaid: true })
    await this.send(held)
  }
}

/** What this kernel has to send now, if anything: what was not taken yet, and what it waits for an answer to. */
function turnOf({ record, jws }: HeldAgreement): Pick<AgreementRequest, 'kind' | 'jws'> | undefined {
  const { state, own, handed, acceptance } = record
  if (state === 'ended') return undefined
  if (own && state === 'proposed') return { kind: 'proposal', jws }
  return handed || acceptance === undefined ? undefined : { kind: 'acceptance', jws: acceptance }
}
