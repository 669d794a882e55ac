/**
 * A kernel: what agents and operators may ask of it, each in terms of the stages, the ledger and the books beside it.
 * It is assembled in `assemble-kernel.ts`; how it is reached, by code, by socket or by peers, is not its concern.
 */
import type {
  AddPeer,
  AgentInfo,
  AgreedImport,
  Agreements,
  Approval,
  ApprovalEvent,
  CapabilityDefinition,
  CapabilityDetail,
  CapabilityHandler,
  CapabilityId,
  CapabilityInfo,
  CapabilityRef,
  DecisionNotes,
  Delegations,
  Did,
  DiscoverInit,
  Discovery,
  Entry,
  EraseContent,
  ErasedContent,
  Explanation,
  Frame,
  GovernanceOperator,
  GrantInit,
  ImportAgreed,
  ImportInit,
  InboundHandler,
  InvokeOptions,
  KeptArguments,
  KeptContent,
  KernelStatus,
  KnownPeer,
  ManifestDiff,
  MeshOperator,
  NewAgent,
  PeerAlias,
  PeerImport,
  PeerInfo,
  PolicyChangesOperator,
  RegisterParams,
  Registration,
  RevocationInfo,
  Revoke,
  SearchAnswer,
  SearchQuery,
  SignedManifest,
  Sponsors,
} from '@hansa/protocols'
import { CallError } from '@hansa/protocols'
import type { PolicySource } from '@hansa/trust'
import type { Ledger } from '@hansa/trust/ledger'
import type { A2aGround } from '../a2a/a2a-ground.ts'
import type { AgentIdentity } from '../control/control-caller.ts'
import type { AgentOffer, ControlledKernel } from '../control/controlled-kernel.ts'
import { type Driver, functionDriver } from '../drivers/index.ts'
import type { AgreedImporter } from '../first-import/first-imports.ts'
import type { IdentityDesk } from '../identity/identity-desk.ts'
import type { IssuerDesk } from '../issuers/issuer-desk.ts'
import type { MeshFigures } from '../mesh/mesh-figures.ts'
import type { LoadedPolicy } from '../policy/policy-changes.ts'
import { type ForgivenRegistry, forgiveRegistry } from '../registry/forgive-registry.ts'
import type { KernelRegistries } from '../registry/kernel-registries.ts'
import type { RoutingDesk } from '../routing/routing-desk.ts'
import type { StandingDesk } from '../standing/standing-desk.ts'
import { checkDecision } from './check-decision.ts'
import type { ConfiguredCapabilities } from './configured-capabilities.ts'
import type { EventOutbox } from './event-outbox.ts'
import type { KernelParts } from './kernel-parts.ts'
import { kernelStatus } from './kernel-status.ts'
import { entriesOf } from './ledger-entries.ts'
import type { OpenCapabilities } from './open-capabilities.ts'

/** Whoever runs the kernel in his own process. */
const OPERATOR: AgreedImporter = { actor: 'person:operator', isOperator: true }

export class AssembledKernel implements ControlledKernel {
  readonly delegations: Delegations
  readonly agreements: Agreements
  readonly sponsors: Sponsors
  readonly governance: GovernanceOperator
  readonly identity: IdentityDesk
  readonly issuers: IssuerDesk
  readonly registries: KernelRegistries
  readonly mesh: MeshOperator
  readonly #parts: KernelParts
  readonly #startedMs: number
  readonly #drivers = new Set<Driver>()
  #closing: Promise<void> | undefined

  constructor(parts: KernelParts) {
    this.#parts = parts
    this.delegations = parts.delegations
    this.agreements = parts.agreements
    this.sponsors = parts.sponsors
    this.governance = parts.governance
    this.identity = parts.identity
    this.issuers = parts.issuers.desk
    this.registries = parts.registries
    this.mesh = parts.mesh
    this.#startedMs = parts.nowMs()
  }

  get did(): Did {
    return this.#parts.did
  }

  /** What a gateway or a memory network hands requests of other kernels to. */
  get inbound(): InboundHandler {
    return this.#parts.inbound
  }

  /** Base URL at which peers reach this kernel. */
  get endpoint(): string | undefined {
    return this.#parts.endpoint
  }

  /** Refuses new calls as `busy` from now on. @returns when those that run have ended */
  quiesce(): Promise<void> {
    return this.#parts.quiesce()
  }

  /** Calls between policy and outcome. */
  get callsRunning(): number {
    return this.#parts.inFlight.size
  }

  /** Receipts of peers that are not acknowledged yet. */
  get acksWaiting(): number {
    return this.#parts.outbox.waiting
  }

  /** Results of calls of peers that wait for the acknowledgement of their receipt. */
  get resultsHeld(): number {
    return this.#parts.held.unclaimed
  }

  get ledger(): Ledger {
    return this.#parts.ledger
  }

  register(definition: CapabilityDefinition, handler: CapabilityHandler): Promise<Registration> {
    return this.registerDriver(definition, functionDriver({ handler, structured: definition.output !== undefined }))
  }

  /** As `register`, for a capability that is served by something else than a function; the driver is closed with it. */
  async registerDriver(definition: CapabilityDefinition, driver: Driver): Promise<Registration> {
    const remove = this.#parts.locals.add(definition, driver)
    this.#drivers.add(driver)
    const unregister = async () => {
      remove()
      if (this.#drivers.delete(driver)) await driver[Symbol.asyncDispose]()
    }
    return { capability: definition.id, unregister, [Symbol.asyncDispose]: unregister }
  }

  offer(definition: RegisterParams, handler: CapabilityHandler, owner: string): Promise<AgentOffer> {
    return this.#parts.offers.offer(definition, handler, owner)
  }

  forgetCapability(id: CapabilityId): Promise<void> {
    return this.#parts.offers.forget(id)
  }

  async advertise(): Promise<SignedManifest> {
    return this.#parts.publisher.current()
  }

  discoverPeers(init?: DiscoverInit): Promise<Discovery> {
    return this.#parts.discover(init)
  }

  async search(query: SearchQuery): Promise<SearchAnswer> {
    return this.#parts.search(query)
  }

  importRemote(init: ImportInit): Promise<PeerImport> {
    return this.#parts.imports.add(init)
  }

  forgiveRegistry(url: string, by: string): Promise<ForgivenRegistry> {
    const { append, registries } = this.#parts
    return forgiveRegistry({ url, by }, { append, memory: registries.memory })
  }

  importAgreed(init: ImportAgreed, by: AgreedImporter = OPERATOR): Promise<AgreedImport> {
    return this.#parts.firstImports.import(init, by)
  }

  refresh(alias: PeerAlias): Promise<ManifestDiff> {
    return this.#parts.imports.refresh(alias)
  }

  unimport(alias: PeerAlias): Promise<void> {
    return this.#parts.imports.remove(alias)
  }

  invoke(capability: CapabilityRef, args: unknown, options: InvokeOptions = {}): Promise<Frame> {
    return this.#parts.invoke(capability, args, options)
  }

  explain(capability: CapabilityRef, args: unknown, options: InvokeOptions = {}): Promise<Explanation> {
    return this.#parts.explain(capability, args, options)
  }

  /** @param by who wants it @throws CallError `invalid_request` that names every fault; the policy in force stays. */
  loadPolicy(sources: readonly PolicySource[], by?: string): Promise<LoadedPolicy> {
    return this.#parts.policyChanges.load(sources, by)
  }

  /** A policy that waits for two persons. */
  get policyChanges(): PolicyChangesOperator {
    return this.#parts.policyChanges
  }

  status(): Promise<KernelStatus> {
    return kernelStatus(this.#parts, this.#startedMs)
  }

  async capabilities(): Promise<CapabilityInfo[]> {
    return this.#parts.capabilities.list()
  }

  capability(ref: CapabilityRef): Promise<CapabilityDetail> {
    return this.#parts.capabilities.detail(ref)
  }

  get open(): OpenCapabilities {
    return this.#parts.open
  }

  get a2a(): A2aGround {
    return this.#parts.a2a
  }

  /** What the configuration offers. */
  get configured(): ConfiguredCapabilities {
    return this.#parts.configured
  }

  /** What other kernels may be trusted with here. */
  get standing(): StandingDesk {
    return this.#parts.standing
  }

  /** Where calls go, and how the peers are that serve them. */
  get routing(): RoutingDesk {
    return this.#parts.routing
  }

  /** How the mesh is, for a monitoring system. */
  get meshFigures(): MeshFigures {
    return this.#parts.meshFigures()
  }

  /** For changes that are made outside the store. */
  get events(): Pick<EventOutbox, 'hold' | 'settle'> {
    return this.#parts.events
  }

  async peers(): Promise<PeerInfo[]> {
    const { routing, standing, imports } = this.#parts
    return routing.beside(standing.beside(await imports.peers()))
  }

  addPeer(init: AddPeer): Promise<KnownPeer> {
    return this.#parts.peers.add(init)
  }

  removePeer(who: string, by: string): Promise<KnownPeer> {
    return this.#parts.peers.remove(who, by)
  }

  async knownPeers(): Promise<KnownPeer[]> {
    return this.#parts.peers.list()
  }

  async approvals(): Promise<Approval[]> {
    return this.#parts.approvals.list()
  }

  watchApprovals(signal?: AbortSignal): AsyncIterable<ApprovalEvent> {
    return this.#parts.approvals.watch(signal)
  }

  approve(approvalId: string, approver: string, notes?: DecisionNotes): Promise<Approval> {
    return this.#decide(approvalId, 'granted', approver, notes)
  }

  deny(approvalId: string, approver: string, notes?: DecisionNotes): Promise<Approval> {
    return this.#decide(approvalId, 'denied', approver, notes)
  }

  grant(init: GrantInit): Promise<{ token: string; expires: number }> {
    return this.#parts.tokens.grant(init)
  }

  revoke(what: Revoke): Promise<RevocationInfo> {
    const { revocations, locals, configured, peers } = this.#parts
    return revocations.revoke(what, {
      offers: (id) => locals.descriptor(id) !== undefined || configured.withheld(id) !== undefined,
      peerNamed: (alias) => peers.find(alias)?.did,
    })
  }

  async revocations(): Promise<RevocationInfo[]> {
    return this.#parts.revocations.list()
  }

  async agents(): Promise<AgentInfo[]> {
    return this.#parts.agents.list()
  }

  addAgent(init: { name: string; principal?: string }): Promise<NewAgent> {
    return this.#parts.agents.add(init)
  }

  removeAgent(name: string): Promise<void> {
    return this.#parts.agents.remove(name)
  }

  identifyAgent(shown: string): Promise<AgentIdentity | undefined> {
    return this.#parts.issuers.identify(shown)
  }

  async snapshotState(): Promise<{ path: string }> {
    const { ledger, snapshotState } = this.#parts
    if (snapshotState !== undefined) {
      // What was answered before this was asked is then in the part of the log that a backup takes.
      await ledger.cut()
      return { path: await snapshotState() }
    }
    throw new CallError({ code: 'unsupported' }, 'unsupported: This kernel keeps nothing on a disk.')
  }

  content(callId: string): Promise<KeptContent> {
    return this.#parts.content.show(callId)
  }

  keptArguments(origin: string, callIds: readonly string[]): Promise<KeptArguments> {
    return this.#parts.content.argumentsOf(origin, callIds)
  }

  eraseContent(params: EraseContent): Promise<ErasedContent> {
    return this.#parts.content.erase(params)
  }

  audit(init: { from?: number; limit?: number; callId?: string }): Promise<Entry[]> {
    return entriesOf(this.#parts.ledger, init)
  }

  /** Takes no new call, sends what acknowledgements wait, writes what was counted, and closes the log. Calling it again does nothing. */
  [Symbol.asyncDispose](): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  async #close(): Promise<void> {
    const { outbox, refusals, ledger, approvals, drain, ended } = this.#parts
    await drain()
    approvals.close()
    await outbox.settled()
    outbox.close()
    await this.#parts.configured.close()
    await Promise.allSettled([...this.#drivers].map((driver) => driver[Symbol.asyncDispose]()))
    refusals.close()
    try {
      await ledger.close()
    } finally {
      await ended()
    }
  }

  async #decide(
    approvalId: string,
    verdict: 'granted' | 'denied',
    approver: string,
    notes: DecisionNotes = {},
  ): Promise<Approval> {
    checkDecision(approver, notes)
    return this.#parts.approvals.decide(approvalId, verdict, approver, notes)
  }
}
