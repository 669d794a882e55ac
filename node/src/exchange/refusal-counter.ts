/**
 * Refusals of what could not be authenticated. One entry each would let a stranger fill the disk, so they are counted
 * by source, code and reason, and written once a minute (security.md B0.6, wire.md). All refusals of one group share a
 * denial id, which the entry names.
 */
import type { Clock, Code, EntryDraft } from '@hansa/protocols'
import { randomId } from '@hansa/trust'
import type { Appended } from '@hansa/trust/ledger'

/** Milliseconds between two writings. */
const PERIOD_MS = 60_000

/** Groups kept apart within one period; the rest is counted together. */
const MAX_GROUPS = 256

type Group = { code: Code; reason: string; source: string; denialId: string; count: number }

export class RefusalCounter {
  readonly #clock: Clock
  readonly #append: (draft: EntryDraft) => Appended
  readonly #groups = new Map<string, Group>()
  #cancel: (() => void) | undefined
  #closed = false

  constructor(components: { clock: Clock; append(draft: EntryDraft): Appended }) {
    this.#clock = components.clock
    this.#append = components.append
  }

  /** @returns the denial id to answer with. */
  count(source: string, code: Code, reason: string): string {
    const exact = `${source}\n${code}\n${reason}`
    const known = this.#groups.has(exact) || this.#groups.size < MAX_GROUPS
    const key = known ? exact : `*\n${code}`
    const group = this.#groups.get(key) ?? this.#open(key, known ? source : '*', code, known ? reason : 'many reasons')
    group.count += 1
    return group.denialId
  }

  /**
   * Writes what was counted. Called once a minute by itself, and before the log is closed. What the log does not take
   * now stays counted and is written with the next ones: strangers must not be able to stop anything by this.
   */
  flush(): void {
    this.#cancel?.()
    this.#cancel = undefined
    for (const [key, { source, code, reason, denialId, count }] of this.#groups) {
      const ext = { source, code, reason, denial_id: denialId, count }
      try {
        this.#append({ type: 'refusals.counted', ext }).durable.catch(() => {})
      } catch {
        this.#cancel = this.#clock.after(PERIOD_MS, () => this.flush())
        return
      }
      this.#groups.delete(key)
    }
  }

  /** Writes what can still be written, and never again. */
  close(): void {
    this.flush()
    this.#cancel?.()
    this.#closed = true
  }

  #open(key: string, source: string, code: Code, reason: string): Group {
    const group: Group = {
      source: source.slice(0, 128).toWellFormed(),
      code,
      reason: reason.slice(0, 512).toWellFormed(),
      denialId: randomId(),
      count: 0,
    }
    this.#groups.set(key, group)
    if (!this.#closed) this.#cancel ??= this.#clock.after(PERIOD_MS, () => this.flush())
    return group
  }
}
