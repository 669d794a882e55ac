/** What a kernel is made of: its secrets, and the parts of the world it may touch, each by a port. */
import type { GuardedFetch, ReplicaStore } from '@hansa/mesh'
import type { Clock, Endpoint, EventLogger, PeerTransport, Store } from '@hansa/protocols'
import type { BatchSigner, Freshness, PolicySource, Signer } from '@hansa/trust'
import type { LogDirectory, LogDisk, LogLink, ReadBack } from '@hansa/trust/ledger'
import type { KeptTasks } from '../a2a/a2a-ground.ts'
import type { ContentSettings } from '../content/content-settings.ts'
import type { ContentGround } from '../content/content-store.ts'
import type { DelegationInit } from '../delegation/open-delegation.ts'
import type { FirstImportsInit } from '../first-import/first-imports.ts'
import type { KeepEvidence } from '../gossip/evidence-book.ts'
import type { NodeHost } from '../host/node-host.ts'
import type { RotationTimes } from '../identity/identity-desk.ts'
import type { OwnIdentity } from '../identity/own-identity.ts'
import type { IssuersInit } from '../issuers/open-issuers.ts'
import type { ReplicaSettings } from '../mesh/replica-settings.ts'
import type { RecordThreads } from '../replica/record-threads.ts'
import type { RoutingSettings } from '../routing/routing-settings.ts'
import type { SearchMeaning } from '../search/search-meaning.ts'
import type { WitnessingInit } from '../witness/witnessing.ts'
import type { CallObserver } from './call-observer.ts'
import type { InFlightLimits } from './in-flight.ts'
import type { PeerSetting } from './peer-settings.ts'
import type { StartResumeThread } from './read-on.ts'
import type { SettledKeys } from './settled-keys.ts'

export type KernelLogs = {
  /** Of the log on `disk`. */
  origin: string
  /** Logs of this kernel that were frozen before, the newest first. */
  frozen: readonly { directory: LogDirectory; link: LogLink }[]
}

export type KernelComponents = {
  /** The kernel's identity. Its key may change while the kernel runs, where `identity` is its owner. */
  signer: Signer
  /** Of a kernel whose identity has a log. @default did:key, which is its key */
  identity?: OwnIdentity
  /** At least 32 bytes from which token keys, pseudonyms and salts are derived. */
  secret: Uint8Array
  /** 32 bytes: the key of the log, another one than the identity. */
  logSeed: Uint8Array
  /** 32 bytes: the key under which this kernel cosigns the logs of others. */
  witnessSeed: Uint8Array
  disk: LogDisk
  /** Signatures that several statements share are made and checked in the pool of threads. @default false: in this one */
  pooledSignatures?: boolean
  /** Reads the log back before it is signed. @default in this thread */
  readBack?: ReadBack
  /** Makes resume points while the kernel works. @default this thread, with pauses */
  resumeThread?: StartResumeThread
  /** Idempotency keys of calls that ended, on the disk. @default in memory */
  settledKeys?: SettledKeys
  /** @default the first log of this kernel, with none before it */
  logs?: KernelLogs
  /** Where content of calls is kept. @default nowhere, and none can be */
  content?: ContentGround
  /** Writes a copy of the store for a backup. @returns its path. @default the kernel keeps nothing on a disk */
  snapshotState?(): Promise<string>
  /** Writes a file with evidence about another kernel. @default it is in the store only */
  keepEvidence?: KeepEvidence
  store: Store
  /** Keeps the manifests of other kernels over a restart. @default nothing does */
  replicaStore?: ReplicaStore
  /** Checks records of the replica when many come at once. @default this thread */
  recordThreads?: RecordThreads
  /** Tasks of A2A. @default none can be kept */
  tasks?: KeptTasks
  clock: Clock
  logger: EventLogger
  transport: PeerTransport
  /** The libp2p host; told of the kernel when that is there. @default none */
  host?: NodeHost
  /** Reads manifests and registries, guarded against what a URL can do. */
  fetch: GuardedFetch
  /** The log can no longer be written: the process has to end. */
  onFatal(error: unknown): void
  /** Runs when the kernel is disposed of, before anything ends: stops what brings new calls. */
  drain?(): Promise<void>
  /** Runs when the log is closed: lets go of what the components hold. */
  ended?(): Promise<void>
}

export type KernelInit = {
  /** For people; becomes the default alias at importers. */
  name?: string
  /** Base URL at which peers reach this kernel; without it they cannot. */
  endpoint?: string
  /** Further ways to reach it, which its manifest names after the endpoint; asked again for each manifest. @default none */
  endpoints?: () => readonly Endpoint[]
  /** SHA-256 of the SPKI of each certificate of the endpoint, base64url; asked again for each manifest. */
  tls?: () => readonly string[]
  /** Rules. @default none, so that everything is denied */
  policy?: readonly PolicySource[]
  /** A policy that may permit more than the one in force waits until two persons have approved it. @default false */
  twoPersons?: boolean
  peers?: readonly PeerSetting[]
  /** Whose chains of delegations count. @default this kernel's own */
  delegation?: DelegationInit
  /** Whom calls without a principal act for. @default 'agent:local' */
  principal?: string
  /** Strings that never may leave, whatever they look like. */
  canaries?: readonly string[]
  inFlight?: Partial<InFlightLimits>
  /** Where calls go, and what becomes of peers that do not answer. */
  routing?: RoutingSettings
  /** Who turns texts into vectors, so that searches go by meaning too. @default by words alone */
  meaning?: SearchMeaning
  /** What is kept of the mesh, and whom it is kept equal with. */
  replica?: ReplicaSettings
  /** Sees how each call ended. @default nobody does */
  observer?: CallObserver
  /** Who may say that a kernel is imported for the first time, and which registries are asked. */
  firstImport?: FirstImportsInit
  /** Whose tokens stand for principals of this kernel. @default nobody's */
  issuers?: IssuersInit
  /** Whose logs this kernel cosigns besides those it imported. */
  witnessing?: WitnessingInit
  /** What whoever asks is shown of the logs. @default 'hashes' */
  publicLog?: 'none' | 'hashes'
  /** What of the content of calls is kept besides the log. @default nothing */
  content?: ContentSettings
  /** How long a new key of the identity is announced, and how long the one before stays. */
  rotation?: Partial<RotationTimes>
  /** How old what is known of an identity may be. */
  freshness?: Partial<Freshness>
  /** Signs intents, receipts and acknowledgements. @default those of some turns of the event loop share a signature */
  statements?(signer: Signer): BatchSigner
  /** Disk that the log keeps free for its last entries, bytes. @default 67_108_864 */
  logReserveBytes?: number
  /** What the files of the log may take, the reserve included, bytes; then no call is taken any more. @default what the disk has */
  logMaxBytes?: number
}
