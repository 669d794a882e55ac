/**
 * How many refusals of a peer's calls this kernel signs and keeps. Each costs a durable entry, and anyone can make an
 * identity, so without a bound a stranger who is always denied could fill the disk. Beyond it a refusal is unsigned and
 * only counted.
 *
 * One budget for each peer, and a common one for all that nobody here has named or imported, so that many identities
 * help as little as one. Whoever has had more than its own share of refusals that are not this kernel's doing is not looked
 * at for the moment: its next call costs no signature check. What that share is, it is for each identity alone, so that
 * mallory's calls are not alice's.
 */
import { type Clock, type Code, codes, type Did, KernelError } from '@hansa/protocols'
import { type RateLimit, RateWindow } from '@hansa/trust'

/** Refusals per minute and peer: more than any caller needs to learn that the answer is no. */
const PER_PEER = 600
/** The same for all strangers together. */
const PER_STRANGERS = 600
/** Refusals per minute after which the calls of one stranger are not looked at; of a peer that is known it is `PER_PEER`. */
const PER_STRANGER = 60
const WINDOW_SECONDS = 60

export type RefusalBudgetComponents = {
  clock: Clock
  /** Whether the operator has named the peer, or it is imported. */
  isKnown(peer: Did): boolean
}

export class RefusalBudget {
  readonly #c: RefusalBudgetComponents
  readonly #window = new RateWindow({ maxKeys: 10_000 })
  /** Refusals that are not this kernel's doing. */
  readonly #own = new RateWindow({ maxKeys: 10_000 })

  constructor(components: RefusalBudgetComponents) {
    this.#c = components
  }

  /** Whether another refusal of this peer's may be signed; it is then counted. */
  spend(peer: Did, code: Code): boolean {
    const now = this.#c.clock.now()
    if (isCallersDoing(code)) this.#own.admitAll([this.#share(peer)], now)
    const limits: RateLimit[] = this.#c.isKnown(peer)
      ? [{ key: peer, calls: PER_PEER, perSeconds: WINDOW_SECONDS }]
      : [{ key: '*', calls: PER_STRANGERS, perSeconds: WINDOW_SECONDS }]
    return this.#window.admitAll(limits, now).ok
  }

  /** Whether so much of this peer's was refused within the last minute that its calls are not looked at now. */
  isSpent(peer: Did): boolean {
    return this.#own.reached(this.#share(peer), this.#c.clock.now())
  }

  #share(peer: Did): RateLimit {
    const calls = this.#c.isKnown(peer) ? PER_PEER : PER_STRANGER
    return { key: peer, calls, perSeconds: WINDOW_SECONDS }
  }
}

/** Whether a refusal is the doing of whoever called, or of the rules; what waits for a person is asked for, and not refused. */
export function isCallersDoing(code: Code): boolean {
  const { fault } = codes[code]
  return code !== 'approval_required' && (fault === 'caller' || fault === 'policy')
}

/** A refusal that is not signed any more: it is answered and counted, and leaves no entry of its own. */
export class RefusalUnsigned extends KernelError<{ code: 'rate_limited' }> {
  override readonly name = 'RefusalUnsigned'

  constructor() {
    super({ code: 'rate_limited' })
  }
}
