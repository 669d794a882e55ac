/** What each method of the control interface answers with: server, client and the OpenAPI document derive from this one table. */
import { z } from 'zod'
import { MAX_AGENT_CARD_BYTES } from '../a2a/agent-card.ts'
import { agreementInfoSchema } from '../agreement/agreement-record.ts'
import { heldChainSchema } from '../delegation/held-chain.ts'
import { caseViewSchema } from '../governance/case-acts.ts'
import { caseProofSchema } from '../governance/case-proof.ts'
import { exceptionRecordSchema } from '../governance/exception.ts'
import { noticeDeliverySchema } from '../governance/sanction-notice.ts'
import { issuerCheckSchema, issuerInfoSchema, issuerNameSchema } from '../issuer/issuer-info.ts'
import { agentInfoSchema, newAgentSchema } from '../kernel/agent-info.ts'
import { channelWordsSchema } from '../kernel/agreed-import.ts'
import { approvalSchema } from '../kernel/approval.ts'
import { capabilityDetailSchema } from '../kernel/capability-detail.ts'
import { capabilityInfoSchema } from '../kernel/capability-info.ts'
import { discoverySchema } from '../kernel/discovery.ts'
import { explanationSchema } from '../kernel/explanation.ts'
import { frameSchema } from '../kernel/frame.ts'
import { identityKeysSchema } from '../kernel/identity-keys.ts'
import { erasedContentSchema, keptArgumentsSchema, keptContentSchema } from '../kernel/kept-content.ts'
import { kernelStatusSchema } from '../kernel/kernel-status.ts'
import { knownPeerSchema } from '../kernel/known-peer.ts'
import { manifestDiffSchema } from '../kernel/manifest-diff.ts'
import { meshStatusSchema } from '../kernel/mesh-info.ts'
import { peerInfoSchema } from '../kernel/peer-info.ts'
import { revocationInfoSchema } from '../kernel/revocation-info.ts'
import { routeSchema } from '../kernel/route.ts'
import { searchAnswerSchema } from '../kernel/search.ts'
import { entrySchema } from '../ledger/entry.ts'
import { signedManifestSchema } from '../manifest/capability-manifest.ts'
import { pendingPolicyAnswerSchema } from '../policy/pending-policy.ts'
import { trustPolicySchema } from '../policy/trust-policy.ts'
import { MAX_SPONSOR_BYTES, sponsorInfoSchema } from '../sponsor/sponsor-claim.ts'
import { standingExplanationSchema, standingSchema } from '../standing/standing.ts'
import { hashSchema } from '../syntax/base64url.ts'
import { capabilityRefSchema, peerAliasSchema } from '../syntax/capability-id.ts'
import { didSchema } from '../syntax/did.ts'
import { principalSchema } from '../syntax/principal.ts'
import { logLinesSchema } from './log-lines.ts'
import { controlScopes } from './method-facts.ts'
import type { ControlMethod } from './methods.ts'
import { nodeReloadSchema } from './node-reload.ts'

export const importedPeerSchema = z.object({
  peer: didSchema,
  alias: peerAliasSchema,
  trustPolicy: trustPolicySchema,
  capabilities: z.array(capabilityRefSchema).max(500).describe('What is callable now, as alias/id'),
})
export type ImportedPeer = z.infer<typeof importedPeerSchema>

export const agreedImportSchema = importedPeerSchema.extend({
  agreed: channelWordsSchema.describe('Who named this manifest; two at least are independent of each other'),
})

export const whoAmISchema = z.object({
  did: didSchema.describe('Of the kernel'),
  name: z.string().max(128).describe('Of the kernel, for people'),
  scope: z.enum(controlScopes).describe('What this caller may ask'),
  principal: principalSchema.describe('For whom a call of this caller is made'),
  agent: z.string().max(64).exactOptional().describe('Name of the agent whose credential was shown'),
  issuer: issuerNameSchema.exactOptional().describe('By whose token it is known'),
  onBehalfOf: principalSchema.exactOptional().describe('For whom it acts'),
})
export type WhoAmI = z.infer<typeof whoAmISchema>

export const policyReloadSchema = z.discriminatedUnion('ok', [
  z.object({ ok: z.literal(true), version: z.int().min(0), rules: z.int().min(0) }),
  z.object({
    ok: z.literal(false),
    faults: z.array(z.string()).describe('One sentence each, with file and line; the policy in force stays'),
    pending: hashSchema.exactOptional().describe('There is no mistake in it: it waits for two persons'),
  }),
])
export type PolicyReload = z.infer<typeof policyReloadSchema>

/** Fails to compile when a method has no result, or a result no method. */
export const controlResults = {
  whoami: whoAmISchema,
  status: kernelStatusSchema,
  capabilities: z.array(capabilityInfoSchema),
  peers: z.array(peerInfoSchema),
  advertise: signedManifestSchema,
  discover: discoverySchema,
  search: searchAnswerSchema,
  import: importedPeerSchema,
  importAgreed: agreedImportSchema,
  forgiveRegistry: z.object({
    url: z.string().max(2048),
    kind: z.string().max(64).describe('What it had been caught with'),
    reason: z.string().max(1024),
  }),
  refresh: manifestDiffSchema,
  unimport: z.null(),
  addPeer: knownPeerSchema,
  removePeer: knownPeerSchema,
  knownPeers: z.array(knownPeerSchema),
  trustList: z.array(standingSchema),
  trustExplain: standingExplanationSchema,
  trustAsk: standingExplanationSchema,
  vouch: standingExplanationSchema,
  unvouch: standingExplanationSchema,
  endorse: standingSchema,
  unendorse: standingSchema,
  reloadPolicy: policyReloadSchema,
  pendingPolicy: pendingPolicyAnswerSchema,
  approvePolicy: pendingPolicyAnswerSchema,
  rejectPolicy: pendingPolicyAnswerSchema,
  capability: capabilityDetailSchema,
  classify: capabilityDetailSchema,
  forgetCapability: z.null(),
  reload: nodeReloadSchema,
  invoke: frameSchema,
  explain: explanationSchema,
  route: routeSchema,
  approvals: z.array(approvalSchema),
  approve: approvalSchema,
  deny: approvalSchema,
  grant: z.object({ token: z.string().max(8192), expires: z.int().describe('Unix seconds') }),
  revoke: revocationInfoSchema,
  revocations: z.array(revocationInfoSchema),
  sponsors: z.array(sponsorInfoSchema),
  sponsorSign: z.object({ claim: z.string().max(MAX_SPONSOR_BYTES) }),
  sponsorAdd: sponsorInfoSchema,
  sponsorRemove: sponsorInfoSchema,
  delegations: z.array(heldChainSchema),
  delegate: heldChainSchema,
  delegationAdd: heldChainSchema,
  delegationRemove: heldChainSchema,
  identityKeys: identityKeysSchema,
  rotateKey: identityKeysSchema,
  renewUpdateKey: identityKeysSchema,
  revokeKey: identityKeysSchema,
  snapshotState: z.object({ path: z.string().max(4096) }),
  agentCard: z.object({ text: z.string().max(MAX_AGENT_CARD_BYTES).describe('JSON, signed over these very bytes') }),
  audit: z.array(entrySchema).max(10_000),
  content: keptContentSchema,
  keptArguments: keptArgumentsSchema,
  eraseContent: erasedContentSchema,
  logLines: logLinesSchema,
  agents: z.array(agentInfoSchema),
  issuers: z.array(issuerInfoSchema),
  checkIssuer: issuerCheckSchema,
  agentAdd: newAgentSchema.extend({
    control: z.string().max(4096).describe('Where it connects: unix:/path or http://127.0.0.1:PORT'),
  }),
  agentRemove: z.null(),
  cases: z.array(caseViewSchema),
  case: caseViewSchema,
  openCase: caseViewSchema,
  actOnCase: caseViewSchema,
  notifyCase: z.array(noticeDeliverySchema),
  caseProofs: z.array(caseProofSchema).max(32),
  joinMesh: meshStatusSchema,
  leaveMesh: meshStatusSchema,
  meshStatus: meshStatusSchema,
  exceptions: z.array(exceptionRecordSchema),
  askException: exceptionRecordSchema,
  confirmException: exceptionRecordSchema,
  endException: exceptionRecordSchema,
  agreements: z.array(agreementInfoSchema),
  agreement: agreementInfoSchema,
  proposeAgreement: agreementInfoSchema,
  acceptAgreement: agreementInfoSchema,
  rejectAgreement: agreementInfoSchema,
  endAgreement: agreementInfoSchema,
} as const satisfies Record<ControlMethod, z.ZodType>

export type ControlResult<M extends ControlMethod> = z.infer<(typeof controlResults)[M]>
export type ControlResults = { [M in ControlMethod]: ControlResult<M> }
