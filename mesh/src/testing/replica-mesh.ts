/** Kernels that are nothing but a replica, on a memory network and a clock that the test holds. */
import { setImmediate } from 'node:timers/promises'
import { type CapabilityManifest, httpStatus, type InboundHandler, type InboundReply } from '@hansa/protocols'
import type { ManualClock } from '@hansa/protocols/testing'
import { didKeyResolver, type Signer, unadmittedKeys } from '@hansa/trust'
import type { Gossip } from '../gossip/gossip.ts'
import type { Neighbour } from '../replica/ask-replica.ts'
import { LocalReplica, type LocalReplicaInit } from '../replica/local-replica.ts'
import { ReplicaRounds, type RoundReport, type RoundTimes } from '../replica/replica-rounds.ts'
import { replicaPaths, serveReplica } from '../replica/serve-replica.ts'
import { spreadNews } from '../replica/spread.ts'
import { type MemoryNetwork, memoryNetwork } from './memory-network.ts'
import { kernelNumber, manifestOf, withdrawalOf } from './replica-records.ts'
import { clockAtNow } from './test-kernel.ts'

export type ReplicaKernelInit = LocalReplicaInit & { gossip?: Gossip; rounds?: Partial<RoundTimes> }

export class ReplicaKernel implements InboundHandler {
  readonly signer: Signer
  readonly endpoint: string
  readonly replica: LocalReplica
  readonly rounds: ReplicaRounds
  readonly reports: RoundReport[] = []
  readonly lost: string[] = []
  /** Whom it follows and tells. */
  neighbours: Neighbour[] = []
  readonly #service: ReturnType<typeof serveReplica>
  readonly #stop: () => void
  readonly #clock: ManualClock
  #seq = 0

  constructor(name: number | string, network: MemoryNetwork, clock: ManualClock, init: ReplicaKernelInit = {}) {
    this.signer = kernelNumber(name)
    this.endpoint = `http://kernel-${name}.test`
    this.#clock = clock
    const self = this.signer.did
    const knows = (from: string) => this.neighbours.some(({ did }) => did === from)
    this.replica = new LocalReplica({ clock, resolver: unadmittedKeys(didKeyResolver()) }, { self, knows, ...init })
    const turnLost = (source: string) => void this.lost.push(source)
    this.#service = serveReplica({ replica: this.replica, clock, turnLost })
    let draws = Number.parseInt(self.slice(-6), 36)
    const random = () => {
      draws = (draws * 48_271 + 11) % 2_147_483_647
      return draws / 2_147_483_647
    }
    const transport = network.transport(this.endpoint)
    const common = { replica: this.replica, clock, transport, neighbours: () => this.neighbours, random }
    this.rounds = new ReplicaRounds({ ...common, ended: (report) => void this.reports.push(report) }, init.rounds)
    this.#stop = spreadNews({ ...common, self, gossip: init.gossip }, 4)
    network.attach(this.endpoint, this)
  }

  get neighbour(): Neighbour {
    return { did: this.signer.did, endpoint: this.endpoint }
  }

  /** Signs the next manifest and takes it in. */
  async publish(over: Partial<CapabilityManifest> = {}): Promise<string> {
    const now = Math.floor(this.#clock.now() / 1000)
    this.#seq = Math.max(this.#seq + 1, now)
    const jws = manifestOf(this.signer, { seq: this.#seq, iat: now, exp: now + 3_600, ...over })
    await this.replica.take(jws, this.signer.did)
    return jws
  }

  async withdraw(): Promise<void> {
    this.#seq += 1
    const now = Math.floor(this.#clock.now() / 1000)
    await this.replica.take(withdrawalOf(this.signer, this.#seq, now), this.signer.did)
  }

  async handle({ path, body, source }: Parameters<InboundHandler['handle']>[0]): Promise<InboundReply> {
    const name = (['places', 'records', 'push'] as const).find((one) => replicaPaths[one] === path)
    const answer = name === undefined ? undefined : await this.#service[name]({ body, source })
    const status = answer === undefined ? 404 : answer.ok ? 200 : httpStatus[answer.code]
    const reply = answer?.ok === true ? answer.body : {}
    return { status, contentType: 'application/json', body: Buffer.from(JSON.stringify(reply)) }
  }

  close(): void {
    this.rounds.close()
    this.#stop()
    this.#service.close()
  }
}

export class ReplicaMesh {
  readonly clock = clockAtNow()
  readonly network = memoryNetwork()
  readonly kernels: ReplicaKernel[] = []

  add(name: number | string, init: ReplicaKernelInit = {}): ReplicaKernel {
    const kernel = new ReplicaKernel(name, this.network, this.clock, init)
    this.kernels.push(kernel)
    return kernel
  }

  /** @returns milliseconds of the clock until it held. @throws Error when it did not within `limitMs`. */
  async until(holds: () => boolean, limitMs = 60_000): Promise<number> {
    const beganMs = this.clock.now()
    for (;;) {
      await this.settle()
      if (holds()) return this.clock.now() - beganMs
      if (this.clock.now() - beganMs >= limitMs) throw new Error(`it does not hold after ${limitMs} ms`)
      this.clock.advance(20)
    }
  }

  /** What can happen without the clock has happened. */
  async settle(): Promise<void> {
    for (let turn = 0; turn < 30; turn++) await setImmediate()
  }

  /** Whether these hold the same records. */
  agree(kernels: readonly ReplicaKernel[] = this.kernels): boolean {
    return new Set(kernels.map(({ replica }) => replica.digest)).size === 1
  }

  close(): void {
    for (const kernel of this.kernels) kernel.close()
  }
}
