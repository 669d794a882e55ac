import type {
  AgentInfo,
  AgreedImport,
  CapabilityDetail,
  CapabilityHandler,
  CapabilityId,
  CapabilityRef,
  EraseContent,
  ErasedContent,
  IdentityKeys,
  ImportAgreed,
  IssuerCheck,
  IssuerInfo,
  KeptArguments,
  KeptContent,
  Kernel,
  KernelOperator,
  ManifestDiff,
  NewAgent,
  PeerAlias,
  RegisterParams,
  RenewUpdateKey,
  RevokeKey,
  RotateKey,
  TokenRequest,
} from '@hansa/protocols'
import type { AgreedImporter } from '../first-import/first-imports.ts'
import type { ExchangeAnswer } from '../issuers/token-exchange.ts'
import type { OpenCapabilities } from '../kernel/open-capabilities.ts'
import type { ForgivenRegistry } from '../registry/forgive-registry.ts'
import type { RoutingOperations } from '../routing/routing-desk.ts'
import type { StandingOperations } from '../standing/standing-desk.ts'
import type { IdentifyAgent } from './control-caller.ts'

/** A capability that a connected program serves. */
export interface AgentOffer {
  readonly capability: CapabilityId
  /** Whether nothing of it was known before. */
  readonly fresh: boolean
  /** The program went away: it stays listed and advertised, and calls of it are refused until the program is back. */
  leave(): Promise<void>
  /** It is no longer offered. */
  withdraw(): Promise<void>
}

/** Whose tokens are taken. */
export interface Issuers {
  list(): IssuerInfo[]
  /** Reads the keys of an issuer now. @param token what it would be taken as @throws CallError `not_found` */
  check(name: string, token?: string): Promise<IssuerCheck>
  /** @default nobody may exchange tokens */
  readonly exchange: TokenExchanging | undefined
}

/** Exchanges tokens of issuers for tokens of this kernel. */
export interface TokenExchanging {
  exchange(request: TokenRequest): Promise<ExchangeAnswer>
  /** Ways in which clients show who they are, and algorithms of their assertions. */
  readonly authMethods: readonly string[]
  readonly algorithms: readonly string[]
}

/** What an operator may do with the keys of the identity. */
export interface ControlledIdentity {
  keys(): Promise<IdentityKeys>
  /** @throws CallError `unsupported` when the identity is its key; `invalid_request` while a rotation is under way. */
  rotate(init: RotateKey): Promise<IdentityKeys>
  /** A new update key, and a key that can undo what it signs. @throws CallError as `rotate` */
  renew(init: RenewUpdateKey): Promise<IdentityKeys>
  /** @throws CallError `unsupported` when the identity is its key; `not_found` for a key that it never had. */
  revoke(init: RevokeKey): Promise<IdentityKeys>
}

/** What the control interface needs: everything an agent and an operator may do, with imports named by alias. */
export interface ControlledKernel extends Kernel, KernelOperator {
  /** What other kernels may be trusted with here. */
  readonly standing: StandingOperations
  /** Where calls go. */
  readonly routing: RoutingOperations
  /** What may be shown to whoever asks. */
  readonly open: OpenCapabilities
  /**
   * Asks a registry again that was caught: its next log counts as its first.
   * @throws CallError `not_found` for one that was not caught.
   */
  forgiveRegistry(url: string, by: string): Promise<ForgivenRegistry>
  /** @param by who asks @default an operator */
  importAgreed(init: ImportAgreed, by?: AgreedImporter): Promise<AgreedImport>
  /**
   * Fetches the current manifest of an imported peer and applies the change table of security.md B2.
   * @throws CallError `not_found` when nothing is imported under that alias.
   */
  refresh(alias: PeerAlias): Promise<ManifestDiff>
  /**
   * Offers a capability that a connected program serves. One that its owner has served before is taken up again.
   * @param owner whose it is; nobody else can offer it then
   * @throws CallError `invalid_request` when the definition has faults or the id is taken.
   */
  offer(definition: RegisterParams, handler: CapabilityHandler, owner: string): Promise<AgentOffer>
  /**
   * Forgets a capability whose program has gone away.
   * @throws CallError `not_found`, or `invalid_request` while it is being served.
   */
  forgetCapability(id: CapabilityId): Promise<void>
  /** Everything that is known of one capability, own or imported. @throws CallError `not_found` */
  capability(ref: CapabilityRef): Promise<CapabilityDetail>
  agents(): Promise<AgentInfo[]>
  /**
   * Makes a credential, which is in the answer and nowhere else.
   * @param init principal: `agent:NAME` by default
   * @throws CallError `invalid_request` when there is an agent of that name.
   */
  addAgent(init: { name: string; principal?: string }): Promise<NewAgent>
  /** Takes the credential away at once; what it has open ends. @throws CallError `not_found` */
  removeAgent(name: string): Promise<void>
  /** Who shows a credential, a token of this kernel or a token of an issuer. */
  identifyAgent: IdentifyAgent
  readonly issuers: Issuers
  /**
   * What was kept of the content of one call, checked against the log.
   * @throws CallError `not_found`; `unsupported` when nothing is kept on a disk.
   */
  content(callId: string): Promise<KeptContent>
  /** Arguments that are kept and readable, of some calls of one log. */
  keptArguments(origin: string, callIds: readonly string[]): Promise<KeptArguments>
  /** Erases kept content for good, and says so in the log. @throws CallError `unsupported` when nothing is kept on a disk. */
  eraseContent(params: EraseContent): Promise<ErasedContent>
  /** Changing the key of this kernel. */
  readonly identity: ControlledIdentity
  /**
   * Writes a copy of the node's state beside it, for a backup.
   * @returns its absolute path; whoever asked removes it. @throws CallError `unsupported` when nothing is kept on a disk.
   */
  snapshotState(): Promise<{ path: string }>
}
