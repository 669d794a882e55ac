/**
 * One ledger entry: canonical JSON bytes, one leaf of the log (security.md B8, wire.md). The whole entry is hashed;
 * content is only committed to, by `args_c` and `result_c`.
 *
 * A call has one begin entry (`call.begun`, `intent.sent`, `intent.accepted`) if it came to act, and exactly one
 * outcome entry (`outcome`, or `receipt.received` on the side that asked) whether it acted or not. Where the result waits
 * for the acknowledgement, one more entry of the side that asked says what became of it: `result.received` or
 * `result.missing`.
 *
 * Signed objects of the other side are kept whole in `ext.envelope`, because they are the evidence; our own are named
 * by hash and payload.
 */
import { z } from 'zod'
import { MAX_AGREEMENT_BYTES } from '../agreement/agreement.ts'
import { agreementEndings } from '../agreement/agreement-record.ts'
import { labelsSchema } from '../capability/label.ts'
import { chargeSchema } from '../delegation/charge.ts'
import { MAX_DELEGATION_BYTES, MAX_DELEGATION_LINKS } from '../delegation/link.ts'
import { allCodes } from '../errors/codes.ts'
import { MAX_ACKED_RECEIPTS } from '../exchange/ack.ts'
import { checkpointReferenceSchema } from '../exchange/checkpoint-reference.ts'
import { envelopeSchema } from '../exchange/envelope.ts'
import { receiptStatuses } from '../exchange/receipt.ts'
import { caseEventNames, caseIdSchema, caseStates, sanctionKinds, sanctionRules } from '../governance/case.ts'
import { sanctionScopeSchema } from '../governance/sanction-scope.ts'
import { issuerNameSchema } from '../issuer/issuer-info.ts'
import { channelWordsSchema } from '../kernel/agreed-import.ts'
import { triedProvidersSchema } from '../kernel/route.ts'
import { revocationKinds } from '../revocation/revocation.ts'
import { standingTierSchema } from '../standing/tier.ts'
import { agentNameSchema } from '../syntax/agent-credential.ts'
import { hashSchema } from '../syntax/base64url.ts'
import { capabilityRefSchema } from '../syntax/capability-id.ts'
import { didSchema } from '../syntax/did.ts'
import { approvalIdSchema, callIdSchema, denialIdSchema, eventIdSchema } from '../syntax/ids.ts'
import { principalSchema } from '../syntax/principal.ts'
import { unixMsSchema, unixSecondsSchema } from '../syntax/time.ts'
import { verdictSchema } from './verdict.ts'

export const entryTypes = [
  'log.opened',
  'call.begun',
  'intent.sent',
  'intent.accepted',
  'outcome',
  'receipt.received',
  'result.received',
  'result.missing',
  'ack.received',
  'acks.received',
  'acks.delivered',
  'decision.made',
  'approval.requested',
  'approval.granted',
  'approval.denied',
  'token.granted',
  'token.revoked',
  'token.accepted',
  'peer.imported',
  'peer.unimported',
  'peer.added',
  'peer.removed',
  'peer.checkpoint',
  'peer.evidence',
  'peer.recovered',
  'capability.classified',
  'capability.suspended',
  'manifest.published',
  'policy.loaded',
  'policy.pending',
  'policy.approved',
  'policy.rejected',
  'refusals.counted',
  'handshake.failing',
  'log.full',
  'agent.added',
  'agent.removed',
  'content.erased',
  'revocation.made',
  'revocation.received',
  'delegation.issued',
  'delegation.added',
  'delegation.removed',
  'sponsor.added',
  'sponsor.removed',
  'case.opened',
  'case.changed',
  'sanction.imposed',
  'sanction.lifted',
  'exception.requested',
  'exception.granted',
  'exception.ended',
  'key.announced',
  'key.rotated',
  'key.retired',
  'key.renewed',
  'notice.sent',
  'standing.vouched',
  'standing.unvouched',
  'standing.changed',
  'standing.endorsed',
  'standing.unendorsed',
  'endorsement.received',
  'endorsement.ended',
  'registry.fault',
  'agreement.proposed',
  'agreement.accepted',
  'agreement.ended',
  'mesh.joined',
  'mesh.left',
  'discovery.conflict',
  'registry.forgiven',
] as const
export type EntryType = (typeof entryTypes)[number]

/** Largest entry in bytes: what a C2SP entry bundle can hold (uint16 length). */
export const MAX_ENTRY_BYTES = 65_535

/** Records that one `content.erased` can name; with more there are several entries. */
export const MAX_ERASED_RECORDS = 1_000

const short = z.string().max(512)

/**
 * Of a result that waited for the acknowledgement. `awaited`: the receipt came without it. And why it is missing:
 * `refused`, the peer answered without it; `wrong`, it is not what the receipt commits to; `unanswered`, no answer came
 * in time; `interrupted`, this side stopped waiting.
 */
export const revealStates = ['awaited', 'refused', 'wrong', 'unanswered', 'interrupted'] as const
export type RevealState = (typeof revealStates)[number]

/** What belongs to some types only. Strict, because all of it is hashed. */
export const entryExtSchema = z.strictObject({
  denial_id: denialIdSchema.optional(),
  code: z.enum(allCodes).optional(),
  stage: z.string().max(32).optional(),
  reason: z.string().max(1024).optional().describe('The exact reason; stays in this log'),
  status: z.enum(receiptStatuses).optional(),
  reveal: z.enum(revealStates).optional().describe('receipt.received, result.missing: where the result is'),
  unlabelled: labelsSchema
    .optional()
    .describe(
      'receipt.received, result.received: labels that the receipt leaves out, though the capability or the intent has them',
    ),
  trust_policy: z.string().max(32).optional(),
  approval: approvalIdSchema.optional(),
  action: hashSchema
    .optional()
    .describe('SHA-256 that binds an approval to principal, capability, descriptor and arguments'),
  expires: z.int().min(0).optional().describe('Unix seconds'),
  token: hashSchema.optional().describe('SHA-256 of a token id; tokens themselves are never logged'),
  uses: z.int().min(1).optional(),
  epoch: z.int().min(0).optional(),
  idem: hashSchema.optional().describe('SHA-256 of issuer, capability and idempotency key'),
  retry_of: callIdSchema.optional(),
  continues: callIdSchema
    .optional()
    .describe(
      'call.begun, intent.sent, intent.accepted, approval.requested: the call whose questions this one answers',
    ),
  payload: z.string().max(22_000).optional().describe('base64url payload bytes of our own signed object'),
  envelope: envelopeSchema.optional().describe('Signed object of the other side'),
  calls: z
    .array(callIdSchema)
    .min(1)
    .max(MAX_ACKED_RECEIPTS)
    .optional()
    .describe('acks.received: the calls whose receipts are acknowledged'),
  through: z
    .int()
    .min(0)
    .optional()
    .describe(
      'acks.delivered: every receipt of this peer up to this sequence number; peer.checkpoint: the promises of those receipts are settled',
    ),
  count: z.int().min(0).optional(),
  source: short.optional(),
  alias: short.optional(),
  hash: hashSchema.optional(),
  seq: z.int().min(0).optional(),
  previous: checkpointReferenceSchema
    .optional()
    .describe('log.opened of a successor: the last checkpoint of the log before it, which is frozen there'),
  vkey: short.optional().describe('log.opened of a successor: verifier key of the log before it'),
  checkpoint: checkpointReferenceSchema.optional(),
  note: short.optional().describe('peer.checkpoint: the checkpoint as its log signed it; else a remark'),
  event: eventIdSchema
    .optional()
    .describe('Names an entry that was committed together with a change of state; no two entries have the same'),
  records: z
    .array(hashSchema)
    .min(1)
    .max(MAX_ERASED_RECORDS)
    .optional()
    .describe('content.erased: hashes of the records, each of origin, call and kind'),
  revoked: z
    .strictObject({ kind: z.enum(revocationKinds), what: z.string().max(1_024) })
    .optional()
    .describe('revocation.made, revocation.received: what no longer holds'),
  known: z
    .strictObject({ as_of: unixSecondsSchema, seq: z.int().min(0) })
    .optional()
    .describe(
      'intent.sent, intent.accepted: what the other kernel had revoked is known as of this time, up to this number',
    ),
  jws: z
    .string()
    .max(MAX_AGREEMENT_BYTES)
    .optional()
    .describe(
      'revocation.made, revocation.received, sponsor.added, endorsement.received, agreement.proposed: the signed object itself; agreement.accepted: the acceptance',
    ),
  links: z
    .array(z.string().max(MAX_DELEGATION_BYTES))
    .min(1)
    .max(MAX_DELEGATION_LINKS)
    .optional()
    .describe(
      'intent.sent, intent.accepted: the delegation links whose hashes the intent names, as they travelled; delegation.issued, delegation.added: the chain',
    ),
  charge: chargeSchema
    .optional()
    .describe('intent.accepted: what is reserved of the limits of its links; outcome: the rows that were used of it'),
  issuer: issuerNameSchema
    .optional()
    .describe(
      'Issuer by whose token the actor was known; `hash` of token.accepted and token.granted is SHA-256 of that token',
    ),
  obo: principalSchema.optional().describe('On behalf of whom the actor acted'),
  client: short.optional().describe('token.granted: who exchanged the token of the issuer'),
  kid: z.string().max(1_024).optional().describe('key.*: the key of the identity that it is about'),
  since: z
    .int()
    .min(0)
    .optional()
    .describe('Unix seconds. key.announced: from when the key signs; agreement.accepted: from when it is in force'),
  standing: z
    .int()
    .min(0)
    .max(1000)
    .optional()
    .describe('standing.vouched, peer.added: the floor; standing.changed, endorsement.received: the score'),
  tier: standingTierSchema.optional().describe('standing.changed: what the score permits from now on'),
  route: z
    .strictObject({ asked: capabilityRefSchema, tried: triedProvidersSchema })
    .optional()
    .describe('Of a call whose provider the kernel chose: what was asked for, and the calls at other providers before'),
  agreed: channelWordsSchema
    .optional()
    .describe('peer.imported without an operator: the discovery channels that named this manifest alike'),
  agent: agentNameSchema.optional().describe('Whose credential was made or taken away; nothing of it is logged'),
  case: caseIdSchema.optional(),
  subject: principalSchema.optional().describe('Whom a case, a sanction, an exception or an endorsement is about'),
  case_event: z.enum(caseEventNames).optional().describe('case.opened, case.changed: what happened'),
  case_state: z.enum(caseStates).optional().describe('case.opened, case.changed: the state since then'),
  sanction: z
    .enum(sanctionKinds)
    .optional()
    .describe('sanction.imposed: its kind; `expires` is its end, if it has one'),
  scope: sanctionScopeSchema.optional().describe('sanction.imposed: what it is about, where that is not everything'),
  rule: z.enum(sanctionRules).optional().describe('sanction.imposed: what it follows from'),
  organisation: short.optional().describe('endorsement.received: of whoever endorses, as this kernel knows it'),
  exception: callIdSchema.optional().describe('Names one exception to the policy'),
  agreement: hashSchema
    .optional()
    .describe('call.begun, intent.sent, intent.accepted, outcome: the agreement in force that covers the call'),
  ending: z.enum(agreementEndings).optional().describe('agreement.ended: why'),
})
export type EntryExt = z.infer<typeof entryExtSchema>

export const entrySchema = z.strictObject({
  v: z.literal(1),
  origin: short,
  seq: z.int().min(0),
  t_ms: unixMsSchema,
  type: z.enum(entryTypes),
  prev: hashSchema.describe('SHA-256 of "hansa/chain/v1\\n" and the previous entry bytes; 32 zero bytes in the first'),
  call_id: callIdSchema.optional(),
  actor: principalSchema.optional(),
  peer: didSchema.optional(),
  cap: capabilityRefSchema.optional(),
  cap_hash: hashSchema.optional(),
  decision: z.enum(['permit', 'deny', 'none', 'error', 'approval']).optional(),
  pol: z.int().min(0).optional(),
  rules: z.array(z.string().max(128)).max(64).optional().describe('Policy rules that decided'),
  verdicts: z.array(verdictSchema).max(64).optional(),
  labels: labelsSchema.optional(),
  args_c: hashSchema.optional(),
  result_c: hashSchema.optional(),
  intent: hashSchema.optional(),
  receipt: hashSchema.optional(),
  fence: z.strictObject({ lease: short, token: z.int().min(0) }).optional(),
  ext: entryExtSchema.optional(),
})
export type Entry = z.infer<typeof entrySchema>

export const entryDraftSchema = entrySchema.omit({ v: true, origin: true, seq: true, t_ms: true, prev: true })
/** What a caller of the ledger writes; the ledger adds version, origin, sequence, time and link. */
export type EntryDraft = Omit<Entry, 'v' | 'origin' | 'seq' | 't_ms' | 'prev'>
