/**
 * Several kernels in one process: memory network, memory disks, one clock that the test holds, keys from a seed. Runs
 * the real kernels; only sockets, disks and time are replaced.
 *
 *   await using mesh = await TestMesh.create({ kernels: { alice: {}, bob: { policy: [...] } } })
 *   await mesh.kernel('alice').invoke(...)
 */
import { type MemoryNetwork, memoryFetch, memoryNetwork } from '@hansa/mesh/testing'
import { type AssembledKernel, assembleKernel, type KernelComponents, type KernelInit, OwnIdentity } from '@hansa/node'
import { memorySettledKeys, type SettledKeys } from '@hansa/node/testing'
import type { Did, ImportInit, LogFields, Logger, LogLevel, PeerImport, Store } from '@hansa/protocols'
import { memoryStore } from '@hansa/protocols'
import { type ManualClock, manualClock } from '@hansa/protocols/testing'
import { sha256, signerFromSeed } from '@hansa/trust'
import {
  cosignerKey,
  type FrozenSource,
  type LogDisk,
  type LogLink,
  type LogSource,
  linkExt,
  logExtent,
  type MemoryLogDisk,
  memoryLogDisk,
  type NoteKey,
  noteKey,
  openLedger,
} from '@hansa/trust/ledger'
import type { TestIdentity } from './test-identity.ts'

export type TestKernelInit = KernelInit & {
  /** Root secret of tokens; two kernels may be given the same. @default from the seed and the name */
  secret?: Uint8Array
  /** Signs with the keys of the kernel of this name: a copy of it, or one kernel with two faces. @default its own */
  keysOf?: string
  /** Puts something between the kernel and its disk. */
  wrapDisk?: (disk: MemoryLogDisk) => LogDisk
  /** Where content of calls is kept; its store goes in the place of the kernel's. */
  ground?: { ground: NonNullable<KernelComponents['content']>; store: Store }
  /** An identity with a log, published where the kernel is. @default its key (did:key) */
  identity?: TestIdentity
  /** Puts something between the kernel and its store. */
  wrapStore?: (store: Store) => Store
  /** Puts something between the kernel and the keys of calls that have ended. */
  wrapSettledKeys?: (keys: SettledKeys) => SettledKeys
}

export type TestMeshInit<Name extends string> = {
  kernels: Readonly<Record<Name, TestKernelInit>>
  /** Nobody vouches for anybody. @default false: each kernel trusts each other one as under an agreement */
  strangers?: boolean
  /** Same seed, same keys and same losses. @default 1 */
  seed?: number
}

export type LogLine = { level: LogLevel; event: string; fields: LogFields }

export type Span = { ms?: number; seconds?: number; minutes?: number; hours?: number }

/** 15 January 2027, 08:00 UTC, in Unix milliseconds. */
const START_MS = 1_800_000_000_000

const YEAR_SECONDS = 365 * 86_400

/** Shorter than any time limit, so that nothing which needs no time runs into one. */
const SLICE_MS = 4_000

/** More turns of the event loop than any exchange takes. */
const REST_TURNS = 50

/** Under which a kernel of a mesh cosigns: known before any of them runs, as operators exchange it. */
export function witnessVkeyOf(name: string, seed = 1): string {
  const { did } = signerFromSeed(sha256(`${seed} ${name} identity`))
  return cosignerKey(`${did}/witness`, sha256(`${seed} ${name} witness`)).vkey
}

type FrozenLog = { directory: MemoryLogDisk; link: LogLink }

type Member = {
  init: TestKernelInit
  disk: MemoryLogDisk
  /** The newest first. */
  frozen: FrozenLog[]
  store: Store
  settledKeys: SettledKeys
  kernel?: AssembledKernel
  detach?: () => void
  lines: LogLine[]
  /** Files about other kernels. */
  evidence: Map<string, string>
  /** Set when the log failed: the process would have ended. */
  fatal?: unknown
}

export class TestMesh<Name extends string> implements AsyncDisposable {
  readonly clock: ManualClock = manualClock(START_MS)
  readonly network: MemoryNetwork
  readonly #seed: number
  readonly #strangers: boolean
  readonly #members: ReadonlyMap<Name, Member>

  static async create<Name extends string>(init: TestMeshInit<Name>): Promise<TestMesh<Name>> {
    const mesh = new TestMesh(init)
    for (const name of mesh.names) await mesh.start(name)
    for (const name of mesh.names) for (const other of mesh.names) await mesh.trust(name, mesh.did(other))
    return mesh
  }

  private constructor(init: TestMeshInit<Name>) {
    this.#seed = init.seed ?? 1
    this.#strangers = init.strangers ?? false
    this.network = memoryNetwork({ seed: this.#seed })
    const entries = Object.entries<TestKernelInit>(init.kernels) as [Name, TestKernelInit][]
    this.#members = new Map(
      entries.map(([name, kernel]) => [
        name,
        {
          init: kernel,
          disk: memoryLogDisk(name),
          frozen: [],
          store: memoryStore(),
          settledKeys: memorySettledKeys(),
          lines: [],
          evidence: new Map(),
        },
      ]),
    )
  }

  get names(): Name[] {
    return [...this.#members.keys()]
  }

  kernel(name: Name): AssembledKernel {
    const { kernel } = this.#member(name)
    if (kernel === undefined) throw new Error(`${name} is not running`)
    return kernel
  }

  disk(name: Name): MemoryLogDisk {
    return this.#member(name).disk
  }

  endpoint(name: Name): string {
    // An address is no place for an identity to be published.
    const host = this.#member(name).init.identity === undefined ? '127.0.0.1' : 'localhost'
    return `http://${host}:${7400 + this.names.indexOf(name)}`
  }

  /** What the kernel logged as an error: nothing, unless a part of it failed. */
  errors(name: Name): readonly string[] {
    return this.lines(name)
      .filter(({ level }) => level === 'error')
      .map(({ event, fields }) => `${event} ${JSON.stringify(fields)}`)
  }

  /** Everything that the kernel said for its operator, at every level. */
  lines(name: Name): readonly LogLine[] {
    return this.#member(name).lines
  }

  /** Texts of the evidence that the kernel wrote about others. */
  evidence(name: Name): string[] {
    return [...this.#member(name).evidence.values()]
  }

  /** Why the kernel's log failed; the process would have ended. */
  fatal(name: Name): unknown {
    return this.#member(name).fatal
  }

  async start(name: Name): Promise<void> {
    const member = this.#member(name)
    const { secret, keysOf = name, wrapDisk, wrapStore, wrapSettledKeys, ground, identity: kept, ...init } = member.init
    const nowMs = () => this.clock.now()
    const identity = kept && (await OwnIdentity.open({ files: kept.files, nowMs }))
    const endpoint = this.endpoint(name)
    const key = (purpose: string) => sha256(`${this.#seed} ${keysOf} ${purpose}`)
    member.kernel = await assembleKernel(
      {
        signer: identity?.signer ?? signerFromSeed(key('identity')),
        ...(identity === undefined ? {} : { identity }),
        secret: secret ?? key('secret'),
        logSeed: this.#logSeed(name),
        ...logsOf(this.did(name), member),
        witnessSeed: key('witness'),
        disk: wrapDisk?.(member.disk) ?? member.disk,
        store: wrapStore?.(ground?.store ?? member.store) ?? ground?.store ?? member.store,
        settledKeys: wrapSettledKeys?.(member.settledKeys) ?? member.settledKeys,
        ...(ground === undefined ? {} : { content: ground.ground }),
        clock: this.clock,
        logger: recorder(member.lines),
        transport: this.network.transport(endpoint),
        fetch: memoryFetch(this.network, endpoint),
        keepEvidence: async (file, text) => {
          member.evidence.set(file, text)
          return file
        },
        onFatal(error) {
          member.fatal = error
        },
      },
      { name, endpoint, ...init },
    )
    member.detach = this.network.attach(endpoint, member.kernel.inbound)
  }

  /** Ends a kernel in good order. */
  async stop(name: Name): Promise<void> {
    const member = this.#member(name)
    member.detach?.()
    const { kernel } = member
    delete member.kernel
    await kernel?.[Symbol.asyncDispose]()
  }

  /**
   * Ends a kernel, freezes its log as a restore does, and starts it again with the log that follows.
   * @param backup what is restored of the log @default all of it
   */
  async restore(name: Name, backup?: MemoryLogDisk): Promise<void> {
    await this.stop(name)
    const member = this.#member(name)
    if (backup !== undefined) member.disk = backup
    const previous = (await logExtent(member.disk))?.checkpoint
    if (previous === undefined) throw new Error(`${name} has signed nothing`)
    const link = { previous, vkey: this.logKey(name).vkey }
    member.frozen.unshift({ directory: member.disk, link })
    member.disk = memoryLogDisk(name)
    const key = this.logKey(name)
    const opening = { ...linkExt(link), reason: 'restored' }
    const { clock } = this
    const onFatal = (error: unknown) => {
      member.fatal = error
    }
    const ledger = await openLedger({ disk: member.disk, origin: key.name, key, clock, opening, onFatal })
    await ledger.close()
    await this.start(name)
  }

  /** What the holder of the key of a log has. */
  logKey(name: Name): NoteKey {
    return noteKey(originOf(this.did(name), this.#member(name)), this.#logSeed(name))
  }

  did(name: Name): Did {
    const { identity, keysOf = name } = this.#member(name).init
    return identity?.did ?? signerFromSeed(sha256(`${this.#seed} ${keysOf} identity`)).did
  }

  /** What a verifier is given of a kernel. */
  log(name: Name): LogSource & { frozen: readonly FrozenSource[] } {
    const { disk, frozen } = this.#member(name)
    const before = frozen.map(({ directory, link }) => ({ disk: directory, vkey: link.vkey }))
    return { disk, vkey: this.logKey(name).vkey, did: this.did(name), frozen: before }
  }

  /** Ends a kernel and starts it again over what it had written. */
  async restart(name: Name): Promise<void> {
    await this.stop(name)
    await this.start(name)
  }

  /** Starts a kernel over another disk, such as a copy that was made before, with the store that it had. */
  async startFrom(name: Name, disk: MemoryLogDisk): Promise<void> {
    this.#member(name).disk = disk
    await this.start(name)
  }

  /** The power goes: every byte that no returned sync covered is lost. The kernel that ran is left as it was. */
  lose(name: Name, torn = 0): void {
    const member = this.#member(name)
    member.detach?.()
    delete member.kernel
    member.disk.lose(torn)
  }

  /** Imports one kernel into another, by the manifest it serves. */
  async join(importer: Name, peer: Name, init: Omit<ImportInit, 'manifest'> = {}): Promise<PeerImport> {
    const manifest = await this.kernel(peer).advertise()
    return this.kernel(importer).importRemote({ manifest, ...init })
  }

  /** The operator of a kernel vouches for another one as an agreement does; nobody does in a mesh of strangers. */
  async trust(name: Name, who: Did): Promise<void> {
    const { standing } = this.kernel(name)
    if (this.#strangers || who === this.did(name)) return
    if ((await standing.list()).some(({ did, vouched }) => did === who && vouched !== undefined)) return
    await standing.vouch({ who, standing: 700, until: this.clock.now() / 1000 + YEAR_SECONDS, by: 'person:test' })
  }

  /** Lets everything that was started come to rest: acknowledgements, checkpoints, whatever needs no time. */
  async settle(): Promise<void> {
    await turns()
  }

  /** Lets time pass, in slices, so that what a timer starts comes to rest before much later ones run. */
  async advance(span: Span): Promise<void> {
    const total = toMs(span)
    for (let passed = 0; passed < total; passed += SLICE_MS) {
      this.clock.advance(Math.min(SLICE_MS, total - passed))
      await turns()
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const name of this.names) await this.stop(name)
  }

  /** Each log has a key of its own. */
  #logSeed(name: Name): Uint8Array {
    const { frozen, init } = this.#member(name)
    return sha256(`${this.#seed} ${init.keysOf ?? name} log${frozen.length === 0 ? '' : ` ${frozen.length + 1}`}`)
  }

  #member(name: Name): Member {
    const member = this.#members.get(name)
    if (member === undefined) throw new Error(`there is no kernel ${name}`)
    return member
  }
}

function originOf(did: Did, { frozen }: Member): string {
  return `${did}/log/${frozen.length + 1}`
}

function logsOf(did: Did, member: Member) {
  return member.frozen.length === 0 ? {} : { logs: { origin: originOf(did, member), frozen: member.frozen } }
}

function toMs({ ms = 0, seconds = 0, minutes = 0, hours = 0 }: Span): number {
  return ms + 1000 * (seconds + 60 * (minutes + 60 * hours))
}

/** Lets promises and immediates run until everything in memory has come to rest. */
async function turns(): Promise<void> {
  for (let turn = 0; turn < REST_TURNS; turn++) await new Promise<void>((resolve) => setImmediate(resolve))
}

function recorder(lines: LogLine[]): Logger {
  const at =
    (level: LogLevel) =>
    (event: string, fields: LogFields = {}) =>
      void lines.push({ level, event, fields })
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') }
}
