/** Builds the registry from its parts, in the order in which they need each other. Nothing else knows all of them. */
import { type Clock, type Logger, silentLogger } from '@hansa/protocols'
import { type Database, openDatabase, parseLocation } from '@hansa/storage'
import { didKeyResolver, type KeyResolver } from '@hansa/trust'
import { systemClock } from './clock.ts'
import type { RegistryConfig } from './config/config.ts'
import { cannotStart } from './errors.ts'
import { registryEvents } from './events.ts'
import { registryHandlers } from './http/handlers.ts'
import { drain, listen } from './http/listen.ts'
import { registryServer } from './http/server.ts'
import { tokenBuckets } from './limits/token-buckets.ts'
import type { RecordComponents } from './records/admission.ts'
import type { RecordStore } from './records/record-store.ts'
import { type RecordTables, recordMigrations, sqlRecordStore } from './records/sql-record-store.ts'

/** How long an ended listing may take up space. Milliseconds. */
const SWEEP_INTERVAL_MS = 60_000

export interface Registry extends AsyncDisposable {
  /** Base URL, with the port that was taken. */
  readonly url: string
  readonly records: RecordStore
  /** Sweeps what has ended; scheduled once a minute, and free to be called at any time. Never rejects. */
  tick(): Promise<void>
  /** Takes no more requests, finishes those that run, and closes the database. Calling it again does nothing. */
  close(): Promise<void>
}

export type RegistryComponents = {
  /** @default the system clock */
  clock?: Clock
  /** @default silentLogger */
  logger?: Logger
  /** @default did:key only */
  resolver?: KeyResolver
}

/**
 * Starts a registry that serves when this resolves.
 *
 * @throws RegistryError `registry_cannot_start`, with every reason at once.
 */
export async function startRegistry(config: RegistryConfig, components: RegistryComponents = {}): Promise<Registry> {
  const { clock = systemClock, logger = silentLogger, resolver = didKeyResolver() } = components
  const events = registryEvents(logger)
  const { server, serve } = registryServer()
  const [listening, opening] = await Promise.allSettled([
    listen(server, config.host, config.port),
    openRecords(config.database),
  ])
  if (listening.status === 'rejected' || opening.status === 'rejected') {
    await drain(server, clock, 0)
    if (opening.status === 'fulfilled') await opening.value.close()
    const reasons = [listening, opening].filter((part) => part.status === 'rejected').map(({ reason }) => reason)
    throw cannotStart(reasons.map(messageOf), { cause: reasons[0] })
  }
  const [url, database] = [listening.value, opening.value]
  const records = sqlRecordStore(database)

  const now = () => Math.floor(clock.now() / 1000)
  const { ttlSeconds, maxKernels } = config
  const recordComponents: RecordComponents = { now, resolver, records, ttlSeconds, maxKernels }
  let turnedAway = 0
  serve({
    handlers: registryHandlers(recordComponents, events),
    events,
    writes: tokenBuckets(config.writes),
    now: () => clock.now(),
    turnedAway: () => {
      turnedAway += 1
    },
  })

  const tick = async () => {
    if (turnedAway > 0) events.rateLimited(turnedAway)
    turnedAway = 0
    try {
      const { ended, forgotten } = await records.sweep(now())
      if (ended + forgotten > 0) events.swept(ended, forgotten)
    } catch (error) {
      events.failed('sweep', error)
    }
  }
  const cancelTicks = every(clock, SWEEP_INTERVAL_MS, tick)

  let closed: Promise<void> | undefined
  const close = () => {
    closed ??= cancelTicks()
      .then(() => drain(server, clock, config.drainMs))
      .then(() => database.close())
      .then(() => events.stopped())
    return closed
  }
  events.started(url, parseLocation(config.database).display)
  return { url, records, tick, close, [Symbol.asyncDispose]: close }
}

async function openRecords(url: string): Promise<Database<RecordTables>> {
  const database = await openDatabase<RecordTables>(url)
  try {
    await database.migrate(recordMigrations)
    return database
  } catch (error) {
    await database.close()
    throw error
  }
}

/** @returns stops it, and waits for the run that is under way. */
function every(clock: Clock, intervalMs: number, run: () => Promise<void>): () => Promise<void> {
  let running = Promise.resolve()
  let cancel = () => {}
  const schedule = () => {
    cancel = clock.after(intervalMs, () => {
      running = run().then(schedule)
    })
  }
  schedule()
  return async () => {
    cancel()
    await running
    // The run that was under way has scheduled the next one.
    cancel()
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
