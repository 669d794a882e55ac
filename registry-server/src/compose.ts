/** Builds the registry from its parts, in the order in which they need each other. Nothing else knows all of them. */
import { guardedFetch, guardedStream, registryMemory } from '@hansa/mesh/registry'
import { type Clock, type Did, type Logger, silentLogger } from '@hansa/protocols'
import { type Database, openDatabase, parseLocation, sqlStore, storeMigrations } from '@hansa/storage'
import type { KeyResolver } from '@hansa/trust'
import { systemClock } from './clock.ts'
import type { RegistryConfig } from './config/config.ts'
import { cannotStart } from './errors.ts'
import { type Events, registryEvents } from './events.ts'
import { registryHandlers } from './http/handlers.ts'
import { drain, listen } from './http/listen.ts'
import { registryServer } from './http/server.ts'
import { registryResolver } from './identity/registry-resolver.ts'
import { tokenBuckets } from './limits/token-buckets.ts'
import { observeLiveness } from './liveness/observe.ts'
import { logKey, openLog } from './log/open-log.ts'
import { type RegistryLog, registryLog } from './log/registry-log.ts'
import { registryMetrics } from './operations/metrics.ts'
import { recordMigrations } from './records/record-migrations.ts'
import type { RecordStore } from './records/record-store.ts'
import { type RecordTables, sqlRecordStore } from './records/sql-record-store.ts'
import { type Replication, type ReplicationComponents, replicate } from './replication/replicate.ts'
import { liveIndex } from './search/live-index.ts'
import { bell } from './watch/bell.ts'
import { watchServer } from './watch/serve-watch.ts'

/** How often it is looked which kernels were not heard of any more, milliseconds. */
const TICK_INTERVAL_MS = 5_000

/** A reader hears something at least so often, and notices by it that the stream still lives. */
const HEARTBEAT_MS = 15_000
/** How long what another replica wrote may go unnoticed. */
const POLL_MS = 500

export interface Registry extends AsyncDisposable {
  /** Base URL, with the port that was taken. */
  readonly url: string
  readonly records: RecordStore
  readonly log: RegistryLog
  /** Of the watch stream, now. */
  readonly readers: number
  /** Writes down what time has done; scheduled every five seconds, and free to be called at any time. Never rejects. */
  tick(): Promise<void>
  /** Takes no more requests, finishes those that run, and closes the database. Calling it again does nothing. */
  close(): Promise<void>
}

export type RegistryComponents = {
  /** @default the system clock */
  clock?: Clock
  /** @default silentLogger */
  logger?: Logger
  /** @default did:key, did:webvh over guarded fetches, did:web with the keys of the configuration */
  resolver?: KeyResolver
}

/**
 * Starts a registry that serves when this resolves.
 *
 * @throws RegistryError `registry_cannot_start`, with every reason at once.
 */
export async function startRegistry(config: RegistryConfig, components: RegistryComponents = {}): Promise<Registry> {
  const { clock = systemClock, logger = silentLogger } = components
  const resolver = components.resolver ?? registryResolver(config, clock)
  const events = registryEvents(logger)
  const { server, serve } = registryServer()
  const [listening, opening] = await Promise.allSettled([listen(server, config.host, config.port), openRecords(config)])
  if (listening.status === 'rejected' || opening.status === 'rejected') {
    await drain(server, clock, 0)
    if (opening.status === 'fulfilled') await opening.value.database.close()
    const reasons = [listening, opening].filter((part) => part.status === 'rejected').map(({ reason }) => reason)
    throw cannotStart(reasons.map(messageOf), { cause: reasons[0] })
  }
  const [url, { database, log }] = [listening.value, opening.value]
  const records = sqlRecordStore(database)

  const now = () => Math.floor(clock.now() / 1000)
  const { ttlSeconds, maxKernels, deadAfterSeconds } = config
  const quotas = tokenBuckets(config.kernelWrites)
  const mayWrite = (kernel: Did) => quotas.take(kernel, clock.now())
  const bounds = { ttlSeconds, maxKernels, mayWrite, liveness: { deadAfterSeconds } }
  const recordComponents = { now, resolver, records, ...bounds }
  const changes = bell(clock)
  const pollMs = database.dialect === 'postgres' ? POLL_MS : HEARTBEAT_MS
  const failed = (error: unknown) => events.failed('watch', error)
  const limits = { heartbeatMs: HEARTBEAT_MS, maxBehind: config.watch.maxBehind, pollMs }
  const watching = { log, records, bell: changes, now, limits }
  const watchers = watchServer({ ...watching, clock, failed, bounds: config.watch })
  const index = liveIndex(watching, (error) => events.failed('search', error))
  let replications: Replication[] = []
  const metrics = registryMetrics({
    listings: () => records.countListed(now()),
    entries: () => log.size(),
    readers: () => watchers.readers,
    indexed: () => index.cursor,
    followed: () => replications.map(({ url, state }) => ({ url, connected: state().connected })),
  })
  let turnedAway = 0
  serve({
    handlers: registryHandlers({ ...recordComponents, log, index, events, changed: changes.ring }),
    events,
    streams: { watchers, log, metrics },
    answered: metrics.answered,
    writes: tokenBuckets(config.writes),
    now: () => clock.now(),
    turnedAway: () => {
      turnedAway += 1
      metrics.rateLimited()
    },
  })

  const followed = { records: recordComponents, clock, changed: changes.ring, events }
  replications = followRegistries(config, database, followed)

  const tick = async () => {
    if (turnedAway > 0) events.rateLimited(turnedAway)
    turnedAway = 0
    try {
      const { unreachable, dead } = await observeLiveness(recordComponents)
      const forgotten = await records.forget(now())
      if (unreachable + dead > 0) changes.ring()
      if (unreachable + dead + forgotten > 0) events.swept(unreachable, dead, forgotten)
    } catch (error) {
      events.failed('sweep', error)
    }
  }
  const cancelTicks = every(clock, TICK_INTERVAL_MS, tick)

  let closed: Promise<void> | undefined
  const close = () => {
    closed ??= cancelTicks()
      .then(() => Promise.all(replications.map((one) => one[Symbol.asyncDispose]())))
      .then(() => watchers.close())
      .then(() => index[Symbol.asyncDispose]())
      .then(() => drain(server, clock, config.drainMs))
      .then(() => database.close())
      .then(() => events.stopped())
    return closed
  }
  events.started(url, parseLocation(config.database).display)
  return {
    ...{ url, records, log, tick, close },
    get readers() {
      return watchers.readers
    },
    [Symbol.asyncDispose]: close,
  }
}

function followRegistries(
  { allowPrivate, replicateFrom }: RegistryConfig,
  database: Database<RecordTables>,
  { events, ...components }: Pick<ReplicationComponents, 'records' | 'clock' | 'changed'> & { events: Events },
): Replication[] {
  const [fetch, stream] = [guardedFetch({ allowPrivate }), guardedStream({ allowPrivate })]
  const { registryRefused, notReplicated: refused, replicationEnded: ended } = events
  const memory = registryMemory({
    store: sqlStore(database),
    refused: (peer, { kind, reason }) => registryRefused(peer, kind, reason),
  })
  return replicateFrom.map((peer) => replicate(peer, { ...components, fetch, stream, memory, refused, ended }))
}

async function openRecords({ database: url, logKeyFile, logOrigin }: RegistryConfig) {
  const database = await openDatabase<RecordTables>(url)
  try {
    await database.migrate(storeMigrations)
    await database.migrate(recordMigrations)
    const key = await logKey({
      database: url,
      ...(logKeyFile !== undefined && { keyFile: logKeyFile }),
      ...(logOrigin !== undefined && { origin: logOrigin }),
    })
    await openLog(database, key)
    return { database, log: registryLog(database, key) }
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
