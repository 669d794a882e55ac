/**
 * How many refusals of a peer's calls this kernel signs and keeps. Each costs a durable entry, and anyone can make an
 * identity, so without a bound a stranger who is always denied could fill the disk. Beyond it a refusal is unsigned and
 * only counted; calls that are permitted are not touched.
 *
 * One budget for each peer, and a common one for all that nobody here has named or imported, so that many identities
 * help as little as one.
 */
import { type Clock, type Did, KernelError } from '@hansa/protocols'
import { type RateLimit, RateWindow } from '@hansa/trust'

/** Refusals per minute and peer: more than any caller needs to learn that the answer is no. */
const PER_PEER = 600
/** The same for all strangers together. */
const PER_STRANGERS = 600
const WINDOW_SECONDS = 60

export type RefusalBudgetComponents = {
  clock: Clock
  /** Whether the operator has named the peer, or it is imported. */
  isKnown(peer: Did): boolean
}

export class RefusalBudget {
  readonly #c: RefusalBudgetComponents
  readonly #window = new RateWindow({ maxKeys: 10_000 })

  constructor(components: RefusalBudgetComponents) {
    this.#c = components
  }

  /** Whether another refusal of this peer's may be signed; it is then counted. */
  spend(peer: Did): boolean {
    const limits: RateLimit[] = this.#c.isKnown(peer)
      ? [{ key: peer, calls: PER_PEER, perSeconds: WINDOW_SECONDS }]
      : [{ key: '*', calls: PER_STRANGERS, perSeconds: WINDOW_SECONDS }]
    return this.#window.admitAll(limits, this.#c.clock.now()).ok
  }
}

/** A refusal that is not signed any more: it is answered and counted, and leaves no entry of its own. */
export class RefusalUnsigned extends KernelError<{ code: 'rate_limited' }> {
  override readonly name = 'RefusalUnsigned'

  constructor() {
    super({ code: 'rate_limited' })
  }
}
