/** The replica of one kernel: in memory, written through to what keeps it. */
import type { Clock, Did, SignedManifest } from '@hansa/protocols'
import { capabilityManifestSchema } from '@hansa/protocols'
import { type KeyResolver, RateWindow, unverifiedPart, type VerifyingKey } from '@hansa/trust'
import type { GossipVerdict } from '../gossip/gossip.ts'
import { DigestTree, type TreePlace } from './digest-tree.ts'
import { Lapses } from './lapses.ts'
import { type Claim, type RecordReading, readClaim, TOMBSTONE_SECONDS } from './read-record.ts'
import { localRecordReader, type RecordReader } from './record-reader.ts'
import type { Replica, ReplicaChange, Taken } from './replica.ts'
import { type RecordVersion, type ReplicaRecord, recordOrder } from './replica-record.ts'
import { DEFAULT_ROOM, ReplicaRoom, type RoomLimits } from './replica-room.ts'

/** Identities of strangers that have to be fetched to check a record, a minute: of one introducer, and of all. */
const IDENTITIES_OF_ONE = 30
const IDENTITIES_OF_ALL = 300
/** Kernels whose last number is remembered after their record has lapsed. */
const MAX_FLOORS = 100_000

export type LocalReplicaComponents = {
  clock: Clock
  /** Keys need not be admitted: see `unadmittedKeys`. */
  resolver: KeyResolver<VerifyingKey>
  /** Checks signatures. @default this thread, with the resolver */
  reader?: RecordReader | undefined
}

/** A record before its signature was checked: settled already, or worth checking. */
export type Weighed = Taken | WorthChecking
export type WorthChecking = { jws: string; claim: Claim }

export type LocalReplicaInit = {
  /** This kernel: what others bring of it is not taken. */
  self?: Did
  limits?: Partial<RoomLimits>
  /** Kernels that never give way: named, imported, or of standing. @default none */
  keeps?(did: Did): boolean
  /** Whether who brings something is a kernel that is known. @default nobody is */
  knows?(from: string): boolean
  /** Told of two manifests of one number, as they were signed. @default nobody is */
  equivocated?(did: Did, manifests: readonly [string, string]): void
}

type Floor = RecordVersion & { until: number }

export class LocalReplica implements Replica {
  readonly #c: LocalReplicaComponents
  readonly #init: LocalReplicaInit
  readonly #records = new Map<Did, ReplicaRecord>()
  /** What lapsed must not come back in an older form. */
  readonly #floors = new Map<Did, Floor>()
  readonly #lapses = new Lapses()
  readonly #tree = new DigestTree()
  readonly #room: ReplicaRoom
  readonly #identities = new RateWindow({ maxKeys: 10_000 })
  readonly #reader: RecordReader
  readonly #told = new Set<(change: ReplicaChange) => void>()
  #manifests = 0
  #sweptAt = 0

  constructor(components: LocalReplicaComponents, init: LocalReplicaInit = {}) {
    this.#c = components
    this.#init = init
    this.#reader = components.reader ?? localRecordReader(components.resolver)
    this.#room = new ReplicaRoom({
      limits: { ...DEFAULT_ROOM, ...init.limits },
      keeps: (did) => did === init.self || (init.keeps?.(did) ?? false),
      knows: (from) => from === init.self || (init.knows?.(from) ?? false),
    })
  }

  get size(): number {
    this.#sweep()
    return this.#manifests
  }

  /** Of all records as they were signed. */
  get bytes(): number {
    return this.#room.bytes
  }

  /** What became of the records that came, since the start. */
  readonly judged: Record<GossipVerdict, number> = { accept: 0, ignore: 0, reject: 0 }

  /** Records, with tombstones. */
  get records(): Iterable<ReplicaRecord> {
    this.#sweep()
    return this.#records.values()
  }

  async take(jws: string, from: string): Promise<GossipVerdict> {
    return (await this.judge(jws, from)).verdict
  }

  async judge(jws: string, from: string): Promise<Taken> {
    const weighed = this.weigh(jws, from)
    if (!('claim' in weighed)) return weighed
    const [reading = { ok: false, reason: 'not_read', fault: false } as const] = await this.read([weighed])
    return this.settle(weighed, reading, from)
  }

  /** Whether a record is worth checking; most of what comes is known. */
  weigh(jws: string, from: string): Weighed {
    const claim = readClaim(jws)
    if (claim === undefined) return this.#judged({ verdict: 'reject', reason: 'not_a_record' })
    this.#sweep()
    const early = this.#beforeVerifying(claim, from, jws.length)
    return early === undefined ? { jws, claim } : this.#judged({ verdict: 'ignore', reason: early, did: claim.did })
  }

  /** Checks signatures; nothing is taken by it. */
  read(records: readonly WorthChecking[]): Promise<readonly RecordReading[]> {
    const claimed = records.map(({ jws, claim: { did, kind, payload } }) => ({ jws, did, kind, payload }))
    return claimed.length === 0 ? Promise.resolve([]) : this.#reader.read(claimed, this.#now)
  }

  /** How many batches may be read at once. */
  get parallel(): number {
    return this.#reader.parallel
  }

  /** Puts what was checked in its place. */
  settle({ claim: { did } }: WorthChecking, reading: RecordReading, from: string): Taken {
    if (!reading.ok) return this.#judged({ verdict: reading.fault ? 'reject' : 'ignore', reason: reading.reason, did })
    return this.#judged({ ...this.#place({ ...reading.record, from }, reading.signed), did })
  }

  #judged(taken: Taken): Taken {
    this.judged[taken.verdict] += 1
    return taken
  }

  get(did: Did): SignedManifest | undefined {
    const record = this.record(did)
    return record?.kind === 'manifest' ? signedOf(record) : undefined
  }

  record(did: Did): ReplicaRecord | undefined {
    const record = this.#records.get(did)
    return record === undefined || record.until <= this.#now ? undefined : record
  }

  *dids(): Iterable<Did> {
    this.#sweep()
    for (const { did, kind } of this.#records.values()) if (kind === 'manifest') yield did
  }

  watch(told: (change: ReplicaChange) => void): () => void {
    this.#told.add(told)
    return () => void this.#told.delete(told)
  }

  /** Of all records; equal in two replicas that hold the same. */
  get digest(): string {
    this.#sweep()
    return this.#tree.digest
  }

  /** As `DigestTree.at`. */
  place(prefix: string): TreePlace {
    this.#sweep()
    return this.#tree.at(prefix)
  }

  /** Under a prefix, in the order of their places. */
  *recordsFrom(prefix: string, after?: string): Iterable<{ place: string; record: ReplicaRecord }> {
    this.#sweep()
    for (const { did, place } of this.#tree.from(prefix, after)) {
      const record = this.#records.get(did)
      if (record !== undefined) yield { place, record }
    }
  }

  /** Puts back what was verified and kept before; it is not verified again. */
  restore(records: Iterable<ReplicaRecord>): void {
    for (const record of records) {
      if (record.until <= this.#now) this.#remember(record)
      else if (recordOrder(record, this.#records.get(record.did)) === 'newer') this.#put(record)
    }
  }

  /** @returns why a record is not worth a signature check; undefined when it is. */
  #beforeVerifying(claim: Claim, from: string, bytes: number): string | undefined {
    const { did, exp } = claim
    if (did === this.#init.self && from !== did) return 'own'
    if (exp <= this.#now) return 'expired'
    const held = this.#records.get(did)
    const order = recordOrder(claim, held ?? this.#floors.get(did))
    if (order === 'older') return 'rolled_back'
    if (order === 'same' && held !== undefined) return 'known'
    if (order === 'equivocation' && held === undefined) return 'rolled_back'
    if (order === 'equivocation' && held?.equivocates === true && claim.hash > held.hash) return 'known'
    if (this.#room.roomFor(did, from, bytes) === undefined) return 'no_room'
    return this.#mayResolve(did, from)
  }

  /** A did:key is its own document; any other one has to be fetched from where it says. */
  #mayResolve(did: Did, from: string): string | undefined {
    if (did.startsWith('did:key:') || this.#init.keeps?.(did) === true) return undefined
    const limits = [
      { key: `of ${from}`, calls: IDENTITIES_OF_ONE, perSeconds: 60 },
      { key: '*', calls: IDENTITIES_OF_ALL, perSeconds: 60 },
    ]
    return this.#identities.admitAll(limits, this.#c.clock.now()).ok ? undefined : 'too_many_identities'
  }

  /** Others may have come while this one was verified. */
  #place(record: ReplicaRecord, signed?: SignedManifest): Pick<Taken, 'verdict' | 'reason'> {
    const held = this.#records.get(record.did)
    const order = recordOrder(record, held ?? this.#floors.get(record.did))
    if (order === 'equivocation') return this.#equivocation(record, held)
    if (order === 'older') return { verdict: 'ignore', reason: 'rolled_back' }
    if (order === 'same' && held !== undefined) return { verdict: 'ignore', reason: 'known' }
    const going = this.#room.roomFor(record.did, record.from, record.jws.length)
    if (going === undefined) return { verdict: 'ignore', reason: 'no_room' }
    for (const did of going) this.#drop(did, 'evicted')
    this.#put(record, signed)
    return { verdict: 'accept', reason: 'taken' }
  }

  /** The smaller hash stays, so that all replicas hold the same; whoever sees both has the proof, and passes it on once. */
  #equivocation(record: ReplicaRecord, held: ReplicaRecord | undefined): Pick<Taken, 'verdict' | 'reason'> {
    if (held === undefined) return { verdict: 'ignore', reason: 'rolled_back' }
    if (held.equivocates !== true) this.#init.equivocated?.(record.did, [held.jws, record.jws])
    const first = held.equivocates !== true
    if (record.hash < held.hash) this.#put({ ...record, from: held.from, equivocates: true })
    else if (first) this.#put({ ...held, equivocates: true })
    return { verdict: first ? 'accept' : 'ignore', reason: 'equivocation' }
  }

  #put(record: ReplicaRecord, signed?: SignedManifest): void {
    const { did, kind, until, from, jws } = record
    if (this.#records.get(did)?.kind === 'manifest') this.#manifests -= 1
    if (kind === 'manifest') this.#manifests += 1
    this.#records.set(did, record)
    this.#floors.delete(did)
    this.#room.put(did, from, jws.length)
    this.#lapses.set(did, until)
    this.#tree.set(record)
    this.#tell({ kind: 'taken', record, ...(signed && { signed }) })
  }

  #drop(did: Did, kind: 'lapsed' | 'evicted'): void {
    const record = this.#records.get(did)
    if (record === undefined) return
    if (record.kind === 'manifest') this.#manifests -= 1
    this.#records.delete(did)
    this.#room.delete(did)
    this.#lapses.delete(did)
    this.#tree.delete(did)
    // A tombstone outlives all that it withdraws.
    if (record.kind === 'manifest') this.#remember(record)
    this.#tell({ kind, record })
  }

  #remember({ did, kind, seq, hash, until }: ReplicaRecord): void {
    const floorUntil = until + TOMBSTONE_SECONDS
    if (floorUntil <= this.#now) return
    for (const [oldest, floor] of this.#floors) {
      if (this.#floors.size < MAX_FLOORS && floor.until > this.#now) break
      this.#floors.delete(oldest)
    }
    this.#floors.set(did, { kind, seq, hash, until: floorUntil })
  }

  /** Once a second at most: what has lapsed is never given out, only still counted. */
  #sweep(): void {
    const now = this.#now
    if (now === this.#sweptAt) return
    this.#sweptAt = now
    for (const did of this.#lapses.due(now)) this.#drop(did, 'lapsed')
  }

  #tell(change: ReplicaChange): void {
    for (const told of this.#told) told(change)
  }

  get #now(): number {
    return Math.floor(this.#c.clock.now() / 1000)
  }
}

/** Of a record that was verified when it came. */
export function signedOf({ jws, hash }: Pick<ReplicaRecord, 'jws' | 'hash'>): SignedManifest | undefined {
  const manifest = capabilityManifestSchema.safeParse(unverifiedPart(jws, 1)?.value)
  return manifest.success ? { jws, manifest: manifest.data, hash } : undefined
}
