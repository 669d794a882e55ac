/**
 * Records of the replica are checked in threads of their own while many come at once: when a node joins, or is back from a
 * partition. The threads are started with the first batch that is worth it, and end when none has come for a while.
 */
import { availableParallelism } from 'node:os'
import type { ClaimedRecord, RecordReading } from '@hansa/mesh'
import type { CapabilityManifest, Clock, UnixSeconds } from '@hansa/protocols'
import { AskedThread, threadProgram } from '../thread/asked-thread.ts'
import type { BatchReading, RecordBatch } from './record-thread.ts'

/** More help little, because putting records in their places takes as long as checking them in two; and calls need a processor. */
const MAX_THREADS = 2
/** So that a thread never waits for its next batch. */
const BATCHES_PER_THREAD = 2
/** Fewer come while nothing much happens. */
const WORTH_A_THREAD = 16
/** A thread without a batch ends after so long, milliseconds: it holds some MiB. */
const IDLE_MS = 30_000

/** It keeps nothing; without a limit it would let garbage lie. A page of records is 1 MiB. */
const MEMORY = { maxYoungGenerationSizeMb: 16, maxOldGenerationSizeMb: 128 }

type RecordThread = AskedThread<RecordBatch, readonly BatchReading[]>

export interface RecordThreads {
  readonly parallel: number
  /** Starts them. Resolves when all of them answer, rejects when one has ended. */
  start(): Promise<void>
  /** Whether so many are worth the way to a thread; they are started for it, and do not take any before they answer. */
  takes(records: number): boolean
  /** Rejects when the thread ends before it has answered. */
  read(records: readonly ClaimedRecord[], now: UnixSeconds): Promise<readonly RecordReading[]>
  close(): Promise<void>
}

export function recordThreads(clock: Clock, threads = usualThreads()): RecordThreads {
  return new StartedThreads(clock, threads)
}

class StartedThreads implements RecordThreads {
  readonly #clock: Clock
  readonly #threads: number
  #starting: Promise<void> | undefined
  #ready: RecordThread[] = []
  #all: RecordThread[] = []
  #cancel: () => void = () => {}

  constructor(clock: Clock, threads: number) {
    this.#clock = clock
    this.#threads = threads
  }

  get parallel(): number {
    return this.#threads * BATCHES_PER_THREAD
  }

  start(): Promise<void> {
    this.#starting ??= this.#startAll()
    return this.#starting
  }

  takes(records: number): boolean {
    if (records < WORTH_A_THREAD) return false
    // What keeps one from starting is told by the batch that finds it ended.
    this.start().catch(() => {})
    return this.#ready.length > 0
  }

  async read(records: readonly ClaimedRecord[], now: UnixSeconds): Promise<readonly RecordReading[]> {
    const texts = records.map(({ jws, kind }) => ({ jws, kind }))
    const readings = await this.#ask({ records: texts, now })
    return readings.map((reading, at) => wholeReading(reading, records[at]))
  }

  #ask(batch: RecordBatch): Promise<readonly BatchReading[]> {
    const [least] = this.#ready.toSorted((one, other) => one.waiting - other.waiting)
    if (least === undefined) return Promise.reject(new Error('no thread that checks records is ready'))
    if (least.ended) void this.close()
    this.#endWhenIdle()
    return least.ask(batch)
  }

  async close(): Promise<void> {
    this.#cancel()
    const ending = this.#all
    this.#all = []
    this.#ready = []
    this.#starting = undefined
    await Promise.all(ending.map((thread) => thread.end()))
  }

  async #startAll(): Promise<void> {
    const all = Array.from({ length: this.#threads }, startThread)
    this.#all = all
    this.#endWhenIdle()
    await Promise.all(
      all.map(async (thread) => {
        await thread.ask({ records: [], now: 0 })
        if (this.#all === all) this.#ready.push(thread)
      }),
    )
  }

  #endWhenIdle(): void {
    this.#cancel()
    this.#cancel = this.#clock.after(IDLE_MS, () => {
      if (this.#all.every(({ waiting }) => waiting === 0)) void this.close()
      else this.#endWhenIdle()
    })
  }
}

/** The thread has verified the text, so what was parsed of it here says what it says there. */
function wholeReading(reading: BatchReading, record: ClaimedRecord | undefined): RecordReading {
  if (!reading.ok) return reading
  if (record === undefined) return { ok: false, reason: 'not_read', fault: false }
  const { jws, did, kind, payload } = record
  const { hash, seq, until } = reading
  const read = { ok: true, record: { did, kind, seq, hash, jws, until } } as const
  return kind === 'withdrawal' ? read : { ...read, signed: { jws, manifest: payload as CapabilityManifest, hash } }
}

/** As many as there are processors beside the one of this thread. */
function usualThreads(): number {
  return Math.max(1, Math.min(MAX_THREADS, availableParallelism() - 1))
}

function startThread(): RecordThread {
  const program = threadProgram('record-thread', import.meta.url)
  return new AskedThread({ program, name: 'a thread that checks records', limits: MEMORY, letsEnd: true })
}
