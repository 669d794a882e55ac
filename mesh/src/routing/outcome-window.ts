/** How many exchanges of the last while went well and how many did not, in slots of a tenth of it. Pure: time comes in. */

const SLOTS = 10

type Slot = { at: number; good: number; bad: number }

export class OutcomeWindow {
  readonly #slotMs: number
  #slots: Slot[] = []

  /** @param windowMs how far back it looks; what is older by less than a tenth of it may still count. */
  constructor(windowMs: number) {
    this.#slotMs = Math.max(1, windowMs / SLOTS)
  }

  add(outcome: 'good' | 'bad', nowMs: number): void {
    const at = Math.floor(nowMs / this.#slotMs)
    const last = this.#slots.at(-1)
    // A clock that was set back must not make counts of the future.
    const slot = last !== undefined && last.at >= at ? last : { at, good: 0, bad: 0 }
    if (slot !== last) this.#slots.push(slot)
    slot[outcome] += 1
    this.#forget(nowMs)
  }

  counts(nowMs: number): { good: number; bad: number } {
    this.#forget(nowMs)
    return this.#slots.reduce((sum, { good, bad }) => ({ good: sum.good + good, bad: sum.bad + bad }), {
      good: 0,
      bad: 0,
    })
  }

  clear(): void {
    this.#slots = []
  }

  #forget(nowMs: number): void {
    const oldest = Math.floor(nowMs / this.#slotMs) - SLOTS
    if ((this.#slots[0]?.at ?? oldest + 1) > oldest) return
    this.#slots = this.#slots.filter(({ at }) => at > oldest)
  }
}
