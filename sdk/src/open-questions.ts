/** What handlers of this process keep between a call that asks its caller something and the call that brings the answers. */
import { randomUUID } from 'node:crypto'

/** Beyond these the oldest is forgotten, and its call cannot go on; the node itself waits ten minutes for fewer. */
const MAX_QUESTIONS = 4_096

export class OpenQuestions {
  readonly #states = new Map<string, unknown>()

  /** @returns the name under which the node gives it back. */
  keep(state: unknown): string {
    const name = randomUUID()
    this.#states.set(name, state)
    const [oldest] = this.#states.keys()
    if (this.#states.size > MAX_QUESTIONS && oldest !== undefined) this.#states.delete(oldest)
    return name
  }

  /** @returns undefined when there is none; `found` tells that from a state that is undefined. */
  take(name: string): { found: boolean; state: unknown } {
    const found = this.#states.has(name)
    const state = this.#states.get(name)
    this.#states.delete(name)
    return { found, state }
  }
}
