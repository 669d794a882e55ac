/**
 * A kernel, as agent code sees it. Two implementations pass one contract suite (`@hansa/protocols/testing`):
 * `connect(url)` of `@hansa/sdk`, a thin client of a running node, and `createKernel()` of `@hansa/node`, a kernel
 * inside the agent's own process.
 *
 * Every method throws `CallError` with one of the closed list of codes; `invoke` never returns a refusal.
 */
import type { CapabilityDefinition, CapabilityHandler } from '../capability/definition.ts'
import type { Label } from '../capability/label.ts'
import type { CallNote } from '../exchange/call-note.ts'
import type { InputMethod, InputResponses } from '../exchange/input-request.ts'
import type { SignedManifest } from '../manifest/capability-manifest.ts'
import type { TrustPolicy } from '../policy/trust-policy.ts'
import type { CapabilityId, CapabilityRef, PeerAlias } from '../syntax/capability-id.ts'
import type { Did } from '../syntax/did.ts'
import type { AgreedImport, ImportAgreed } from './agreed-import.ts'
import type { Discovery } from './discovery.ts'
import type { Explanation } from './explanation.ts'
import type { Frame } from './frame.ts'
import type { ManifestDiff } from './manifest-diff.ts'
import type { SearchAnswer, SearchQuery } from './search.ts'

export type { DiscoveredPeer, Discovery, DiscoveryFault } from './discovery.ts'
export type { Explanation } from './explanation.ts'
export type { Frame } from './frame.ts'
export type { CapabilityChange, ManifestDiff } from './manifest-diff.ts'

export interface Kernel extends AsyncDisposable {
  readonly did: Did

  /**
   * Offers a capability for as long as the registration is kept, and advertises it with the next manifest.
   * @throws CallError `invalid_request` when the definition has faults (all are named) or the id is taken.
   */
  register(definition: CapabilityDefinition, handler: CapabilityHandler): Promise<Registration>

  /** Signs a manifest of everything registered now; the same one as before while nothing changed and it is fresh. */
  advertise(): Promise<SignedManifest>

  /**
   * Asks every URL and the registry in parallel for manifests, verifies each, and returns what was found together
   * with the reason for each source that failed. Never throws for a source. Without URLs it also looks among the
   * manifests that this kernel holds of its mesh, and, for a DID that nobody names, in the DHT if it has a libp2p host.
   */
  discoverPeers(init?: DiscoverInit): Promise<Discovery>

  /**
   * Looks in the replica of manifests that this kernel keeps; asks nobody, and grants nothing. What it finds is imported
   * like everything else.
   * @throws CallError `invalid_request` when the query has faults.
   */
  search(query: SearchQuery): Promise<SearchAnswer>

  /**
   * Pins a peer's identity, log key, endpoint and capabilities, and makes the capabilities callable as `alias/id`.
   * All or nothing.
   * @throws CallError when the manifest does not verify, is unsigned, has expired, or the alias is taken by another peer.
   */
  importRemote(init: ImportInit): Promise<PeerImport>

  /**
   * As `importRemote`, without an operator: asks every discovery channel of this kernel for the one that is named, and
   * pins it when two that are independent of each other name the same manifest. It permits no call.
   * @throws CallError `not_found` when no two agree, `descriptor_mismatch` when they contradict each other,
   * `policy_denied` where the configuration leaves it to an operator.
   */
  importAgreed(init: ImportAgreed): Promise<AgreedImport>

  /**
   * Calls a capability, local (`id`) or imported (`alias/id`), through every stage of the kernel.
   * @param args JSON value, SJ-P profile.
   */
  invoke(capability: CapabilityRef, args: unknown, options?: InvokeOptions): Promise<Frame>

  /** Says what `invoke` would decide, and why, without doing it. Asks the other kernel when the capability is imported. */
  explain(capability: CapabilityRef, args: unknown, options?: InvokeOptions): Promise<Explanation>
}

export interface Registration extends AsyncDisposable {
  readonly capability: CapabilityId
  /** Stops offering it. */
  unregister(): Promise<void>
}

export type DiscoverInit = {
  /** Manifest URLs, or base URLs of kernels. */
  peerUrls?: readonly string[]
  /**
   * The only kernel that is wanted. Then no certificate authority is needed at a URL: who answers there has to show a
   * certificate whose key is named in the manifest of this kernel.
   */
  did?: Did
  /** Base URL of a registry. */
  registryUrl?: string
  /** Base URLs of several registries: each is asked, and one that is away spoils nothing. */
  registryUrls?: readonly string[]
  /** Only kernels that offer this capability; asked of the registry, checked here. */
  capability?: CapabilityId
  /** Only kernels with a capability of this tag or sensitivity. */
  tag?: string
  signal?: AbortSignal
}

export type ImportInit = {
  /** As `discoverPeers` returned it, or a compact JWS. */
  manifest: SignedManifest | string
  /** The namespace of the imported capabilities. @default the manifest's name, or `k-` and the end of the DID */
  as?: PeerAlias
  /** Only these. @default all */
  capabilities?: readonly CapabilityId[]
  /** How to reach the peer when not by the endpoint of its manifest. The peer still has to prove its DID there. */
  driver?: { kind: 'http'; url: string }
  /** @default 'most_restrictive' */
  trustPolicy?: TrustPolicy
}

export interface PeerImport {
  readonly peer: Did
  readonly alias: PeerAlias
  readonly trustPolicy: TrustPolicy
  /** What is callable now, as `alias/id`. */
  readonly capabilities: CapabilityRef[]
  /** Fetches the current manifest and applies the change table of security.md B2. */
  refresh(): Promise<ManifestDiff>
  unimport(): Promise<void>
}

export type InvokeOptions = {
  /** Who asks, of this kernel's own. @default the principal that this client or kernel acts for */
  principal?: string
  /** Why, in one word or path; policies may demand one. */
  purpose?: string
  /** Same key and same arguments within 24 h: the stored result, and the action runs once. */
  idempotencyKey?: string
  /** Approvals that were granted for exactly this action, here or at the peer; from `CallError.detail.approvalId`. */
  approval?: string | readonly string[]
  /** The call that this one is made for, from `InvocationContext.callId`: its deadline, labels and hops carry over. */
  parent?: string
  /**
   * For whom the principal acts, where it is not for itself: another principal of this kernel. It is in the log, and the
   * peer of an imported capability gets a pseudonym of it.
   */
  onBehalfOf?: string
  /** Name of the issuer by whose token the principal is known. @default none: the kernel's own word */
  issuer?: string
  /** A token of this kernel, instead of the principal. */
  token?: string
  /**
   * The chain of delegations under which a peer is called: the hash of its last link, or the first eight characters of it.
   * `false`: none. @default the one that covers the call, when it is the only one
   */
  delegation?: string | false
  /**
   * Whether another imported provider of the same capability may serve the call when the first one does not. `false`:
   * only what is named. @default as the kernel is configured: where the call names no peer
   */
  route?: boolean
  /** Labels of the arguments, where the caller knows them. @default [] */
  labels?: readonly Label[]
  /** What the caller can answer when it is asked; nothing else is asked of it. @default [] */
  accepts?: readonly InputMethod[]
  /**
   * The call that ended with a frame of kind `input_required`, and an answer for each of its requests. Everything else
   * is as it was for that call: capability, arguments, principal.
   */
  continues?: { callId: string; responses: InputResponses }
  /** Takes what the call says before it ends, in order. Untrusted, and in no log. */
  onNote?(note: CallNote): void
  /** @default 10_000 */
  deadlineMs?: number
  signal?: AbortSignal
}

/** What a caller gets: screened, bounded, redacted, labelled. */
