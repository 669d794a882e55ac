/**
 * This kernel as a witness of other kernels' logs (C2SP tlog-witness): it cosigns a checkpoint that extends the one it
 * cosigned last, and remembers it before it answers. Requests about one log are judged one after the other, each against
 * what the one before left, so a race cannot bring a log back to an earlier size.
 *
 * One process holds the home, and with it this key and what was cosigned under it.
 */
import { hash } from 'node:crypto'
import { type CheckpointReference, type Clock, checkpointReferenceSchema, type Store } from '@hansa/protocols'
import { parsedJson, RateWindow } from '@hansa/trust'
import {
  type CosignerKey,
  judgeSubmission,
  parseVkey,
  type Submission,
  type SubmissionVerdict,
  withSignaturesOf,
} from '@hansa/trust/ledger'
import { z } from 'zod'

const NAMESPACE = 'node.witness'
/** Requests about one log that may wait for those before them. */
const MAX_WAITING = 32
/** Larger checkpoints of one log that are written in a minute; only the holder of its key can make them. */
const GROWTHS_PER_MINUTE = 600

const recordSchema = z.strictObject({
  v: z.literal(1),
  checkpoint: checkpointReferenceSchema,
  note: z.string().max(65_536).describe('As the log signed it, with the cosignature'),
  time: z.int().min(1).describe('Unix seconds'),
})
type Witnessed = z.infer<typeof recordSchema>

export type WitnessBookComponents = {
  store: Store
  clock: Clock
  key: CosignerKey
  /** Verifier keys that are trusted for the log of this origin; empty for one that is not known. */
  keysOf(origin: string): readonly string[]
  /** The log signed two roots of one size: `first` is what was cosigned. */
  forked?(first: string, second: string): void
}

/** 503 when too many requests about one log wait, or it grows too often. */
export type WitnessVerdict =
  | Exclude<SubmissionVerdict, { ok: true }>
  | { ok: true; lines: string }
  | { ok: false; status: 503; reason: string }

export class WitnessBook {
  readonly #c: WitnessBookComponents
  readonly #records = new Map<string, Witnessed>()
  readonly #byHash = new Map<string, string>()
  readonly #turns = new Map<string, { last: Promise<unknown>; waiting: number }>()
  readonly #growths = new RateWindow()

  /** @throws Error for a record that cannot be read: a size that is forgotten could be cosigned again otherwise. */
  static async open(components: WitnessBookComponents): Promise<WitnessBook> {
    const book = new WitnessBook(components)
    for (const { key, value } of await components.store.list(NAMESPACE)) {
      const record = recordSchema.safeParse(parsedJson(value))
      if (!record.success || record.data.checkpoint.origin !== key)
        throw new Error(`what was cosigned of the log ${key} cannot be read; restore the store`)
      book.#hold(record.data)
    }
    return book
  }

  private constructor(components: WitnessBookComponents) {
    this.#c = components
  }

  get vkey(): string {
    return this.#c.key.vkey
  }

  /** What was cosigned last of each log. */
  list(): { checkpoint: CheckpointReference; time: number }[] {
    return [...this.#records.values()].map(({ checkpoint, time }) => ({ checkpoint, time }))
  }

  /** @param originHash SHA-256 of the origin, hexadecimal. @returns the note with the cosignature. */
  note(originHash: string): string | undefined {
    const origin = this.#byHash.get(originHash)
    return origin === undefined ? undefined : this.#records.get(origin)?.note
  }

  /** Whether checkpoints of this log are cosigned. */
  knows(origin: string): boolean {
    return this.#c.keysOf(origin).length > 0
  }

  /** @throws what the store throws; nothing is cosigned then. */
  async submit(submission: Submission): Promise<WitnessVerdict> {
    const { origin } = submission.claimed
    // Before anything is kept for it: anyone may name any origin.
    if (!this.knows(origin)) return { ok: false, status: 404, reason: 'the log is not known' }
    const turn = this.#turns.get(origin) ?? { last: Promise.resolve(), waiting: 0 }
    if (turn.waiting >= MAX_WAITING) return { ok: false, status: 503, reason: 'too many requests about one log' }
    this.#turns.set(origin, turn)
    turn.waiting += 1
    const judged = turn.last.then(() => this.#judge(submission))
    turn.last = judged.catch(() => undefined)
    try {
      return await judged
    } finally {
      turn.waiting -= 1
      if (turn.waiting === 0) this.#turns.delete(origin)
    }
  }

  async #judge(submission: Submission): Promise<WitnessVerdict> {
    const { keysOf, clock, key, store } = this.#c
    const { origin } = submission.claimed
    const vkeys = keysOf(origin)
    const before = this.#records.get(origin)
    const verdict = judgeSubmission(submission, vkeys, before?.checkpoint)
    if (!verdict.ok) {
      if (verdict.status === 422 && verdict.forked === true && before !== undefined)
        this.#c.forked?.(before.note, submission.note)
      return verdict
    }
    // Anybody can send again what was cosigned: it is cosigned again, and costs no write and none of the log's budget.
    const grows = before?.checkpoint.size !== verdict.checkpoint.size
    if (grows && !this.#growths.admit(origin, GROWTHS_PER_MINUTE, 60, clock.now()))
      return { ok: false, status: 503, reason: 'the log grows too often' }
    const time = Math.floor(clock.now() / 1000)
    const lines = key.cosign(submission.text, time)
    const note = `${ofLog(submission.note, vkeys)}${lines}`
    const record: Witnessed = { v: 1, checkpoint: verdict.checkpoint, note, time }
    if (grows) await store.set(NAMESPACE, origin, JSON.stringify(record))
    this.#hold(record)
    return { ok: true, lines }
  }

  #hold(record: Witnessed): void {
    const { origin } = record.checkpoint
    this.#records.set(origin, record)
    this.#byHash.set(hash('sha256', origin, 'hex'), origin)
  }
}

/** Whatever else stands in the note is not this witness's to pass on. */
function ofLog(note: string, vkeys: readonly string[]): string {
  const keys = vkeys.flatMap((vkey) => {
    const verdict = parseVkey(vkey)
    return verdict.ok ? [verdict.verifier] : []
  })
  return withSignaturesOf(note, keys) ?? note
}
