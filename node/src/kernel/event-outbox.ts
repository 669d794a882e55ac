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
import { parsedJson, randomId } from '@hansa/trust'
import {
  type Appended,
  entryText,
  isClosing,
  type Ledger,
  LedgerError,
  type LogDirectory,
  readEntries,
} from '@hansa/trust/ledger'
import { z } from 'zod'
import { faultFields } from './fault-fields.ts'

const NAMESPACE = 'outbox'
/** Events of changes that are made outside the store: whether they happened is looked at afterwards. */
const HELD = 'outbox-held'

const rowSchema = z.strictObject({
  v: z.literal(1),
  id: eventIdSchema,
  draft: entryDraftSchema,
  origin: z.string().max(512).describe('Log that was written to then'),
  size: z.int().min(0).describe('Entries that it had'),
})
type Row = z.infer<typeof rowSchema>

const heldSchema = z.strictObject({ v: z.literal(1), draft: entryDraftSchema, about: z.string().max(16_384) })

/** An event that is told only when its change has happened. */
export type HeldEvent = {
  /** The change has happened: resolves when the event is durable in the log. @param more what is known of it by now */
  record(more?: Partial<EntryDraft>): Promise<void>
  /** It has not. */
  drop(): Promise<void>
}

/** In the log, far away from today. */
const WORST_PLACE = { seq: Number.MAX_SAFE_INTEGER, tMs: 9_999_999_999_999, prev: 'A'.repeat(43) }

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
  /** Told of each entry that becomes one. @default nobody is */
  saw?(draft: EntryDraft, appended: Appended): void
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
   * @throws LedgerError `log_full`, `entry_refused` when the log would not take the event: then nothing may change.
   */
  row(draft: EntryDraft): StoreChange {
    this.#refuseFull(draft)
    const ledger = this.#open()
    const id = randomId()
    const row: Row = {
      v: 1,
      id,
      draft: { ...draft, ext: { ...draft.ext, event: id } },
      origin: ledger.origin,
      size: ledger.size,
    }
    // The entry that it becomes, at the greatest length: what the ledger would refuse later must not be committed now.
    entryText(row.draft, { ...WORST_PLACE, origin: ledger.origin })
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

  /**
   * Keeps an event through a change that is no part of the store, such as one of a file: after a crash it is still known
   * that somebody wanted the change, and `settle` looks whether it happened.
   * @param about what to look for
   * @throws LedgerError `log_full` when the log would not take the event
   */
  async hold(draft: EntryDraft, about: string): Promise<HeldEvent> {
    this.#refuseFull(draft)
    const { store } = this.#c
    const key = randomId()
    await store.set(HELD, key, JSON.stringify(heldSchema.parse({ v: 1, draft, about })))
    return {
      record: (more = {}) => this.record({ ...draft, ...more }, [{ namespace: HELD, key }]),
      drop: () => store.delete(HELD, key),
    }
  }

  /**
   * Tells of changes whose process ended before it did, and drops events of those that did not happen.
   * @param happened what is known of a change besides; undefined when there was none
   */
  async settle(happened: (about: string) => Promise<Partial<EntryDraft> | undefined>): Promise<void> {
    for (const { key, value } of await this.#c.store.list(HELD)) {
      const held = heldSchema.safeParse(parsedJson(value))
      if (!held.success) throw new Error(`the event ${key} that is held cannot be read; restore the store`)
      const { draft, about } = held.data
      const more = await happened(about)
      if (more === undefined) await this.#c.store.delete(HELD, key)
      else await this.record({ ...draft, ...more }, [{ namespace: HELD, key }])
    }
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
        const appended = this.#open().append(draft)
        this.#c.saw?.(draft, appended)
        return appended
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

  #refuseFull({ type }: EntryDraft): void {
    const ledger = this.#open()
    if (ledger.full && !isClosing(type)) throw new LedgerError({ code: 'log_full', ...limitOf(ledger) })
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
