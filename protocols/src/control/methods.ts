/**
 * The control interface of a node: `POST /control/v1/<method>` with a JSON body, over a Unix socket or over loopback
 * with the token of `$HANSA_HOME/control.token`. The client in `sdk`, the command line and the server in `node` derive
 * from this one table. Bodies are the parameters of `Kernel` and `KernelOperator`, so they keep their names.
 */
import { z } from 'zod'
import {
  acceptAgreementSchema,
  agreementOfSchema,
  endAgreementSchema,
  proposeAgreementSchema,
} from '../agreement/agreement-record.ts'
import { capabilityKindSchema } from '../capability/kind.ts'
import { labelsSchema } from '../capability/label.ts'
import { limitsSchema } from '../capability/limits.ts'
import { obligationsSchema } from '../capability/obligation.ts'
import { safetySchema } from '../capability/safety.ts'
import { contentResultSchema } from '../content/content-part.ts'
import { costPerCallSchema } from '../delegation/charge.ts'
import { addDelegationSchema, delegateSchema } from '../delegation/held-chain.ts'
import { callNoteSchema } from '../exchange/call-note.ts'
import { acceptedInputSchema, inputRequestsSchema, inputResponsesSchema } from '../exchange/input-request.ts'
import { caseIdSchema } from '../governance/case.ts'
import { actOnCaseSchema, openCaseSchema } from '../governance/case-acts.ts'
import { askExceptionSchema, byPersonSchema } from '../governance/exception.ts'
import { notifyCaseSchema } from '../governance/sanction-notice.ts'
import { issuerNameSchema } from '../issuer/issuer-info.ts'
import { importAgreedSchema } from '../kernel/agreed-import.ts'
import { approvalEventSchema, decisionNotesSchema } from '../kernel/approval.ts'
import { renewUpdateKeyParamsSchema, revokeKeyParamsSchema, rotateKeyParamsSchema } from '../kernel/identity-keys.ts'
import { eraseContentSchema, MAX_ARGUMENTS_ASKED } from '../kernel/kept-content.ts'
import { addPeerSchema } from '../kernel/known-peer.ts'
import { joinMeshSchema, leaveMeshSchema } from '../kernel/mesh-info.ts'
import { revokeSchema } from '../kernel/revocation-info.ts'
import { searchQuerySchema } from '../kernel/search.ts'
import { MAX_MANIFEST_BYTES } from '../manifest/capability-manifest.ts'
import { approvePolicySchema, rejectPolicySchema } from '../policy/pending-policy.ts'
import { trustPolicySchema } from '../policy/trust-policy.ts'
import { addSponsorSchema, signSponsorSchema } from '../sponsor/sponsor-claim.ts'
import { vouchParamsSchema } from '../standing/standing.ts'
import { agentNameSchema } from '../syntax/agent-credential.ts'
import { capabilityIdSchema, capabilityRefSchema, peerAliasSchema } from '../syntax/capability-id.ts'
import { didSchema } from '../syntax/did.ts'
import { approvalIdSchema, callIdSchema } from '../syntax/ids.ts'
import { agentPrincipalSchema, personPrincipalSchema, principalSchema } from '../syntax/principal.ts'
import { classifySchema } from './classify.ts'
import { logLinesParamsSchema } from './log-lines.ts'

const url = z.string().max(2048)

/** Any value of a body: the body was parsed as JSON, so its values are not walked a second time. */
const jsonSchema = z.custom<z.infer<ReturnType<typeof z.json>>>((value) => value !== undefined, 'is missing')

export const invokeParamsSchema = z.strictObject({
  capability: capabilityRefSchema,
  args: jsonSchema,
  principal: principalSchema.optional(),
  purpose: z.string().max(256).optional(),
  idempotencyKey: z.string().max(128).optional(),
  approval: z.union([approvalIdSchema, z.array(approvalIdSchema).min(1).max(4)]).optional(),
  parent: callIdSchema.optional(),
  token: z.string().max(8192).optional(),
  delegation: z.union([z.string().max(64), z.literal(false)]).optional(),
  labels: labelsSchema.optional(),
  route: z.boolean().optional(),
  accepts: acceptedInputSchema.optional(),
  continues: z.strictObject({ callId: callIdSchema, responses: inputResponsesSchema }).optional(),
  deadlineMs: z.int().min(1).max(600_000).optional(),
})
export type InvokeParams = z.infer<typeof invokeParamsSchema>

/** A definition whose schemas have become JSON text. */
export const registerParamsSchema = z.strictObject({
  id: capabilityIdSchema,
  kind: capabilityKindSchema.optional(),
  version: z.string().max(64).optional(),
  title: z.string().max(256).optional(),
  description: z.string().max(4096).optional(),
  safety: safetySchema.optional(),
  sensitivity: labelsSchema.optional(),
  tags: z.array(z.string().max(64)).max(32).optional(),
  idempotent: z.boolean().optional(),
  input: z.string().max(65_536).optional(),
  output: z.string().max(65_536).optional(),
  obligations: obligationsSchema.optional(),
  limits: limitsSchema.optional(),
  canary: jsonSchema.optional(),
  cost: costPerCallSchema.optional(),
})
export type RegisterParams = z.infer<typeof registerParamsSchema>

const decideSchema = decisionNotesSchema.extend({ id: approvalIdSchema, approver: principalSchema })

export const controlMethods = {
  whoami: z.strictObject({}),
  status: z.strictObject({}),
  capabilities: z.strictObject({}),
  peers: z.strictObject({}),
  advertise: z.strictObject({}),
  discover: z.strictObject({
    peerUrls: z.array(url).max(256).optional(),
    did: didSchema.optional(),
    registryUrl: url.optional(),
    registryUrls: z.array(url).max(16).optional(),
    capability: capabilityIdSchema.optional(),
    tag: z.string().max(64).optional(),
  }),
  search: searchQuerySchema,
  import: z.strictObject({
    manifest: z.string().max(MAX_MANIFEST_BYTES),
    as: peerAliasSchema.optional(),
    capabilities: z.array(capabilityIdSchema).max(500).optional(),
    driver: z.strictObject({ kind: z.literal('http'), url }).optional(),
    trustPolicy: trustPolicySchema.optional(),
  }),
  importAgreed: importAgreedSchema,
  forgiveRegistry: z.strictObject({ url, by: personPrincipalSchema }),
  refresh: z.strictObject({ alias: peerAliasSchema }),
  unimport: z.strictObject({ alias: peerAliasSchema }),
  addPeer: addPeerSchema,
  removePeer: z.strictObject({ who: z.string().max(600), by: principalSchema }),
  knownPeers: z.strictObject({}),
  trustList: z.strictObject({}),
  trustExplain: z.strictObject({
    who: z.string().max(600),
    day: z.int().min(0).max(10_000_000).optional().describe('Days since 1970, UTC. Default: today'),
  }),
  trustAsk: z.strictObject({ who: z.string().max(600) }),
  vouch: vouchParamsSchema,
  unvouch: z.strictObject({ who: z.string().max(600), by: principalSchema, reason: z.string().max(500).optional() }),
  endorse: z.strictObject({ who: z.string().max(600), by: principalSchema, reason: z.string().max(500).optional() }),
  unendorse: z.strictObject({ who: z.string().max(600), by: principalSchema, reason: z.string().max(500).optional() }),
  reloadPolicy: z.strictObject({
    by: personPrincipalSchema.optional().describe('Who wants it, and so is the first of two persons'),
  }),
  pendingPolicy: z.strictObject({}),
  approvePolicy: approvePolicySchema,
  rejectPolicy: rejectPolicySchema,
  capability: z.strictObject({ ref: capabilityRefSchema }),
  classify: classifySchema,
  forgetCapability: z.strictObject({ id: capabilityIdSchema }),
  reload: z.strictObject({}),
  invoke: invokeParamsSchema,
  explain: invokeParamsSchema,
  route: z.strictObject({ capability: capabilityRefSchema }),
  approvals: z.strictObject({}),
  approve: decideSchema,
  deny: decideSchema,
  grant: z.strictObject({
    principal: principalSchema,
    capability: capabilityRefSchema,
    life: z.int().min(1).max(3600).optional(),
    uses: z.int().min(1).max(1_000_000).optional(),
  }),
  revoke: revokeSchema,
  revocations: z.strictObject({}),
  sponsors: z.strictObject({}),
  sponsorSign: signSponsorSchema,
  sponsorAdd: addSponsorSchema,
  sponsorRemove: z.strictObject({ id: z.string().max(64), by: principalSchema }),
  delegations: z.strictObject({}),
  delegate: delegateSchema,
  delegationAdd: addDelegationSchema,
  delegationRemove: z.strictObject({ id: z.string().max(64), by: principalSchema }),
  identityKeys: z.strictObject({}),
  rotateKey: rotateKeyParamsSchema,
  renewUpdateKey: renewUpdateKeyParamsSchema,
  revokeKey: revokeKeyParamsSchema,
  snapshotState: z.strictObject({}),
  agentCard: z.strictObject({}),
  audit: z.strictObject({
    from: z.int().optional(),
    limit: z.int().min(1).max(10_000).optional(),
    callId: callIdSchema.optional(),
  }),
  content: z.strictObject({ callId: callIdSchema }),
  keptArguments: z.strictObject({
    origin: z.string().max(512),
    callIds: z.array(callIdSchema).max(MAX_ARGUMENTS_ASKED),
  }),
  eraseContent: eraseContentSchema,
  logLines: logLinesParamsSchema,
  agents: z.strictObject({}),
  issuers: z.strictObject({}),
  checkIssuer: z.strictObject({ name: issuerNameSchema, token: z.string().max(16_384).optional() }),
  agentAdd: z.strictObject({ name: agentNameSchema, principal: agentPrincipalSchema.optional() }),
  agentRemove: z.strictObject({ name: agentNameSchema }),
  cases: z.strictObject({}),
  case: z.strictObject({ id: caseIdSchema }),
  openCase: openCaseSchema,
  actOnCase: actOnCaseSchema,
  notifyCase: notifyCaseSchema,
  caseProofs: z.strictObject({ id: caseIdSchema }),
  joinMesh: joinMeshSchema,
  leaveMesh: leaveMeshSchema,
  meshStatus: z.strictObject({}),
  exceptions: z.strictObject({}),
  askException: askExceptionSchema,
  confirmException: byPersonSchema,
  endException: byPersonSchema,
  agreements: z.strictObject({}),
  agreement: agreementOfSchema,
  proposeAgreement: proposeAgreementSchema,
  acceptAgreement: acceptAgreementSchema,
  rejectAgreement: endAgreementSchema,
  endAgreement: endAgreementSchema,
} as const satisfies Record<string, z.ZodType>

export type ControlMethod = keyof typeof controlMethods

export const controlPaths = {
  method: '/control/v1/',
  /** POST of `registerParamsSchema`; the response is a stream of `ServeEvent` lines for as long as it is offered. */
  serve: '/control/v1/serve',
  /** POST of `serveReplySchema`: the answer to one `invoke` event. */
  answer: '/control/v1/answer',
  /** POST of `serveNoteSchema`: what a call says before its answer. */
  note: '/control/v1/note',
  /** POST of `invokeParamsSchema`; the response is lines of `CallLine`. */
  invokeStream: '/control/v1/invoke/stream',
  /** POST of `serveEndSchema`: the capability is no longer offered once this has answered. */
  end: '/control/v1/end',
  /** POST of `watchApprovalsSchema`; the response is a stream of `WatchLine` lines for as long as it is read. */
  watchApprovals: '/control/v1/approvals/watch',
  /** GET: this interface as an OpenAPI document. */
  openapi: '/control/v1/openapi.json',
} as const

/** Lines of JSON that the node sends to an agent that serves a capability. */
export const serveEventSchema = z.discriminatedUnion('type', [
  z
    .object({ type: z.literal('registered'), capability: capabilityIdSchema, registration: z.string().max(64) })
    .describe('The first line: calls come from now on, and `registration` names this stream in answers'),
  z
    .object({
      type: z.literal('invoke'),
      id: z.string().max(64),
      callId: callIdSchema,
      principal: z.string().max(600).describe('Who asks, as this kernel names it'),
      args: jsonSchema.describe('Any JSON value, checked against the input schema'),
      accepts: acceptedInputSchema.optional().describe('What may be asked of the caller'),
      continued: z
        .object({ responses: inputResponsesSchema, state: z.string().max(64) })
        .optional()
        .describe('The answers of the caller, and the `state` of the answer that asked'),
    })
    .describe('One call: post its answer with this id'),
  z.object({ type: z.literal('cancel'), id: z.string().max(64) }).describe('Nobody waits for that answer any more'),
  z.object({ type: z.literal('ping') }).describe('Every 15 seconds'),
])
export type ServeEvent = z.infer<typeof serveEventSchema>

export const serveReplySchema = z.strictObject({
  registration: z.string().max(64),
  id: z.string().max(64),
  ok: z.boolean(),
  value: jsonSchema.optional(),
  content: contentResultSchema.optional().describe('Instead of a value'),
  asks: z
    .strictObject({ requests: inputRequestsSchema, state: z.string().max(64) })
    .optional()
    .describe('Instead of a value: the call cannot go on without answers of its caller'),
})
export type ServeReply = z.infer<typeof serveReplySchema>

/** What a call says before its answer. */
export const serveNoteSchema = z.strictObject({
  registration: z.string().max(64),
  id: z.string().max(64),
  note: callNoteSchema,
})
export type ServeNote = z.infer<typeof serveNoteSchema>

export const serveEndSchema = z.strictObject({ registration: z.string().max(64) })
export type ServeEnd = z.infer<typeof serveEndSchema>

export const watchApprovalsSchema = z.strictObject({})

/** Lines of JSON that the node sends to whoever watches approvals. */
export const watchLineSchema = z.discriminatedUnion('type', [
  ...approvalEventSchema.options,
  z.object({ type: z.literal('ping') }).describe('Every 15 seconds'),
])
export type WatchLine = z.infer<typeof watchLineSchema>
