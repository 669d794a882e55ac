/**
 * Changes of state that the log tells of: the change and its event are committed in one transaction of the store, and the
 * event is written to the log right after, or at the next start if the process ended in between. So there is never a
 * change that the log does not tell of, nor an event of a change that did not happen.
 *
 * An event carries an id. Before rows of an earlier process are drained, the log is read from the size that it had when
 * the first of them was committed: what is there already is not written again.
 */
import type { EntryDraft, EventId, EventLogger, Store, StoreChange } from '@hansa/protocols'
import { entryDraftSchema, eventIdSchema } from '@hansa/protocols'
import { randomId } from '@hansa/trust'
import { type Appended, isClosing, type Ledger, LedgerError, type LogDirectory, readEntries } from '@hansa/trust/ledger'
import { z } from 'zod'
import { faultFields } from './fault-fields.ts'

const NAMESPACE = 'outbox'

const rowSchema = z.strictObject({
  v: z.literal(1),
  id: eventIdSchema,
  draft: entryDraftSchema,
  origin: z.string().max(512).describe('Log that was written to then'),
  size: z.int().min(0).describe('Entries that it had'),
})
type Row = z.infer<typeof rowSchema>

type OpenLog = Pick<Ledger, 'origin' | 'size' | 'full' | 'room' | 'read' | 'append'>

/** What a part of the kernel needs that changes state and says so. */
export type Events = Pick<EventOutbox, 'row' | 'record' | 'drain'>

export type EventOutboxComponents = {
  store: Store
  logger: EventLogger
  /** Undefined before the log is open; rows can be read then, not made. */
  ledger(): OpenLog | undefined
  /** Resolves when a log that was busy may have room again. */
  room(): Promise<void>
}

/** A frozen log, and its origin. */
export type FrozenLog = { origin: string; directory: LogDirectory }

export class EventOutbox {
  readonly #c: EventOutboxComponents
  #next = 0
  /** Ids that this process has appended, for as long as their rows are there. */
  readonly #appended = new Set<EventId>()
  #draining: Promise<unknown> = Promise.resolve()

  constructor(components: EventOutboxComponents) {
    this.#c = components
  }

  /**
   * Drains what an earlier process has left. Call it when the log is open, and before anything is recorded.
   * @throws Error for a row that cannot be read: an event must not be passed over.
   */
  async open(frozen: readonly FrozenLog[] = []): Promise<void> {
    const rows = await this.#rows()
    this.#next = rows.reduce((next, { key }) => Math.max(next, Number(key) + 1), 0)
    for (const id of await this.#drained(
      rows.map(({ row }) => row),
      frozen,
    ))
      this.#appended.add(id)
    await this.drain()
  }

  /**
   * The row that has to be committed in one transaction with the change that `draft` tells of; `drain` comes after.
   * @throws LedgerError `log_full` when the log would not take the event: then nothing may change.
   */
  row(draft: EntryDraft): StoreChange {
    const ledger = this.#open()
    if (ledger.full && !isClosing(draft.type)) throw new LedgerError({ code: 'log_full', ...limitOf(ledger) })
    const id = randomId()
    const row: Row = {
      v: 1,
      id,
      draft: { ...draft, ext: { ...draft.ext, event: id } },
      origin: ledger.origin,
      size: ledger.size,
    }
    return {
      namespace: NAMESPACE,
      key: String(this.#next++).padStart(12, '0'),
      value: JSON.stringify(rowSchema.parse(row)),
    }
  }

  /** Commits the changes with their event. Resolves when the event is durable in the log. */
  async record(draft: EntryDraft, changes: readonly StoreChange[]): Promise<void> {
    await this.#c.store.apply([...changes, this.row(draft)])
    await this.drain()
  }

  /** Writes every event that waits to the log. Resolves when they are durable. @throws LedgerError; the rows stay then */
  drain(): Promise<void> {
    const result = this.#draining.then(() => this.#drain())
    this.#draining = result.catch(() => undefined)
    return result
  }

  /** As `drain`, for a periodic job: what keeps it from ending is said, and the rows stay. */
  async tick(): Promise<void> {
    if ((await this.#c.store.list(NAMESPACE)).length === 0) return
    await this.drain().catch((error: unknown) => this.#c.logger.error('events.not_drained', faultFields(error)))
  }

  async #drain(): Promise<void> {
    for (const { key, row } of await this.#rows()) {
      if (!this.#appended.has(row.id)) {
        const appended = await this.#append(row.draft)
        this.#appended.add(row.id)
        await appended.durable
      }
      await this.#c.store.delete(NAMESPACE, key)
      this.#appended.delete(row.id)
    }
  }

  async #append(draft: EntryDraft): Promise<Appended> {
    for (;;) {
      try {
        return this.#open().append(draft)
      } catch (error) {
        if (!(error instanceof LedgerError && error.detail.code === 'busy')) throw error
        await this.#c.room()
      }
    }
  }

  /** Ids of those rows that are in the log. */
  async #drained(rows: readonly Row[], frozen: readonly FrozenLog[]): Promise<Set<EventId>> {
    const found = new Set<EventId>()
    if (rows.length === 0) return found
    const ledger = this.#open()
    const wanted = new Set(rows.map(({ id }) => id))
    const look = async (entries: AsyncIterable<{ entry: { ext?: { event?: EventId | undefined } | undefined } }>) => {
      for await (const { entry } of entries) {
        const id = entry.ext?.event
        if (id !== undefined && wanted.has(id)) found.add(id)
      }
    }
    const sizeIn = (origin: string) => Math.min(...rows.filter((row) => row.origin === origin).map(({ size }) => size))
    for (const { origin, directory } of frozen) {
      const size = sizeIn(origin)
      if (size !== Number.POSITIVE_INFINITY) await look(readEntries(directory, size))
    }
    // A log that follows the one of a row is looked at from its first entry.
    const others = rows.some(({ origin }) => origin !== ledger.origin)
    await look(ledger.read(others ? 0 : Math.min(sizeIn(ledger.origin), ledger.size)))
    return found
  }

  async #rows(): Promise<{ key: string; row: Row }[]> {
    return (await this.#c.store.list(NAMESPACE)).map(({ key, value }) => {
      const row = rowSchema.safeParse(parsedJson(value))
      if (!row.success) throw new Error(`the event ${key} of the outbox cannot be read; restore the store`)
      return { key, row: row.data }
    })
  }

  #open(): OpenLog {
    const ledger = this.#c.ledger()
    if (ledger === undefined) throw new Error('an event is recorded before the log is open')
    return ledger
  }
}

function limitOf({ room: { maxBytes } }: Pick<Ledger, 'room'>): { maxBytes?: number } {
  return maxBytes === undefined ? {} : { maxBytes }
}

function parsedJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
