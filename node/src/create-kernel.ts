/**
 * A kernel inside the agent's own process. It discovers, imports and calls other kernels over the network like a node;
 * with `listen` it can be called too. Without a directory it forgets everything, its identity included, when it ends.
 */
import { type AllowPrivate, guardedFetch } from '@hansa/mesh'
import { type Logger, memoryStore, silentLogger } from '@hansa/protocols'
import { openDatabase, sqlStore, storeMigrations } from '@hansa/storage'
import { decodeBase64url, newSeed, signerFromSeed } from '@hansa/trust'
import { fileLogDisk, memoryLogDisk } from '@hansa/trust/ledger'
import { sqlTaskStore } from './a2a/sql-task-store.ts'
import { taskMigrations } from './a2a/task-migrations.ts'
import { contentMigrations } from './content/sql-content-records.ts'
import { httpGateway } from './gateway/http-gateway.ts'
import type { ServedCertificate } from './gateway/served-certificate.ts'
import { Slowings } from './gateway/slowings.ts'
import { contentGround } from './home/content-ground.ts'
import { evidenceFiles } from './home/evidence-files.ts'
import { type HomeKeys, type HomePaths, openOrCreateHome } from './home/home.ts'
import { readHomeLogs } from './home/home-logs.ts'
import { hasDidLog, homeIdentityFiles } from './home/identity-home.ts'
import { fileTime, keepCopy, snapshotState } from './home/snapshot-state.ts'
import { witnessSeed } from './home/witness-seed.ts'
import type { HostSettings } from './host/node-host.ts'
import { openNodeHost } from './host/open-node-host.ts'
import { OwnIdentity } from './identity/own-identity.ts'
import { assembleKernel } from './kernel/assemble-kernel.ts'
import type { AssembledKernel } from './kernel/kernel.ts'
import type { KernelComponents, KernelInit } from './kernel/kernel-components.ts'
import { threadedReadBack } from './read-back/threaded-read-back.ts'
import { recordThreads } from './replica/record-threads.ts'
import { replicaMigrations, sqlReplicaStore } from './replica/sql-replica-store.ts'
import { settledKeyMigrations, sqlSettledKeys } from './resume/sql-settled-keys.ts'
import { threadedResume } from './resume/threaded-resume.ts'
import { openSessions } from './session/open-sessions.ts'
import { systemClock } from './system-clock.ts'

export type EmbeddedKernelInit = Omit<KernelInit, 'endpoint' | 'tls'> & {
  /** Keeps keys, log and state here; made when it is missing. @default none: everything is in memory */
  directory?: string
  /** Serves other kernels at this address. @default none */
  listen?: { host: string; port: number }
  /** Base URL under which others reach `listen`. @default where it listens */
  publicUrl?: string
  /**
   * SHA-256 of the SPKI of each certificate under `publicUrl`, base64url, when a TLS proxy stands in front. The manifest
   * names all of them; a session is bound to the one that its initiator saw.
   */
  tlsSpki?: readonly string[]
  /** Serves https at `listen` with it; the manifest names its keys. */
  certificate?: ServedCertificate
  /** Roots in PEM that are trusted besides those of Node. */
  ca?: string
  /** Whether sessions are opened, and taken where it listens, over WebSockets. @default true */
  webSocket?: boolean
  /** Opens a libp2p host, by which kernels find and reach each other without a registry. @default none */
  host?: HostSettings
  /** Which addresses besides public ones may be reached. @default false */
  allowPrivate?: AllowPrivate
  /** @default silent */
  logger?: Logger
  /** The log can no longer be written. @default an uncaught exception, which ends the process */
  onFatal?(error: unknown): void
}

type Ground = Pick<
  KernelComponents,
  | 'witnessSeed'
  | 'identity'
  | 'keepEvidence'
  | 'disk'
  | 'readBack'
  | 'resumeThread'
  | 'settledKeys'
  | 'logs'
  | 'store'
  | 'replicaStore'
  | 'recordThreads'
  | 'tasks'
  | 'snapshotState'
  | 'content'
> & {
  keys: HomeKeys
  close(): Promise<void>
}

/** @throws what keeps it from starting: KeyFileError, LedgerError, StorageError, GatewayError, CallError for the policy. */
export async function createKernel(init: EmbeddedKernelInit = {}): Promise<AssembledKernel> {
  const {
    directory,
    listen,
    publicUrl,
    tlsSpki,
    certificate,
    ca,
    webSocket = true,
    host: hostSettings,
    allowPrivate = false,
    logger = silentLogger,
    onFatal = uncaught,
    ...rest
  } = init
  await using cleanup = new AsyncDisposableStack()
  const ground = directory === undefined ? memoryGround() : await directoryGround(directory)
  cleanup.defer(ground.close)
  const { keys: _keys, close: _close, ...world } = ground
  const reach = { allowPrivate, ...(ca === undefined ? {} : { ca }) }
  const host = hostSettings && cleanup.use(await openNodeHost(hostSettings, { directory, allowPrivate, logger }))
  const slowings = new Slowings({ clock: systemClock, logger, observer: rest.observer })
  const sessions = cleanup.use(openSessions({ ...reach, webSocket, host }, { clock: systemClock, logger, slowings }))
  const spki = (tlsSpki ?? []).flatMap((key) => decodeBase64url(key) ?? [])
  const advertised = (url: string) => ({ url: publicUrl ?? url, spki })
  const serving = {
    clock: systemClock,
    logger,
    slowings,
    advertised,
    ...sessions.taking,
    ...(certificate === undefined ? {} : { certificate }),
  }
  const gateway = listen && cleanup.use(await httpGateway(listen, serving))
  if (certificate !== undefined) cleanup.defer(certificate.watch())
  const tls = certificate === undefined ? tlsSpki && (() => tlsSpki) : () => certificate.keys()
  const endpoint = gateway && (publicUrl ?? gateway.url)
  const held = new AsyncDisposableStack()
  const kernel = await assembleKernel(
    {
      ...ground.keys,
      ...world,
      clock: systemClock,
      logger,
      pooledSignatures: true,
      transport: sessions.transport,
      ...(host === undefined ? {} : { host }),
      fetch: guardedFetch(reach),
      onFatal,
      drain: () => sessions.drainWith(gateway),
      ended: () => held.disposeAsync(),
    },
    {
      ...rest,
      ...(endpoint === undefined ? {} : { endpoint }),
      endpoints: () => sessions.endpoints(endpoint),
      ...(tls === undefined ? {} : { tls }),
    },
  )
  gateway?.attach(kernel.inbound)
  sessions.serve(kernel.inbound)
  held.use(cleanup.move())
  return kernel
}

function memoryGround(): Ground {
  const keys = { signer: signerFromSeed(newSeed()), logSeed: newSeed(), secret: newSeed() }
  return { keys, witnessSeed: newSeed(), disk: memoryLogDisk(), store: memoryStore(), close: async () => {} }
}

async function directoryGround(directory: string): Promise<Ground> {
  const { keys, paths } = await openOrCreateHome(directory)
  const logs = await readHomeLogs(paths, keys.signer.did)
  const seed = await witnessSeed(paths)
  const identity = await openIdentity(paths)
  const threads = recordThreads(systemClock)
  const database = await openDatabase(`sqlite:${paths.state}`)
  try {
    const beforeChange = async () => {
      await keepCopy(database, paths, `before-migration-${fileTime(systemClock.now())}.state.db`)
    }
    await database.migrate(storeMigrations, { beforeChange })
    await database.migrate(contentMigrations, { beforeChange })
    await database.migrate(replicaMigrations, { beforeChange })
    await database.migrate(taskMigrations, { beforeChange })
    await database.migrate(settledKeyMigrations, { beforeChange })
  } catch (error) {
    await database.close()
    throw error
  }
  return {
    keys: identity === undefined ? keys : { ...keys, signer: identity.signer },
    ...(identity === undefined ? {} : { identity }),
    witnessSeed: seed,
    keepEvidence: evidenceFiles(paths),
    disk: fileLogDisk(paths.log),
    readBack: threadedReadBack(paths.log),
    resumeThread: threadedResume(paths.log),
    settledKeys: sqlSettledKeys(database),
    logs,
    store: sqlStore(database),
    replicaStore: sqlReplicaStore(database),
    recordThreads: threads,
    tasks: sqlTaskStore(database),
    content: contentGround(database, paths),
    snapshotState: () => snapshotState(database, paths, systemClock.now()),
    async close() {
      await threads.close()
      await database.close()
    },
  }
}

async function openIdentity(paths: HomePaths): Promise<OwnIdentity | undefined> {
  if (!(await hasDidLog(paths))) return undefined
  return OwnIdentity.open({ files: homeIdentityFiles(paths), nowMs: () => systemClock.now() })
}

function uncaught(error: unknown): void {
  queueMicrotask(() => {
    throw error
  })
}
