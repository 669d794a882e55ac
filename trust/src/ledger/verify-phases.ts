/** What a verifier spends its time on, so that its report can say what costs what. */

/**
 * `framing`: records and their checksums. `chain`: the hash of every entry, as a leaf and as a link. `tree`: the tree
 * over the leaves, and its roots. `form`: the schema and the only spelling of every entry. `signatures`: signed objects
 * in entries. `checkpoints`: signed notes.
 */
export const verifyPhases = ['framing', 'chain', 'tree', 'form', 'signatures', 'checkpoints'] as const
export type VerifyPhase = (typeof verifyPhases)[number]

/** Milliseconds by phase. */
export type Spent = Record<VerifyPhase, number>

/** Time so far, of whatever kind is to be told apart by phase, ms. */
export type Stopwatch = () => number

export class PhaseTimes {
  readonly spent: Spent = { framing: 0, chain: 0, tree: 0, form: 0, signatures: 0, checkpoints: 0 }
  readonly #stopwatch: Stopwatch

  /** @param stopwatch @default nothing is measured */
  constructor(stopwatch: Stopwatch = () => 0) {
    this.#stopwatch = stopwatch
  }

  run<T>(phase: VerifyPhase, work: () => T): T {
    const started = this.#stopwatch()
    const result = work()
    this.spent[phase] += this.#stopwatch() - started
    return result
  }

  /** The same for work that awaits; what else the thread does meanwhile counts too. */
  async runAsync<T>(phase: VerifyPhase, work: () => Promise<T>): Promise<T> {
    const started = this.#stopwatch()
    const result = await work()
    this.spent[phase] += this.#stopwatch() - started
    return result
  }

  add(spent: Spent): void {
    for (const phase of verifyPhases) this.spent[phase] += spent[phase]
  }
}
