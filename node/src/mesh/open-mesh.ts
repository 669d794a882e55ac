/** Everything of a kernel that takes part in a mesh, made in order; what comes from outside is passed in. */
import {
  checkPeerManifest,
  type Gossip,
  LocalReplica,
  type PeerMemory,
  type RecordReader,
  type ReplicaStore,
  type RoundReport,
} from '@hansa/mesh'
import type {
  CertificatePins,
  Clock,
  Did,
  EventLogger,
  PeerTransport,
  SearchAnswer,
  SearchQuery,
  Store,
} from '@hansa/protocols'
import type { KeyResolver, VerifyingKey } from '@hansa/trust'
import type { RefusalCounter } from '../exchange/refusal-counter.ts'
import type { Detectors } from '../firewall/index.ts'
import type { Events } from '../kernel/event-outbox.ts'
import type { ImportDesk } from '../kernel/import-desk.ts'
import type { ManifestPublisher } from '../kernel/manifest-publisher.ts'
import { attachReplica } from '../replica/attach-replica.ts'
import type { RecordThreads } from '../replica/record-threads.ts'
import { spreadRecordReader } from '../replica/spread-record-reader.ts'
import type { SearchMeaning } from '../search/search-meaning.ts'
import type { PeerStanding } from '../standing/standing.ts'
import { KnownKernels } from './known-kernels.ts'
import { Membership } from './membership.ts'
import { MeshDesk } from './mesh-desk.ts'
import { MeshCounters, type MeshFigures, type MeshFiguresSources } from './mesh-figures.ts'
import { type Neighbourhood, neighbourhood } from './neighbourhood.ts'
import { type OwnRecord, ownRecord } from './own-record.ts'
import { type RecordExchange, recordExchange } from './record-exchange.ts'
import { type ReplicaServices, replicaServices } from './replica-services.ts'
import type { ReplicaSettings } from './replica-settings.ts'

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
  publisher: Pick<ManifestPublisher, 'current' | 'watch' | 'withdraw'>
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
  services: ReplicaServices['services']
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
  const { self, clock, transport, isKnown, bars, refusals, host, settings } = components
  const counters = new MeshCounters()
  const gossip = host && counters.counting(host.gossip, (peerId) => host.didOf(peerId))
  const membership = await Membership.open(components)
  const keeps = (did: Did) => isKnown(did) || membership.has(did)
  const replica = new LocalReplica(
    { clock, resolver: components.replicaKeys, reader: readerOf(components) },
    {
      ...{ self, keeps, knows: (from) => keeps(from as Did) },
      ...{ limits: settings?.room ?? {}, equivocated: components.equivocated },
    },
  )
  const attached = attachReplica({ ...components, replica, store: components.replicaStore })
  const known = new KnownKernels(replica)
  transport.usePins?.(pinsOf(components, known))
  const near = neighbourhood({ self, clock, membership, known, bars, size: settings?.neighbours })
  const ended = (report: RoundReport) => attached.ended(report)
  const exchange = recordExchange({ ...near, self, clock, transport, replica, counters, gossip, settings, ended })
  const serving = replicaServices({ replica, clock, turnLost: attached.turnLost, refusals })
  let closed = false
  // What was kept is not fetched again.
  void attached.restored.then(() => {
    if (!closed) exchange.rounds.start()
  })
  const own = await ownRecord({ ...components, membership, replica })
  const desk = deskOf(components, { membership, known, replica, near, exchange, own })
  return {
    ...{ desk, replica, known, isKnown: keeps, services: serving.services },
    figures: () => counters.now({ ...{ replica, host }, ...trafficOf(desk, transport) }),
    manifests: (did) => manifestsIn(replica, self, did),
    search: (query) => attached.search(query),
    learned: (peer, jws) => void replica.take(jws, peer),
    closeStore: () => attached.close(),
    close() {
      closed = true
      own.close()
      exchange.close()
      serving.close()
      known.close()
    },
  }
}

type Parts = {
  membership: Membership
  known: KnownKernels
  replica: LocalReplica
  near: Neighbourhood
  exchange: RecordExchange
  own: OwnRecord
}

/** What an operator does with the mesh. */
function deskOf(components: MeshComponents, { membership, known, replica, near, exchange, own }: Parts): MeshDesk {
  const { self, clock, logger, standing, imports, transport } = components
  return new MeshDesk({
    ...{ self, clock, logger, membership, view: near.view, known },
    check: (jws) => checkPeerManifest(components, jws),
    async reconcile(place, manifest) {
      await own.publish()
      await replica.take(manifest, self)
      const { fault, rejected } = await exchange.rounds.with(place)
      return fault ?? rejected
    },
    async farewell() {
      await own.withdraw()
      await Promise.all(near.neighbours().map((neighbour) => exchange.rounds.with(neighbour)))
    },
    standing: (peer) => standing.of(peer),
    importsOf: (peer) => imports.aliasesOf(peer),
    channels: () => transport.channels?.() ?? [],
  })
}

function trafficOf(desk: MeshDesk, transport: MeshComponents['transport']) {
  return {
    neighbours: () => desk.neighbours(),
    channels: () => transport.channels?.() ?? [],
    frames: () => transport.frames?.() ?? { sent: 0, received: 0 },
  }
}

/** Of everybody but this kernel. */
function* manifestsIn(replica: LocalReplica, self: Did, did: Did | undefined): Iterable<string> {
  for (const one of did === undefined ? replica.dids() : [did]) {
    const record = one === self ? undefined : replica.record(one)
    if (record?.kind === 'manifest') yield record.jws
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
