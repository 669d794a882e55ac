/** What a kernel is made of. */
import type {
  Agreements,
  Delegations,
  Did,
  DiscoverInit,
  Discovery,
  EntryDraft,
  GovernanceOperator,
  InboundHandler,
  MeshOperator,
  SearchAnswer,
  SearchQuery,
  Sponsors,
} from '@hansa/protocols'
import type { Appended, Ledger } from '@hansa/trust/ledger'
import type { A2aGround } from '../a2a/a2a-ground.ts'
import type { ContentDesk } from '../content/content-desk.ts'
import type { AckOutbox } from '../exchange/ack-outbox.ts'
import type { HeldResults } from '../exchange/held-results.ts'
import type { RefusalCounter } from '../exchange/refusal-counter.ts'
import type { FirstImports } from '../first-import/first-imports.ts'
import type { IdentityDesk } from '../identity/identity-desk.ts'
import type { OpenedIssuers } from '../issuers/open-issuers.ts'
import type { MeshFigures } from '../mesh/mesh-figures.ts'
import type { PolicyChanges } from '../policy/policy-changes.ts'
import type { KernelRegistries } from '../registry/kernel-registries.ts'
import type { KernelRevocations } from '../revocation/kernel-revocations.ts'
import type { RoutingDesk } from '../routing/routing-desk.ts'
import type { StandingDesk } from '../standing/standing-desk.ts'
import type { Witnessing } from '../witness/witnessing.ts'
import type { AgentBook } from './agent-book.ts'
import type { AgentOffers } from './agent-offers.ts'
import type { ApprovalBook } from './approvals.ts'
import type { CapabilityDesk } from './capability-desk.ts'
import type { ConfiguredCapabilities } from './configured-capabilities.ts'
import type { EventOutbox } from './event-outbox.ts'
import type { Explain } from './explain.ts'
import type { ImportDesk } from './import-desk.ts'
import type { InFlight } from './in-flight.ts'
import type { Invoke } from './invoke.ts'
import type { LocalCapabilities } from './local-capabilities.ts'
import type { ManifestPublisher } from './manifest-publisher.ts'
import type { OpenCapabilities } from './open-capabilities.ts'
import type { PeerDesk } from './peer-desk.ts'
import type { PolicyHolder } from './policy-holder.ts'
import type { TokenDesk } from './token-desk.ts'

export type KernelParts = {
  did: Did
  name: string
  endpoint: string | undefined
  nowMs(): number
  ledger: Ledger
  locals: LocalCapabilities
  publisher: ManifestPublisher
  policy: PolicyHolder
  policyChanges: PolicyChanges
  approvals: ApprovalBook
  imports: ImportDesk
  firstImports: FirstImports
  peers: PeerDesk
  inFlight: InFlight
  tokens: TokenDesk
  standing: StandingDesk
  routing: RoutingDesk
  agents: AgentBook
  issuers: OpenedIssuers
  offers: AgentOffers
  configured: ConfiguredCapabilities
  capabilities: CapabilityDesk
  open: OpenCapabilities
  a2a: A2aGround
  content: ContentDesk
  delegations: Delegations
  agreements: Agreements
  sponsors: Sponsors
  identity: IdentityDesk
  registries: KernelRegistries
  events: EventOutbox
  revocations: KernelRevocations
  append(draft: EntryDraft): Appended
  outbox: AckOutbox
  held: HeldResults
  refusals: RefusalCounter
  inbound: InboundHandler
  witnessing: Witnessing
  invoke: Invoke
  explain: Explain
  governance: GovernanceOperator
  mesh: MeshOperator
  meshFigures(): MeshFigures
  search(query: SearchQuery): Promise<SearchAnswer>
  discover(init?: DiscoverInit): Promise<Discovery>
  snapshotState: (() => Promise<string>) | undefined
  quiesce(): Promise<void>
  drain(): Promise<void>
  ended(): Promise<void>
}
