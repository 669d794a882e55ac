/** Builds the registry from its parts, in the order in which they need each other. Nothing else knows all of them. */
import { guardedFetch, guardedStream, registryMemory } from '@hansa/mesh/registry'
import { type Clock, type Did, type Logger, silentLogger } from '@hansa/protocols'
import { type Database, type Dialect, parseLocation, sqlStore } from '@hansa/storage'
import type { KeyResolver } from '@hansa/trust'
import { systemClock } from './clock.ts'
import type { RegistryConfig } from './config/config.ts'
import { type Events, registryEvents } from './events.ts'
import { registryHandlers } from './http/handlers.ts'
import { drain } from './http/listen.ts'
import { registryServer } from './http/server.ts'
import { registryResolver } from './identity/registry-resolver.ts'
import { type SenderOf, senderBehind } from './limits/sender.ts'
import { tokenBuckets } from './limits/token-buckets.ts'
import { listenAndOpen } from './listen-and-open.ts'
import { every } from './liveness/every.ts'
import { sweeping } from './liveness/sweeping.ts'
import type { RegistryLog } from './log/registry-log.ts'
import { registryMetrics } from './operations/metrics.ts'
import type { RecordComponents } from './records/admission.ts'
import type { RecordStore } from './records/record-store.ts'
import { type RecordTables, sqlRecordStore } from './records/sql-record-store.ts'
import { type Replication, type ReplicationComponents, replicate } from './replication/replicate.ts'
import { liveIndex } from './search/live-index.ts'
import { type Bell, bell } from './watch/bell.ts'
import { readTogether } from './watch/read-together.ts'
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
  const { url, database, log } = await listenAndOpen(server, config, clock)
  const changes = bell(clock)
  const records = sqlRecordStore(database, changes.ring)
  const now = () => Math.floor(clock.now() / 1000)
  const recordComponents: RecordComponents = { now, resolver, records, ...boundsOf(config, clock) }
  const sender = senderBehind(config.trustProxy)
  const watched = watching({ log, records, changes, clock, now, events, sender }, config, database.dialect)
  const { watchers, index } = watched
  let replications: Replication[] = []
  const metrics = registryMetrics({
    listings: () => records.countListed(now()),
    entries: () => log.size(),
    readers: () => watchers.readers,
    indexed: () => index.cursor,
    followed: () => replications.map(({ url, state }) => ({ url, connected: state().connected })),
  })
  const sweep = sweeping({ ...recordComponents, events })
  serve({
    handlers: registryHandlers({ ...recordComponents, log, index, events }),
    events,
    streams: { watchers, log, metrics },
    answered: metrics.answered,
    writes: tokenBuckets(config.writes),
    sender,
    now: () => clock.now(),
    turnedAway: () => {
      sweep.turnedAway()
      metrics.rateLimited()
    },
  })
  replications = followRegistries(config, database, { records: recordComponents, clock, events })
  const cancelTicks = every(clock, TICK_INTERVAL_MS, sweep.tick)
  let closed: Promise<void> | undefined
  const close = () => {
    closed ??= cancelTicks()
      .then(() => Promise.all(replications.map((one) => one[Symbol.asyncDispose]())))
      .then(watched.close)
      .then(() => drain(server, clock, config.drainMs))
      .then(() => database.close())
      .then(() => events.stopped())
    return closed
  }
  events.started(url, parseLocation(config.database).display)
  return {
    ...{ url, records, log, tick: sweep.tick, close },
    get readers() {
      return watchers.readers
    },
    [Symbol.asyncDispose]: close,
  }
}

function boundsOf({ ttlSeconds, maxKernels, deadAfterSeconds, kernelWrites }: RegistryConfig, clock: Clock) {
  const quotas = tokenBuckets(kernelWrites)
  const mayWrite = (kernel: Did) => quotas.take(kernel, clock.now())
  return { ttlSeconds, maxKernels, mayWrite, liveness: { deadAfterSeconds } }
}

type WatchingComponents = {
  log: RegistryLog
  records: RecordStore
  changes: Bell
  clock: Clock
  now(): number
  events: Events
  sender: SenderOf
}

/** Whoever follows the changes of this registry: readers of the stream, and its own index. */
function watching(
  { log, records, changes, clock, now, events, sender }: WatchingComponents,
  { watch }: RegistryConfig,
  dialect: Dialect,
) {
  const pollMs = dialect === 'postgres' ? POLL_MS : HEARTBEAT_MS
  const limits = { heartbeatMs: HEARTBEAT_MS, maxBehind: watch.maxBehind, pollMs }
  const shared = { ...readTogether({ log, records }, changes), bell: changes, now, limits }
  const failed = (error: unknown) => events.failed('watch', error)
  const watchers = watchServer({ ...shared, clock, sender, failed, bounds: watch })
  const index = liveIndex(shared, (error) => events.failed('search', error))
  const close = async () => {
    await watchers.close()
    await index[Symbol.asyncDispose]()
  }
  return { watchers, index, close }
}

function followRegistries(
  { allowPrivate, replicateFrom }: RegistryConfig,
  database: Database<RecordTables>,
  { events, ...components }: Pick<ReplicationComponents, 'records' | 'clock'> & { events: Events },
): Replication[] {
  const [fetch, stream] = [guardedFetch({ allowPrivate }), guardedStream({ allowPrivate })]
  const { registryRefused, notReplicated: refused, replicationEnded: ended } = events
  const memory = registryMemory({
    store: sqlStore(database),
    refused: (peer, { kind, reason }) => registryRefused(peer, kind, reason),
  })
  return replicateFrom.map((peer) => replicate(peer, { ...components, fetch, stream, memory, refused, ended }))
}
