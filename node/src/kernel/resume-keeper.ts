/**
 * Keeps the resume point of a kernel near the end of its log. A point is made by reading the log on from the one before,
 * as a start would, and never from what the kernel has in memory: it is a function of the log alone. The idempotency keys
 * that it leaves out go to the disk before it does.
 *
 * A start that skips entries does not look at them, so they are verified afterwards, slowly, while the kernel works. When
 * they are not what was signed, the point is dropped and the kernel ends: the next start reads everything, and says where.
 */
import type { Clock, EventLogger, Store } from '@hansa/protocols'
import { followLog, type VerifiedPrefix } from '@hansa/trust/ledger'
import { faultFields } from './fault-fields.ts'
import { type ReadOnInit, type ResumeThread, readOn, type SealedPoint, sealReadOn } from './read-on.ts'
import { openResumePoint, type ResumePoint } from './resume-point.ts'
import type { SettledKey } from './settled-keys.ts'

/** Entries between two points: what a start after a crash reads, a second at most. */
const EVERY_ENTRIES = 32_768
/** How often that is doubled, at most, while no point can be made: an attempt may cost as much as a point. */
const MAX_DOUBLINGS = 6
/** Entries that are worth a point when the kernel ends. */
const WORTH_ENTRIES = 1_024
/** Entries that an ending kernel still reads for one, some seconds. */
const MOST_AT_END = 4 * EVERY_ENTRIES
/** Entries that are sooner verified than a thread is started. */
const WORTH_A_THREAD = 8_192
/** Between two looks for keys on the disk that are a day old, ms. */
const FORGET_EVERY_MS = 3_600_000
/** Between two slices of work, ms: a quarter of one core at most. */
const PAUSE_MS = 10

const NAMESPACE = 'resume'
const KEY = 'point'

const intact = () => true

/** What a pause ends with when the kernel closes. */
class Interrupted extends Error {}

export type ResumeKeeperInit = Omit<ReadOnInit, 'pause'> & {
  store: Store
  clock: Clock
  logger: EventLogger
  /** Of the kernel, 32 bytes. */
  key: Uint8Array
  /** Does what is done in the background, where the log begins blank. @default this thread, with pauses */
  thread?: ResumeThread
  /** Idempotency keys of the running kernel: those that a point leaves out are on the disk before it is. */
  keys: {
    settle(keys: readonly SettledKey[]): Promise<void>
    /** @returns whether there may be more to forget */
    forgetSettled(): Promise<boolean>
  }
  /** What was skipped is not what was signed. */
  onDamage(error: unknown): void
}

export class ResumeKeeper {
  readonly #init: ResumeKeeperInit
  /** Entries that the last point covers. */
  #covered = 0
  /** Whether the store has a point that can be used; undefined before anybody has looked. */
  #isKept: boolean | undefined
  /** Entries up to which no other point is tried, after so many failures. */
  #notBefore = 0
  #failures = 0
  #forgetAtMs = 0
  #running: Promise<void> | undefined
  #closing = false
  #wake = () => {}

  constructor(init: ResumeKeeperInit) {
    this.#init = init
  }

  /** @returns undefined when there is none that can be used; whether it fits the log is not known then. */
  async load(): Promise<ResumePoint | undefined> {
    const { store, key } = this.#init
    const text = await store.get(NAMESPACE, KEY)
    const point = text === undefined ? undefined : openResumePoint(text, key)
    this.#isKept = point !== undefined
    return point
  }

  /** The kernel was opened behind this prefix: verifies it once more, in the background. */
  resumed(prefix: VerifiedPrefix, size: number): void {
    this.#covered = size
    this.#run(() => this.#verify(prefix, size))
  }

  /** Does in the background what is due: another point, forgetting old keys. @param size entries under the last checkpoint */
  tick(size: number): void {
    if (this.#running !== undefined) return
    if (size - this.#covered >= EVERY_ENTRIES && size >= this.#notBefore) this.#makePoint(size)
    else this.#forgetSeldom()
  }

  /** Call it when the log is closed. @param size entries under its last checkpoint */
  async close(size: number): Promise<void> {
    this.#closing = true
    this.#wake()
    await this.#init.thread?.close()
    await this.#running
    const fresh = size - this.#covered
    if (fresh < WORTH_ENTRIES || fresh > MOST_AT_END) return
    await this.#read()
      .then((made) => this.#keep(made))
      .catch((error: unknown) => this.#failed(error))
  }

  #makePoint(size: number): void {
    this.#notBefore = size + EVERY_ENTRIES * 2 ** Math.min(this.#failures, MAX_DOUBLINGS)
    this.#failures += 1
    this.#run(async () => {
      await this.#keep(await this.#readInBackground(), () => this.#pause())
      this.#failures = 0
      this.#notBefore = 0
    })
  }

  #forgetSeldom(): void {
    const { clock, keys } = this.#init
    if (clock.now() < this.#forgetAtMs) return
    this.#forgetAtMs = clock.now() + FORGET_EVERY_MS
    this.#run(async () => {
      while (await keys.forgetSettled()) await this.#pause()
    })
  }

  #run(job: () => Promise<void>): void {
    if (this.#closing) return
    this.#running = job()
      .catch((error: unknown) => this.#failed(error))
      .finally(() => {
        this.#running = undefined
      })
  }

  async #keep(made: SealedPoint | undefined, pause = () => Promise.resolve()): Promise<void> {
    if (made === undefined) return
    for (const keys of made.ended) {
      await this.#init.keys.settle(JSON.parse(keys) as SettledKey[])
      await pause()
    }
    await this.#init.store.set(NAMESPACE, KEY, made.sealed)
    this.#isKept = true
    this.#covered = made.size
  }

  async #readInBackground(): Promise<SealedPoint | undefined> {
    const { thread, begin, store, key } = this.#init
    const isKept = this.#isKept ?? (await this.load()) !== undefined
    const pause = () => this.#pause()
    if (thread === undefined || (!isKept && begin !== undefined)) return this.#read(pause)
    const after = isKept ? await store.get(NAMESPACE, KEY) : undefined
    return thread.readOn(after, key).catch(async () => {
      await pause()
      return this.#read(pause)
    })
  }

  /** In this thread. */
  async #read(pause?: () => Promise<void>): Promise<SealedPoint | undefined> {
    const made = await readOn(await this.load(), { ...this.#init, ...(pause && { pause }) })
    return made && sealReadOn(made, this.#init.key)
  }

  async #verify(until: VerifiedPrefix, size: number): Promise<void> {
    const { directory, vkey, store, onDamage } = this.#init
    const thread = size < WORTH_A_THREAD ? undefined : this.#init.thread
    const pause = () => this.#pause()
    await pause()
    // What a thread finds is found here again, and a thread can also end for other reasons.
    if (await thread?.verify(until).then(intact, () => false)) return
    try {
      await pause()
      await followLog({ directory, vkey, until, pause })
    } catch (error) {
      if (error instanceof Interrupted) throw error
      await store.delete(NAMESPACE, KEY)
      this.#isKept = false
      onDamage(error)
    }
  }

  #failed(error: unknown): void {
    // Without a point the next start reads more, and that is all.
    if (!(error instanceof Interrupted)) this.#init.logger.warn('log.resume_point_failed', faultFields(error))
  }

  #pause(): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.#closing) reject(new Interrupted())
      const cancel = this.#init.clock.after(PAUSE_MS, resolve)
      this.#wake = () => {
        cancel()
        reject(new Interrupted())
      }
    })
  }
}
