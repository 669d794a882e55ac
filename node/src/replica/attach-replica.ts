/** What stands around the replica of a kernel: where it is kept over a restart, what it is asked, and what is said of it. */
import {
  keepReplica,
  type LocalReplica,
  MeaningIndex,
  memoryReplicaStore,
  type ReplicaStore,
  type RoundReport,
  SearchIndex,
  searchReplica,
} from '@hansa/mesh'
import type { Clock, Did, EventLogger, SearchAnswer, SearchQuery } from '@hansa/protocols'
import { CallError, searchQuerySchema } from '@hansa/protocols'
import { type Detectors, screenDescription } from '../firewall/index.ts'
import { faultFields } from '../kernel/fault-fields.ts'
import type { SearchMeaning } from '../search/search-meaning.ts'
import type { PeerStanding, Standing } from '../standing/standing.ts'

export type AttachReplicaComponents = {
  self: Did
  clock: Clock
  logger: EventLogger
  replica: LocalReplica
  /** @default in memory */
  store?: ReplicaStore | undefined
  detectors: Detectors
  /** Who turns texts into vectors. @default nobody does */
  meaning?: SearchMeaning | undefined
  standing: Standing
  /** Why a kernel is kept out, if it is. */
  bars(peer: Did): string | undefined
}

export type AttachedReplica = {
  /** @throws CallError `invalid_request` for a query that is none. */
  search(query: SearchQuery): Promise<SearchAnswer>
  /** Resolves when what was kept is back. Never rejects. */
  readonly restored: Promise<void>
  /** Says of a reconciliation what is worth a line. */
  ended(report: RoundReport): void
  /** Somebody is not listened to for a while. */
  turnLost(source: string, reason: string, lostMs: number): void
  /** Writes what is left. */
  close(): Promise<void>
}

export function attachReplica(components: AttachReplicaComponents): AttachedReplica {
  const { self, clock, logger, replica, standing, bars, detectors, store } = components
  const meaning = components.meaning && meaningOf(components.meaning, components)
  const find = searchReplica({
    meaning,
    index: new SearchIndex(replica, { isFamiliar: (did) => isFamiliar(standing.of(did)), meaning }),
    // Of others: this one knows what it offers itself.
    kernels: () => replica.size - (replica.record(self)?.kind === 'manifest' ? 1 : 0),
    standing: (did) => standing.of(did),
    hides: (did) => did === self || bars(did) !== undefined,
    screen: (text) => screenDescription(text, detectors),
  })
  const kept = keepReplica({
    ...{ replica, clock, store: store ?? memoryReplicaStore() },
    failed: (error) => logger.error('replica.not_kept', faultFields(error)),
  })
  const turnLost = (source: string, reason: string, lostMs: number) =>
    logger.warn('replica.turn_lost', { source, reason, after_ms: lostMs })
  return {
    async search(given) {
      const query = readQuery(given)
      const answer = await find(query)
      if (answer !== undefined) return answer
      throw refused(`"${query.version}" is no range of versions: write one like 1.2.3, 1.x, ^1.2 or ">=1.2 <2".`)
    },
    restored: kept.restored,
    turnLost,
    ended({ neighbour: peer, taken, given, tookMs, fault, rejected, bytesSent, bytesReceived }) {
      if (fault !== undefined) logger.debug('replica.neighbour_failed', { peer, reason: fault })
      else if (rejected !== undefined) turnLost(peer, rejected, tookMs)
      else if (taken > 0 || given > 0)
        logger.debug('replica.reconciled', { peer, taken, given, bytes: bytesSent + bytesReceived, after_ms: tookMs })
    },
    async close() {
      meaning?.close()
      await kept.close()
    },
  }
}

function meaningOf({ provider, maxVectors }: SearchMeaning, { clock, logger }: AttachReplicaComponents): MeaningIndex {
  const failed = (reason: string) => logger.warn('search.no_meaning', { reason: reason.slice(0, 512) })
  return new MeaningIndex({ provider, clock, failed }, maxVectors === undefined ? {} : { maxVectors })
}

/** Strangers are on probation, and what is barred is not found. */
function isFamiliar({ tier }: PeerStanding): boolean {
  return tier !== 'probation' && tier !== 'blocked'
}

/** In the agent's process nobody has checked it before. */
function readQuery(given: SearchQuery): SearchQuery {
  const parsed = searchQuerySchema.safeParse(given)
  if (parsed.success) return parsed.data
  const [issue] = parsed.error.issues
  throw refused(`The query is not understood: ${issue?.path.join('.') || 'it'} ${issue?.message ?? 'is malformed'}.`)
}

function refused(message: string): CallError {
  return new CallError({ code: 'invalid_request' }, `invalid_request: ${message}`)
}
