/** The replica of one kernel: how soon a cold one holds what another holds, what one difference costs, and searches. */
import { join } from 'node:path'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import {
  keepReplica,
  LocalReplica,
  type RecordReader,
  type ReplicaRecord,
  ReplicaRounds,
  replicaPaths,
  SearchIndex,
  searchReplica,
  serveReplica,
} from '@hansa/mesh'
import { recordThreads, replicaMigrations, spreadRecordReader, sqlReplicaStore } from '@hansa/node/testing'
import type { Clock, EventLogger, PeerReply, PeerRequest } from '@hansa/protocols'
import { openDatabase } from '@hansa/storage'
import { didKeyResolver, unadmittedKeys } from '@hansa/trust'
import { eventual } from '../micro/operation.ts'
import type { OperationRow } from '../report/bench-report.ts'
import { type MadeManifest, manyManifests, verifiedManifests } from './many-manifests.ts'
import { rowOf } from './row-of.ts'

const clock: Clock = {
  now: () => Date.now(),
  after(delayMs, run) {
    const timer = setTimeout(run, delayMs)
    return () => clearTimeout(timer)
  },
}
const ROOM = { maxRecords: 200_000, knownShare: 1 }
const silent: EventLogger = { debug() {}, info() {}, warn() {}, error() {} }
const resolver = unadmittedKeys(didKeyResolver())

/** Bytes both ways. */
export type JoinCost = { rows: OperationRow[]; bytes: Record<string, number> }

/** In one process, so that the times are of the work of both sides. @param directory empty, on the measured disk */
export async function lateJoin(count: number, directory: string, progress: (name: string) => void): Promise<JoinCost> {
  progress(`signing ${count} manifests`)
  const now = Math.floor(Date.now() / 1000)
  const made = [...manyManifests(count, now)]
  const full = replicaOf(made.slice(1))
  // As a node has them: threads started with the first page, searched and kept from the first record on.
  const threads = recordThreads(clock)
  const reader = spreadRecordReader({ resolver, logger: silent, isRevoked: () => false, threads })
  const cold = newReplica(reader)
  new SearchIndex(cold)
  await using database = await openDatabase(`sqlite:${join(directory, 'state.sqlite')}`)
  await database.migrate(replicaMigrations)
  const kept = keepReplica({ replica: cold, clock, store: sqlReplicaStore(database), failed: fail })
  await kept.restored
  progress('a cold replica')
  const held = monitorEventLoopDelay({ resolution: 5 })
  held.enable()
  const first = await joined(cold, full)
  held.disable()
  progress('one difference')
  await full.take(made[0]?.jws ?? '', 'did:web:bench.example')
  const second = await joined(cold, full)
  await threads.close()
  await kept.close()
  if (cold.size !== count) throw new Error(`${cold.size} of ${count} manifests arrived`)
  const named = count.toLocaleString('en')
  return {
    rows: [
      rowOf(`a cold replica takes ${named} manifests, each verified`, [first.tookMs]),
      {
        name: 'meanwhile, how late the event loop is for calls',
        perSecond: 0,
        p50Us: held.percentile(50) / 1_000,
        p99Us: held.percentile(99) / 1_000,
      },
      rowOf(`one of ${named} manifests differs, until it is there`, [second.tookMs]),
    ],
    bytes: { [`cold ${count}`]: first.bytes, [`one of ${count}`]: second.bytes },
  }
}

function fail(error: unknown): never {
  throw error
}

async function joined(cold: LocalReplica, full: LocalReplica): Promise<{ tookMs: number; bytes: number }> {
  const service = serveReplica({ replica: full, clock })
  const transport = {
    async send({ path, body = new Uint8Array() }: PeerRequest): Promise<PeerReply> {
      const name = (['places', 'records', 'push'] as const).find((one) => replicaPaths[one] === path) ?? 'places'
      const answer = await service[name]({ body, source: '192.0.2.1' })
      if (!answer.ok) throw new Error(answer.reason)
      return { status: 200, body: Buffer.from(JSON.stringify(answer.body)) }
    },
  }
  const rounds = new ReplicaRounds({ replica: cold, clock, transport, neighbours: () => [], random: Math.random })
  const before = performance.now()
  const report = await rounds.with({ did: 'did:web:bench.example', endpoint: 'https://bench.example' })
  rounds.close()
  service.close()
  if (report.fault !== undefined) throw new Error(report.fault)
  return { tookMs: performance.now() - before, bytes: report.bytesSent + report.bytesReceived }
}

/** Searches among so many kernels, in the words of people. */
export async function searches(count: number, durationMs: number, directory: string): Promise<OperationRow[]> {
  const now = Math.floor(Date.now() / 1000)
  const replica = newReplica()
  const index = new SearchIndex(replica)
  replica.restore(recordsOf(verifiedManifests(count, now)))
  const search = searchReplica({
    kernels: () => replica.size,
    index,
    standing: () => ({ score: 200, tier: 'probation' }),
    hides: () => false,
    screen: (text) => ({ text, rules: [] }),
  })
  const words = ['berth in Riga', 'customs report', 'weather', 'plan repair', 'price of fuel in Bruges']
  const broad = ['harbour', 'the harbour knows every kernel', 'kernel number harbour']
  let asked = 0
  const named = count.toLocaleString('en')
  const byWords = eventual(`search ${named} kernels by words, the best 20`, () => async () => {
    if ((await search({ query: words[asked++ % words.length] ?? '' }))?.hits.length === 0)
      throw new Error('nothing was found')
  })
  const byId = eventual(`search ${named} kernels for an id, the best 20`, () => async () => {
    if ((await search({ capability: 'tide.read' }))?.hits.length === 0) throw new Error('nothing was found')
  })
  const byBroadWords = eventual(`search ${named} kernels by words that all of them hold`, () => async () => {
    if ((await search({ query: broad[asked++ % broad.length] ?? '' }))?.hits.length === 0)
      throw new Error('nothing was found')
  })
  const rows: OperationRow[] = []
  for (const operation of [byWords, byBroadWords, byId]) rows.push(await operation.run(durationMs, directory))
  return rows
}

function newReplica(reader?: RecordReader): LocalReplica {
  return new LocalReplica({ clock, resolver, reader }, { limits: ROOM, knows: () => true })
}

function replicaOf(made: Iterable<MadeManifest>): LocalReplica {
  const replica = newReplica()
  replica.restore(recordsOf(made))
  return replica
}

function* recordsOf(made: Iterable<MadeManifest>): Iterable<ReplicaRecord> {
  for (const { did, seq, hash, jws, exp } of made)
    yield { did, kind: 'manifest', seq, hash, jws, until: exp, from: 'did:web:bench.example' }
}
