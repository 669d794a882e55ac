/**
 * Content of calls, kept because the operator said so: what the log commits to, and does not hold. A record is durable
 * before the call goes on, its key and its file both; erasing it deletes the key, says so in the log, and unlinks the
 * file, in this order, and goes on with that after a crash.
 */
import { inTurn } from '@hansa/mesh'
import type { Clock, EntryDraft, EventLogger, Store, StoreChange } from '@hansa/protocols'
import { MAX_ERASED_RECORDS } from '@hansa/protocols'
import { type Content, type ContentKind, contentHash, type OpenedContent, openContent, sealContent } from '@hansa/trust'
import type { Events } from '../kernel/event-outbox.ts'
import { faultFields } from '../kernel/fault-fields.ts'
import type {
  BlobDisk,
  ContentFilter,
  ContentName,
  ContentRecord,
  ContentRecords,
  ContentSize,
} from './content-records.ts'
import type { ContentSettings } from './content-settings.ts'

/** Where content is kept. */
export type ContentGround = {
  records: ContentRecords
  blobs: BlobDisk
  /** 32 bytes that wrap the keys of records. @param create makes it when there is none @throws when there is none */
  key(create: boolean): Promise<Uint8Array>
}

export type ContentStoreComponents = ContentGround & {
  store: Store
  events: Events
  clock: Clock
  logger: EventLogger
  /** Of the log that is written to. */
  origin: string
}

/** Which call content is of. */
export type ContentSubject = Pick<ContentRecord, 'callId' | 'principal' | 'peer' | 'capability'>

export type Erasure = Pick<EntryDraft, 'actor' | 'peer' | 'call_id'> & { reason: string; note: string }
export type Erased = ContentSize & { entries: number }

/** Names of blobs whose records are gone and whose files may still be there. */
const ERASING = 'content-erasing'
/** Milliseconds between two looks for content whose time is over: each leaves an entry when it finds some. */
const RETENTION_PERIOD_MS = 600_000
/** Records whose rows are written in one transaction. */
const ROWS_AT_ONCE = 256

type Waiting = { record: ContentRecord; done: PromiseWithResolvers<void> }

export class ContentStore {
  readonly #c: ContentStoreComponents
  readonly #settings: ContentSettings
  #key: Uint8Array | undefined
  #bytes = 0
  #waiting: Waiting[] = []
  #writing = false
  readonly #inTurn = inTurn()
  #lastRetentionMs = 0

  /** @throws KeyFileError when content is to be kept, some is there, and the key that opens it is not. */
  static async open(components: ContentStoreComponents, settings: ContentSettings): Promise<ContentStore> {
    const content = new ContentStore(components, settings)
    content.#bytes = (await components.records.size({})).bytes
    if (settings.keep !== 'none') content.#key = await components.key(false)
    await content.#finishErasures()
    return content
  }

  private constructor(components: ContentStoreComponents, settings: ContentSettings) {
    this.#c = components
    this.#settings = settings
  }

  get settings(): ContentSettings {
    return this.#settings
  }

  /** Of all that is kept. */
  get bytes(): number {
    return this.#bytes
  }

  keeps(kind: ContentKind): boolean {
    const { keep } = this.#settings
    return keep === 'all' || keep === (kind === 'arguments' ? 'arguments' : 'results')
  }

  /** Resolves when key and file are durable. @returns the name of the record @throws what the disk or the database says */
  async keep(subject: ContentSubject, kind: ContentKind, commitment: string, content: Content): Promise<string> {
    const { origin, clock, blobs } = this.#c
    const { callId } = subject
    const key = this.#key
    if (key === undefined) throw new Error('content is kept without a key')
    const context = { origin, callId, kind, commitment }
    const { blob, wrappedKey } = sealContent(content, context, key)
    const hash = contentHash(context)
    const bytes = content.bytes.length
    // The row first: there is no file without one, that nobody would ever delete.
    await this.#row({ ...subject, ...context, hash, tMs: clock.now(), bytes, wrappedKey })
    try {
      await blobs.write(hash, blob)
    } catch (error) {
      await this.discard(hash)
      throw error
    }
    return hash
  }

  /** Takes back what was kept of a call that did not begin. The log has nothing to tell of it. */
  async discard(hash: string): Promise<void> {
    try {
      await this.#remove([hash], [])
    } catch (error) {
      this.#c.logger.error('content.not_discarded', faultFields(error))
    }
  }

  /** @returns undefined when nothing is kept. */
  async read(
    origin: string,
    callId: string,
    kind: ContentKind,
  ): Promise<{ record: ContentRecord; content: OpenedContent } | undefined> {
    const record = await this.#c.records.get(contentHash({ origin, callId, kind }))
    if (record === undefined) return undefined
    const refuse = (reason: string) => ({ record, content: { ok: false as const, reason } })
    const blob = await this.#c.blobs.read(record.hash)
    if (blob === undefined) return refuse('its file is missing')
    try {
      this.#key ??= await this.#c.key(false)
    } catch (error) {
      return refuse(error instanceof Error ? error.message : 'the key of kept content cannot be read')
    }
    const context = { origin, callId, kind, commitment: record.commitment }
    return { record, content: openContent({ blob, wrappedKey: record.wrappedKey }, context, this.#key) }
  }

  size(filter: ContentFilter = {}): Promise<ContentSize> {
    return this.#c.records.size(filter)
  }

  /**
   * Erases what matches, a thousand records to an entry.
   * @param together what else is stored of these calls, and goes with them
   */
  erase(
    filter: ContentFilter,
    erasure: Erasure,
    together: (calls: ReadonlySet<string>) => Promise<readonly StoreChange[]> = async () => [],
  ): Promise<Erased> {
    return this.#inTurn(async () => {
      const until = { ...filter, beforeMs: filter.beforeMs ?? this.#c.clock.now() + 1 }
      const erased: Erased = { records: 0, calls: 0, bytes: 0, entries: 0 }
      const calls = new Set<string>()
      let stored = false
      for (;;) {
        const names = await this.#c.records.select(until, MAX_ERASED_RECORDS)
        const first = erased.entries === 0
        if (names.length === 0 && !first) break
        const these = new Set(names.map(({ callId }) => callId))
        if (first && filter.callId !== undefined) these.add(filter.callId)
        const more = await together(these)
        if (names.length === 0 && more.length === 0) break
        stored ||= more.length > 0
        await this.#eraseNames(names, erasure, more)
        erased.entries += 1
        erased.records += names.length
        for (const { callId, bytes } of names) {
          calls.add(callId)
          erased.bytes += bytes
        }
      }
      if (stored) await this.#c.records.rewrite()
      return { ...erased, calls: calls.size }
    })
  }

  /** A periodic job: erases what is older or more than the operator keeps. */
  tick(): Promise<void> {
    return this.#inTurn(async () => {
      await this.#retainAge()
      await this.#retainSize()
    })
  }

  /**
   * After a crash: content that the log does not tell of is discarded.
   * @param withinMs before the newest: what was kept earlier is known to be in the log
   */
  async discardUnknown(withinMs: number, isKnown: (callId: string, kind: ContentKind) => boolean): Promise<void> {
    const newestMs = await this.#c.records.newestMs()
    if (newestMs === undefined) return
    const kept = await this.#c.records.since(newestMs - withinMs)
    const unknown = kept.filter(({ callId, kind }) => !isKnown(callId, kind))
    if (unknown.length > 0)
      await this.#remove(
        unknown.map(({ hash }) => hash),
        [],
      )
  }

  async #retainAge(): Promise<void> {
    const { retentionMs } = this.#settings
    const nowMs = this.#c.clock.now()
    if (nowMs - this.#lastRetentionMs < RETENTION_PERIOD_MS) return
    this.#lastRetentionMs = nowMs
    const days = Math.round(retentionMs / 86_400_000)
    for (;;) {
      const names = await this.#c.records.select({ beforeMs: nowMs - retentionMs }, MAX_ERASED_RECORDS)
      if (names.length === 0) return
      await this.#eraseNames(names, { reason: `older than ${days} days`, note: 'retention' }, [])
    }
  }

  async #retainSize(): Promise<void> {
    const { maxBytes } = this.#settings
    while (this.#bytes > maxBytes) {
      const oldest = await this.#c.records.select({}, MAX_ERASED_RECORDS)
      let over = this.#bytes - maxBytes
      const names = oldest.filter(({ bytes }) => {
        const goes = over > 0
        over -= bytes
        return goes
      })
      if (names.length === 0) return
      await this.#eraseNames(names, { reason: 'more than is kept', note: 'retention' }, [])
    }
  }

  async #eraseNames(names: readonly ContentName[], erasure: Erasure, more: readonly StoreChange[]): Promise<void> {
    const { events } = this.#c
    const { reason, note, ...who } = erasure
    const hashes = names.map(({ hash }) => hash)
    const records = hashes.length === 0 ? {} : { records: hashes }
    const told = events.row({ type: 'content.erased', ...who, ext: { ...records, count: hashes.length, reason, note } })
    await this.#remove(hashes, [...more, told])
    await events.drain()
  }

  async #remove(hashes: readonly string[], together: readonly StoreChange[]): Promise<void> {
    const { records, blobs, store } = this.#c
    this.#bytes -= await records.remove(hashes, [
      ...together,
      ...hashes.map((key) => ({ namespace: ERASING, key, value: '' })),
    ])
    await records.scrub()
    await blobs.remove(hashes)
    await store.apply(hashes.map((key) => ({ namespace: ERASING, key })))
  }

  async #finishErasures(): Promise<void> {
    const { store, records, blobs } = this.#c
    const left = (await store.list(ERASING)).map(({ key }) => key)
    if (left.length === 0) return
    await records.scrub()
    await blobs.remove(left)
    await store.apply(left.map((key) => ({ namespace: ERASING, key })))
  }

  /** Many at once share a transaction: what comes while one is written waits for the next. */
  #row(record: ContentRecord): Promise<void> {
    const done = Promise.withResolvers<void>()
    this.#waiting.push({ record, done })
    if (!this.#writing) void this.#writeRows()
    return done.promise
  }

  async #writeRows(): Promise<void> {
    this.#writing = true
    while (this.#waiting.length > 0) {
      const some = this.#waiting.splice(0, ROWS_AT_ONCE)
      try {
        await this.#c.records.add(some.map(({ record }) => record))
        for (const { record, done } of some) {
          this.#bytes += record.bytes
          done.resolve()
        }
      } catch (error) {
        for (const { done } of some) done.reject(error)
      }
    }
    this.#writing = false
  }
}
