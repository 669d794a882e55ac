/** A running node as a `Kernel`: each method is one request to its control interface. */
import type {
  AgreedImport,
  CapabilityDefinition,
  CapabilityHandler,
  CapabilityRef,
  ControlResult,
  Did,
  DiscoverInit,
  Discovery,
  Explanation,
  Frame,
  ImportAgreed,
  ImportedPeer,
  ImportInit,
  InvokeOptions,
  Kernel,
  KernelOperator,
  ManifestDiff,
  PeerImport,
  SearchAnswer,
  SearchQuery,
  SignedManifest,
  WhoAmI,
} from '@hansa/protocols'
import type { ControlClient } from './control-client.ts'
import { remoteOperator } from './remote-operator.ts'
import { type ServedCapability, type ServedRegistration, serveCapability } from './serve-capability.ts'
import { streamedCall } from './streamed-call.ts'

export interface NodeClient extends Kernel {
  /** What only an operator should hold; hand an agent the client as a plain `Kernel`. */
  readonly operator: KernelOperator
  /** For whom a call is made that names nobody. */
  readonly principal: string
  /** `agent` when a credential was shown: then it calls and serves capabilities, and nothing else. */
  readonly scope: 'agent' | 'operator'
  register(definition: CapabilityDefinition, handler: CapabilityHandler): Promise<ServedRegistration>
}

/** Milliseconds; the deadline of a call that names none. */
const DEFAULT_DEADLINE_MS = 10_000
/** Milliseconds beyond the deadline of a call, in which its node says that it has passed. */
const ANSWER_GRACE_MS = 15_000
/** Milliseconds for work that asks other kernels. */
const PEER_WORK_MS = 120_000

export class RemoteKernel implements NodeClient {
  readonly did: Did
  readonly principal: string
  readonly scope: 'agent' | 'operator'
  readonly operator: KernelOperator
  readonly #client: ControlClient
  readonly #served = new Set<ServedCapability>()

  constructor(client: ControlClient, { did, principal, scope }: WhoAmI) {
    this.#client = client
    this.did = did
    this.principal = principal
    this.scope = scope
    this.operator = remoteOperator(client)
  }

  async register(definition: CapabilityDefinition, handler: CapabilityHandler): Promise<ServedRegistration> {
    const registration = await serveCapability(this.#client, definition, handler)
    this.#served.add(registration)
    void registration.ended.then(() => this.#served.delete(registration))
    return registration
  }

  advertise(): Promise<SignedManifest> {
    return this.#client.call('advertise', {})
  }

  discoverPeers({ signal, ...init }: DiscoverInit = {}): Promise<Discovery> {
    return this.#client.call('discover', init, { answerWithinMs: PEER_WORK_MS, ...(signal && { signal }) })
  }

  search(query: SearchQuery): Promise<SearchAnswer> {
    return this.#client.call('search', query)
  }

  async importRemote({ manifest, ...init }: ImportInit): Promise<PeerImport> {
    const jws = typeof manifest === 'string' ? manifest : manifest.jws
    const imported = await this.#client.call('import', { ...init, manifest: jws }, { answerWithinMs: PEER_WORK_MS })
    return new RemoteImport(this.#client, imported)
  }

  async importAgreed(init: ImportAgreed): Promise<AgreedImport> {
    const { agreed, ...imported } = await this.#client.call('importAgreed', init, { answerWithinMs: PEER_WORK_MS })
    return Object.assign(new RemoteImport(this.#client, imported), { agreed })
  }

  invoke(capability: CapabilityRef, args: unknown, options: InvokeOptions = {}): Promise<Frame> {
    const { onNote, ...rest } = options
    if (onNote === undefined) return this.#ask('invoke', capability, args, rest)
    return streamedCall(this.#client, { capability, args: args ?? null, ...rest }, onNote)
  }

  explain(capability: CapabilityRef, args: unknown, options: InvokeOptions = {}): Promise<Explanation> {
    return this.#ask('explain', capability, args, options)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.allSettled([...this.#served].map((served) => served.leave()))
    await this.#client[Symbol.asyncDispose]()
  }

  #ask<M extends 'invoke' | 'explain'>(
    method: M,
    capability: CapabilityRef,
    args: unknown,
    { signal, onNote: _unheard, ...options }: InvokeOptions,
  ): Promise<ControlResult<M>> {
    const answerWithinMs = (options.deadlineMs ?? DEFAULT_DEADLINE_MS) + ANSWER_GRACE_MS
    const init = { answerWithinMs, acts: method === 'invoke', ...(signal && { signal }) }
    return this.#client.call(method, { capability, args: args ?? null, ...options }, init)
  }
}

class RemoteImport implements PeerImport {
  readonly #client: ControlClient
  #imported: ImportedPeer

  constructor(client: ControlClient, imported: ImportedPeer) {
    this.#client = client
    this.#imported = imported
  }

  get peer(): Did {
    return this.#imported.peer
  }

  get alias(): string {
    return this.#imported.alias
  }

  get trustPolicy(): PeerImport['trustPolicy'] {
    return this.#imported.trustPolicy
  }

  get capabilities(): CapabilityRef[] {
    return this.#imported.capabilities
  }

  async refresh(): Promise<ManifestDiff> {
    const diff = await this.#client.call('refresh', { alias: this.alias }, { answerWithinMs: PEER_WORK_MS })
    const peer = (await this.#client.call('peers', {})).find(({ alias }) => alias === this.alias)
    this.#imported = { ...this.#imported, capabilities: peer?.capabilities ?? [] }
    return diff
  }

  async unimport(): Promise<void> {
    await this.#client.call('unimport', { alias: this.alias })
    this.#imported = { ...this.#imported, capabilities: [] }
  }
}
