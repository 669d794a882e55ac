/**
 * Decisions that were signed lately: a receipt names the one it follows, and a question that comes again gets the answer
 * that it got, so that repeating one writes nothing.
 */
const MAX_DECISIONS = 10_000

export type MadeDecision = { hash: string; jws: string }

export class DecisionMemory {
  readonly #made = new Map<string, MadeDecision>()

  remember(intentHash: string, decision: MadeDecision): void {
    if (this.#made.size >= MAX_DECISIONS) {
      const oldest = this.#made.keys().next()
      if (!oldest.done) this.#made.delete(oldest.value)
    }
    this.#made.set(intentHash, decision)
  }

  of(intentHash: string): MadeDecision | undefined {
    return this.#made.get(intentHash)
  }
}
