/** Every contract of Hansa, by name. `@hansa/protocols/testing` holds what implementations test themselves against. */

// A2A.
export { contentOfParts, partsOfContent } from './a2a/a2a-content.ts'
export { type A2aPart, a2aIdSchema, a2aPartSchema } from './a2a/a2a-part.ts'
export * from './a2a/a2a-requests.ts'
export * from './a2a/a2a-task.ts'
export * from './a2a/agent-card.ts'
export {
  ardCatalog,
  type DirectoryRecordInit,
  mcpServerRecord,
  oasfRecord,
} from './a2a/directory-records.ts'
export * from './a2a/hansa-extension.ts'
export { type AgentCardInit, makeAgentCard } from './a2a/make-agent-card.ts'
// Agreements between kernels.
export * from './agreement/agreement.ts'
export * from './agreement/agreement-record.ts'
// What a backup of a node says of itself.
export * from './backup/backup-manifest.ts'
export * from './bridge/protocol-mapping.ts'
// Capabilities.
export { CANARY_PRINCIPAL, CANARY_PURPOSE } from './capability/canary.ts'
export type {
  CapabilityDefinition,
  CapabilityHandler,
  InvocationContext,
  SchemaSource,
} from './capability/definition.ts'
export { ContentAnswer, InputRequired } from './capability/definition.ts'
export { type CapabilityDescriptor, capabilityDescriptorSchema } from './capability/descriptor.ts'
export { type CapabilityKind, capabilityKindSchema, capabilityKinds } from './capability/kind.ts'
export * from './capability/kind-schemas.ts'
export { type Label, labelSchema, labelsSchema } from './capability/label.ts'
export { type Limits, limitsSchema } from './capability/limits.ts'
export { type Obligation, obligationSchema, obligationsSchema } from './capability/obligation.ts'
export { type Safety, safetyClasses, safetySchema } from './capability/safety.ts'
export * from './content/content-part.ts'
export * from './control/call-lines.ts'
export { type Classify, classifySchema } from './control/classify.ts'
export {
  type LogLine,
  type LogLines,
  type LogLinesParams,
  lineLevels,
  logLineSchema,
  logLinesParamsSchema,
  logLinesSchema,
} from './control/log-lines.ts'
export {
  type ControlScope,
  controlScopeOf,
  controlScopes,
  type MethodFacts,
  methodFacts,
} from './control/method-facts.ts'
export * from './control/methods.ts'
export type { NodeReload } from './control/node-reload.ts'
export { controlOpenApi } from './control/openapi.ts'
export {
  type ControlResult,
  type ControlResults,
  controlResults,
  type ImportedPeer,
  type PolicyReload,
  policyReloadSchema,
  type WhoAmI,
} from './control/results.ts'
// Delegation chains.
export { decodeChain, encodeChain } from './delegation/chain-frame.ts'
export {
  type Charge,
  type CostPerCall,
  chargeSchema,
  costPerCallSchema,
} from './delegation/charge.ts'
export {
  type AddDelegation,
  addDelegationSchema,
  type ChainSource,
  chainSourceSchema,
  type Delegate,
  type Delegations,
  delegateSchema,
  type HeldChainInfo,
  heldChainSchema,
} from './delegation/held-chain.ts'
export {
  DELEGATION_TYP,
  type DelegationLimits,
  type DelegationLink,
  delegationLimitsSchema,
  delegationLinkSchema,
  MAX_DELEGATION_BYTES,
  MAX_DELEGATION_LIFE_SECONDS,
  MAX_DELEGATION_LINKS,
} from './delegation/link.ts'
export {
  MAX_PREDICATES,
  type Predicate,
  predicateSchema,
  predicatesSchema,
  type Scalar,
} from './delegation/predicate.ts'
// Documents and logs of DIDs.
export * from './did/did-document.ts'
export * from './did/peer-binding.ts'
export * from './did/webvh-log.ts'
// Where to look for a kernel, and which hosts are its own.
export * from './discovery/host-identity.ts'
export * from './discovery/pointer-record.ts'
export { type A2aError, a2aError } from './errors/a2a.ts'
export { type A2aProtocolError, type A2aWireFacts, a2aReason, a2aWire } from './errors/a2a-wire.ts'
export { CallError, type CallErrorDetail, type CallStage } from './errors/call-error.ts'
// Codes, and their form on each transport.
export { allCodes, type Code, type CodeFacts, codes, type Fault, isCode } from './errors/codes.ts'
export { type ErrorBody, errorBodySchema } from './errors/error-body.ts'
export { httpStatus } from './errors/http.ts'
export { jsonRpcCode } from './errors/jsonrpc.ts'
export { KernelError } from './errors/kernel-error.ts'
export { mcpForm } from './errors/mcp.ts'
export { type RefusedBy, refusedBySchema } from './errors/refused-by.ts'
export { streamStatus } from './errors/stream.ts'
export {
  type Ack,
  type AcknowledgedReceipt,
  type Acks,
  ackSchema,
  acksSchema,
  areOfDifferentCalls,
  MAX_ACKED_RECEIPTS,
} from './exchange/ack.ts'
export * from './exchange/call-body.ts'
export { type CallNote, callNoteSchema, MAX_CALL_NOTES, noteLevels } from './exchange/call-note.ts'
export { type CheckpointReference, checkpointReferenceSchema } from './exchange/checkpoint-reference.ts'
export { DECISION_TYP, type Decision, decisionSchema } from './exchange/decision.ts'
export {
  type Envelope,
  type EnvelopeType,
  envelopeSchema,
  envelopeTypes,
  MAX_BATCH_LEAVES,
} from './exchange/envelope.ts'
export {
  HEADS_REQUEST_TYP,
  HEADS_TYP,
  type Heads,
  type HeadsRequest,
  headsRequestSchema,
  headsSchema,
  MAX_HEADS_BYTES,
  MAX_HEADS_LIFE_SECONDS,
  MAX_HEADS_REQUEST_BYTES,
} from './exchange/heads.ts'
export {
  INCLUSION_TYP,
  type InclusionAnswer,
  type InclusionQuestion,
  inclusionAnswerSchema,
  inclusionQuestionSchema,
  MAX_INCLUSION_ANSWER_BYTES,
  MAX_INCLUSION_ENTRIES,
  MAX_INCLUSION_QUESTION_BYTES,
} from './exchange/inclusion.ts'
export * from './exchange/input-request.ts'
export { type Intent, intentSchema, MAX_INTENT_LIFE_SECONDS } from './exchange/intent.ts'
export { exchangePaths, identityPath, logPath, witnessedCheckpointPath } from './exchange/paths.ts'
export { type Receipt, type ReceiptStatus, receiptSchema, receiptStatuses } from './exchange/receipt.ts'
// Cases and sanctions.
export * from './governance/case.ts'
export * from './governance/case-acts.ts'
export * from './governance/case-proof.ts'
export * from './governance/exception.ts'
export * from './governance/sanction-notice.ts'
export * from './governance/sanction-scope.ts'
// Between kernels.
export * from './handshake/messages.ts'
// Issuers of tokens.
export * from './issuer/issuer-info.ts'
export * from './issuer/jwks.ts'
export * from './issuer/token-endpoint.ts'
export { type AgentInfo, agentInfoSchema, type NewAgent } from './kernel/agent-info.ts'
export * from './kernel/agreed-import.ts'
// Kernels, and the way to reach a running one.
export { approvalEventSchema, decisionNotesSchema } from './kernel/approval.ts'
export { type CapabilityDetail, capabilityDetailSchema } from './kernel/capability-detail.ts'
export type { DiscoveryChannel } from './kernel/discovery.ts'
export type { GovernanceOperator } from './kernel/governance-operator.ts'
export * from './kernel/identity-keys.ts'
export {
  contentKinds,
  type EraseContent,
  type ErasedContent,
  eraseContentSchema,
  erasedContentSchema,
  type KeptArguments,
  type KeptContent,
  type KeptPart,
  keptArgumentsSchema,
  keptContentSchema,
  MAX_ARGUMENTS_ASKED,
} from './kernel/kept-content.ts'
export type * from './kernel/kernel.ts'
export * from './kernel/key-share.ts'
export { type AddPeer, addPeerSchema, type KnownPeer, knownPeerSchema } from './kernel/known-peer.ts'
export {
  type JoinMesh,
  joinMeshSchema,
  type LeaveMesh,
  leaveMeshSchema,
  type MeshKernel,
  type MeshNeighbour,
  type MeshStatus,
  meshKernelSchema,
  meshNeighbourSchema,
  meshStatusSchema,
} from './kernel/mesh-info.ts'
export type { MeshOperator } from './kernel/mesh-operator.ts'
export type * from './kernel/operator.ts'
export { type RevocationInfo, type Revoke, revocationInfoSchema, revokeSchema } from './kernel/revocation-info.ts'
export {
  type CapabilityHealth,
  capabilityHealthSchema,
  type Route,
  type RouteCandidate,
  type RouteSourceName,
  routeCandidateSchema,
  routeSchema,
  routeSources,
  type TriedProviders,
  triedProvidersSchema,
} from './kernel/route.ts'
export {
  MAX_SEARCH_CHARS,
  MAX_SEARCH_HITS,
  type SearchAnswer,
  type SearchHit,
  type SearchQuery,
  searchAnswerSchema,
  searchHitSchema,
  searchQuerySchema,
} from './kernel/search.ts'
export {
  type AuditExportEnd,
  type AuditExportEntry,
  type AuditExportHeader,
  auditExportEndSchema,
  auditExportEntrySchema,
  auditExportHeaderSchema,
  MAX_EXPORT_LINE_BYTES,
} from './ledger/audit-export.ts'
export { callsOf } from './ledger/calls-of.ts'
export {
  type Entry,
  type EntryDraft,
  type EntryExt,
  type EntryType,
  entryDraftSchema,
  entryExtSchema,
  entrySchema,
  entryTypes,
  MAX_ENTRY_BYTES,
  MAX_ERASED_RECORDS,
  type RevealState,
  revealStates,
} from './ledger/entry.ts'
export * from './ledger/entry-facts.ts'
export { type ForkProof, forkProofSchema, MAX_FORK_PROOF_BYTES, MAX_HEAD_NOTE_CHARS } from './ledger/fork-proof.ts'
export { type FirewallPass, firewallPasses, type Verdict, verdictSchema } from './ledger/verdict.ts'
// Manifests.
export {
  type CapabilityManifest,
  capabilityManifestSchema,
  type Endpoint,
  endpointSchema,
  HTTP_ENDPOINT_PROTO,
  hostAddressSchema,
  LIBP2P_ENDPOINT_PROTO,
  MANIFEST_TYP,
  MAX_MANIFEST_BYTES,
  type SignedManifest,
} from './manifest/capability-manifest.ts'
export { type LegacyManifest, legacyManifestSchema } from './manifest/legacy-manifest.ts'
export * from './mcp/content.ts'
export type { McpAnnotations, McpContentBlock, McpResourceContents } from './mcp/content-block.ts'
export * from './mcp/prompt.ts'
export * from './mcp/refusal.ts'
export * from './mcp/request-meta.ts'
export * from './policy/pending-policy.ts'
export { type Effect, effects, type PolicyFile, policyFileSchema, type Rule, ruleSchema } from './policy/rule.ts'
export { type TrustPolicy, trustPolicies, trustPolicySchema } from './policy/trust-policy.ts'
// Ports.
export type { Clock } from './ports/clock.ts'
export { type EventLogger, type LogEvent, type LogLevel, logEvents } from './ports/log-events.ts'
export { logLineFields } from './ports/log-line-fields.ts'
export { type LogFields, type Logger, silentLogger } from './ports/logger.ts'
export { memoryStore, type Store, type StoreChange } from './ports/store.ts'
export type {
  CertificatePins,
  ChannelBinding,
  InboundHandler,
  InboundReply,
  InboundRequest,
  PeerChannel,
  PeerReply,
  PeerRequest,
  PeerTransport,
} from './ports/transport.ts'
// Registry.
export * from './registry/entry.ts'
export * from './registry/liveness.ts'
export * from './registry/log-messages.ts'
export * from './registry/messages.ts'
export { registryOpenApi } from './registry/openapi.ts'
export { registryRoutes, registryStreams, registrySummaries } from './registry/routes.ts'
export * from './registry/search-messages.ts'
export * from './replica/embeddings.ts'
// Replicas of manifests.
export * from './replica/messages.ts'
// Revocations.
export {
  isPublicRevocation,
  MAX_REVOCATION_BYTES,
  type PublicRevocationKind,
  publicRevocationKinds,
  REVOCATION_TYP,
  type Revocation,
  type RevocationKind,
  revocationKinds,
  revocationSchema,
} from './revocation/revocation.ts'
export {
  FRESH_STATUS_SECONDS,
  MAX_HANDSHAKE_STATUS_BYTES,
  MAX_REVOCATION_STATUS_BYTES,
  MAX_STALE_STATUS_SECONDS,
  MAX_STATUS_REVOCATIONS,
  REVOCATION_STATUS_TYP,
  type RevocationStatus,
  revocationStatusSchema,
} from './revocation/revocation-status.ts'
// Sessions.
export * from './session/session-frame.ts'
// Who vouches for an agent.
export {
  type AddSponsor,
  addSponsorSchema,
  MAX_SPONSOR_BYTES,
  MAX_SPONSOR_LIFE_SECONDS,
  type SignSponsor,
  SPONSOR_TYP,
  type SponsorClaim,
  type SponsorInfo,
  type Sponsors,
  signSponsorSchema,
  sponsorClaimSchema,
  sponsorInfoSchema,
} from './sponsor/sponsor-claim.ts'
// Standing.
export * from './standing/endorsement.ts'
export * from './standing/standing.ts'
export { type StandingQuestion, standingQuestionSchema } from './standing/standing-question.ts'
export { type StandingTier, standingTierSchema, standingTiers } from './standing/tier.ts'
export { AGENT_CREDENTIAL_PATTERN, AGENT_CREDENTIAL_PREFIX, agentNameSchema } from './syntax/agent-credential.ts'
// Strings and numbers with rules.
export { base64urlSchema, type Hash, hashSchema } from './syntax/base64url.ts'
export {
  type CapabilityId,
  type CapabilityRef,
  capabilityIdSchema,
  capabilityRefSchema,
  type PeerAlias,
  parseCapabilityRef,
  peerAliasSchema,
} from './syntax/capability-id.ts'
export { type Did, didSchema, isDid } from './syntax/did.ts'
export {
  type ApprovalId,
  approvalIdSchema,
  type CallId,
  callIdSchema,
  type DenialId,
  denialIdSchema,
  type EventId,
  eventIdSchema,
  type SessionId,
  sessionIdSchema,
} from './syntax/ids.ts'
export {
  agentPrincipalSchema,
  isPrincipal,
  type Principal,
  personPrincipalSchema,
  principalSchema,
} from './syntax/principal.ts'
export { type UnixMs, type UnixSeconds, unixMsSchema, unixSecondsSchema } from './syntax/time.ts'
// Inside one kernel.
export * from './token/token.ts'
