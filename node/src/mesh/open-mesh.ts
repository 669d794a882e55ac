/** Everything of a kernel that takes part in a mesh, made in order; what comes from outside is passed in. */
import {
  ActiveView,
  checkPeerManifest,
  type Gossip,
  LocalReplica,
  type PeerMemory,
  type RecordReader,
  type ReplicaAnswer,
  ReplicaRounds,
  type ReplicaStore,
  type RoundReport,
  serveReplica,
  spreadNews,
  type Traffic,
} from '@hansa/mesh'
import type {
  CertificatePins,
  Clock,
  Did,
  EventLogger,
  InboundReply,
  InboundRequest,
  PeerTransport,
  SearchAnswer,
  SearchQuery,
  Store,
} from '@hansa/protocols'
import type { KeyResolver, VerifyingKey } from '@hansa/trust'
import { jsonReply, refusalReply } from '../exchange/inbound-reply.ts'
import type { RefusalCounter } from '../exchange/refusal-counter.ts'
import type { Detectors } from '../firewall/index.ts'
import type { Events } from '../kernel/event-outbox.ts'
import { faultFields } from '../kernel/fault-fields.ts'
import type { ImportDesk } from '../kernel/import-desk.ts'
import type { ManifestPublisher } from '../kernel/manifest-publisher.ts'
import { periodic } from '../kernel/periodic.ts'
import { attachReplica } from '../replica/attach-replica.ts'
import type { RecordThreads } from '../replica/record-threads.ts'
import { spreadRecordReader } from '../replica/spread-record-reader.ts'
import type { SearchMeaning } from '../search/search-meaning.ts'
import type { PeerStanding } from '../standing/standing.ts'
import { KnownKernels } from './known-kernels.ts'
import { Membership } from './membership.ts'
import { MeshDesk } from './mesh-desk.ts'
import { MeshCounters, type MeshFigures, type MeshFiguresSources } from './mesh-figures.ts'
import type { ReplicaSettings } from './replica-settings.ts'

/** Between two looks whether this kernel offers something else than it has said, milliseconds. */
const PUBLISH_PERIOD_MS = 250
/** Neighbours that are told what is new as soon as it is known. */
const FANOUT = 3

export type MeshComponents = {
  self: Did
  clock: Clock
  logger: EventLogger
  store: Store
  events: Events
  resolver: KeyResolver
  /** For signatures that authorise nothing: keys need not be admitted, and revoked ones are none. */
  replicaKeys: KeyResolver<VerifyingKey>
  /** Checks records of many strangers at once. @default this thread */
  recordThreads?: RecordThreads | undefined
  /** Whether a key counts no more. */
  isRevoked(kid: string, by: Did): boolean
  /** Keeps the replica over a restart. @default nothing does */
  replicaStore?: ReplicaStore | undefined
  detectors: Detectors
  memory: PeerMemory
  transport: Pick<PeerTransport, 'send' | 'usePins' | 'channels' | 'frames'>
  imports: Pick<ImportDesk, 'aliasesOf' | 'keysOf' | 'renew' | 'waysTo'>
  publisher: Pick<ManifestPublisher, 'current' | 'withdraw'>
  refusals: RefusalCounter
  settings?: ReplicaSettings | undefined
  /** @default searches go by words alone */
  meaning?: SearchMeaning | undefined
  /** Made known by an operator, or imported. */
  isKnown(peer: Did): boolean
  /** Why nothing is exchanged with a kernel. */
  bars(peer: Did): string | undefined
  standing: { of(peer: Did): PeerStanding }
  /** Two manifests of one number. */
  equivocated(peer: Did, manifests: readonly [string, string]): void
  /** @default none: what is new is told to neighbours only */
  host?:
    | (NonNullable<MeshFiguresSources['host']> & { gossip: Gossip; didOf(peerId: string): Did | undefined })
    | undefined
}

export type OpenedMesh = {
  desk: MeshDesk
  figures(): MeshFigures
  replica: LocalReplica
  known: KnownKernels
  /** Made known by an operator, imported, or joined through. */
  isKnown(did: Did): boolean
  services: Record<
    'replicaPlaces' | 'replicaRecords' | 'replicaPush',
    (request: InboundRequest) => Promise<InboundReply>
  >
  /** Of everybody else, or of one kernel, as they were signed. */
  manifests(did?: Did): Iterable<string>
  /** @throws CallError `invalid_request` for a query that is none. */
  search(query: SearchQuery): Promise<SearchAnswer>
  /** What another part has seen signed: in a handshake, by a fetch, in a registry. */
  learned(peer: Did, jws: string): void
  close(): void
  /** Writes what is left of the replica; after `close`. */
  closeStore(): Promise<void>
}

export async function openMesh(components: MeshComponents): Promise<OpenedMesh> {
  const { self, clock, transport, isKnown, bars, publisher, refusals, host, standing, imports } = components
  const { room = {}, rounds: times, neighbours: size, fanout = FANOUT } = components.settings ?? {}
  const counters = new MeshCounters()
  const gossip = host && counters.counting(host.gossip, (peerId) => host.didOf(peerId))
  const membership = await Membership.open(components)
  const keeps = (did: Did) => isKnown(did) || membership.has(did)
  const replica = new LocalReplica(
    { clock, resolver: components.replicaKeys, reader: readerOf(components) },
    { self, keeps, knows: (from) => keeps(from as Did), limits: room, equivocated: components.equivocated },
  )
  const attached = attachReplica({ ...components, replica, store: components.replicaStore })
  const known = new KnownKernels(replica)
  transport.usePins?.(pinsOf(components, known))
  const mayAsk = (did: Did) => did !== self && bars(did) === undefined
  const places = () => [...known.places()].filter(({ did }) => mayAsk(did))
  const find = (did: Did) => (mayAsk(did) ? known.place(did) : undefined)
  const nowSeconds = () => Math.floor(clock.now() / 1000)
  const random = { random: Math.random }
  const view = new ActiveView({
    named: () => membership.named(),
    known: places,
    find,
    nowSeconds,
    ...random,
    ...(size && { size }),
  })
  const neighbours = () => (membership.since === undefined ? [] : view.neighbours())
  const ended = (report: RoundReport) => {
    const { neighbour, fault, rejected } = report
    attached.ended(report)
    counters.round(report)
    const wrong = fault ?? rejected
    if (wrong === undefined) view.heard(neighbour)
    else view.missed(neighbour, wrong)
  }
  const heard = (neighbour: Did) => view.heard(neighbour)
  const rounds = new ReplicaRounds({ replica, clock, transport, neighbours, random: Math.random, heard, ended }, times)
  const spreading = {
    replica,
    clock,
    transport,
    neighbours,
    random: Math.random,
    gossip,
    self,
    sent: (traffic: Traffic) => counters.pushed(traffic),
  }
  const stop = spreadNews(spreading, fanout)
  const service = serveReplica({ replica, clock, turnLost: attached.turnLost })
  let closed = false
  // What was kept is not fetched again.
  void attached.restored.then(() => {
    if (!closed) rounds.start()
  })
  let said: string | undefined
  const publish = async () => {
    if (membership.since === undefined) return
    const { jws } = await publisher.current()
    // Looked at several times a second, and another one twice an hour: it is not read again to find that out.
    if (jws !== said) await replica.take(jws, self)
    said = jws
  }
  await publish()
  const stopPublishing = periodic(clock, PUBLISH_PERIOD_MS, publish, (error) =>
    components.logger.error('mesh.not_published', faultFields(error)),
  )
  const desk = new MeshDesk({
    ...{ self, clock, logger: components.logger, membership, view, known },
    check: (jws) => checkPeerManifest(components, jws),
    async reconcile(place, manifest) {
      await publish()
      await replica.take(manifest, self)
      const { fault, rejected } = await rounds.with(place)
      return fault ?? rejected
    },
    async farewell() {
      await replica.take((await publisher.withdraw()).jws, self)
      await Promise.all(neighbours().map((neighbour) => rounds.with(neighbour)))
    },
    standing: (peer) => standing.of(peer),
    importsOf: (peer) => imports.aliasesOf(peer),
    channels: () => transport.channels?.() ?? [],
  })
  return {
    desk,
    figures: () =>
      counters.now({
        ...{ replica, host },
        neighbours: () => desk.neighbours(),
        channels: () => transport.channels?.() ?? [],
        frames: () => transport.frames?.() ?? { sent: 0, received: 0 },
      }),
    replica,
    known,
    isKnown: keeps,
    services: {
      replicaPlaces: async (request) => replyOf(await service.places(request), request, refusals),
      replicaRecords: async (request) => replyOf(await service.records(request), request, refusals),
      replicaPush: async (request) => replyOf(await service.push(request), request, refusals),
    },
    *manifests(did) {
      for (const one of did === undefined ? replica.dids() : [did]) {
        const record = one === self ? undefined : replica.record(one)
        if (record?.kind === 'manifest') yield record.jws
      }
    },
    search: (query) => attached.search(query),
    learned: (peer, jws) => void replica.take(jws, peer),
    closeStore: () => attached.close(),
    close() {
      closed = true
      stop()
      stopPublishing()
      rounds.close()
      service.close()
      known.close()
    },
  }
}

/** The certificates of kernels that are only known of: their manifests name the keys, signed by their DIDs. */
function pinsOf({ imports }: MeshComponents, known: KnownKernels): CertificatePins {
  return {
    keysOf: (peer) => imports.keysOf(peer) ?? known.keysOf(peer),
    // Sessions are for calls, and calls for imports.
    waysTo: (peer, endpoint) => imports.waysTo(peer, endpoint),
    renew: (peer) => imports.renew(peer),
  }
}

function readerOf({ replicaKeys, logger, isRevoked, recordThreads }: MeshComponents): RecordReader {
  return spreadRecordReader({ resolver: replicaKeys, logger, isRevoked, threads: recordThreads })
}

function replyOf(answer: ReplicaAnswer, { source }: InboundRequest, refusals: RefusalCounter): InboundReply {
  if (answer.ok) return jsonReply(answer.body)
  return refusalReply(refusals, source, answer.code, answer.reason)
}
