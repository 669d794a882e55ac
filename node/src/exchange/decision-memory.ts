/** Decisions that were signed lately, so that a receipt can name the one it follows. Nothing depends on it. */
const MAX_DECISIONS = 10_000

export class DecisionMemory {
  readonly #hashes = new Map<string, string>()

  remember(intentHash: string, decisionHash: string): void {
    if (this.#hashes.size >= MAX_DECISIONS) {
      const oldest = this.#hashes.keys().next()
      if (!oldest.done) this.#hashes.delete(oldest.value)
    }
    this.#hashes.set(intentHash, decisionHash)
  }

  of(intentHash: string): string | undefined {
    return this.#hashes.get(intentHash)
  }
}
