/** An agreement as a kernel keeps it, as its operator sees it, and what operators do with it. */
import { z } from 'zod'
import { labelsSchema } from '../capability/label.ts'
import { hashSchema } from '../syntax/base64url.ts'
import { didSchema } from '../syntax/did.ts'
import { personPrincipalSchema } from '../syntax/principal.ts'
import { unixSecondsSchema } from '../syntax/time.ts'
import {
  agreedCallsSchema,
  agreedLimitsSchema,
  agreementPurposeSchema,
  capabilityPatternSchema,
  MAX_ACCEPTANCE_BYTES,
  MAX_AGREED_STANDING,
  MAX_AGREEMENT_BYTES,
} from './agreement.ts'

/**
 * `proposed`: one side has signed. `accepted`: this kernel has signed too, and the other one has not got it yet.
 * `agreed`: both have it, and it has not begun. `in_force`. `ended`: for good.
 */
export const agreementStates = ['proposed', 'accepted', 'agreed', 'in_force', 'ended'] as const
export type AgreementState = (typeof agreementStates)[number]

/**
 * Why it is over. `rejected`, `withdrawn`: before both had signed, by who was asked or by who asked. `lapsed`: not
 * accepted in time. `ended`: by one side. `over`: its time has passed. `key_revoked`: a key that signed it counts for
 * nothing.
 */
export const agreementEndings = ['rejected', 'withdrawn', 'lapsed', 'ended', 'over', 'key_revoked'] as const
export type AgreementEnding = (typeof agreementEndings)[number]

const endSchema = z.strictObject({
  why: z.enum(agreementEndings),
  at: unixSecondsSchema,
  by: z.union([didSchema, personPrincipalSchema]).nullable().describe('null: the clock'),
  reason: z.string().max(256),
})
export type AgreementEnd = z.infer<typeof endSchema>

export const agreementRecordSchema = z.strictObject({
  v: z.literal(1),
  state: z.enum(agreementStates),
  own: z.boolean().describe('Whether this kernel proposed it'),
  proposal: z.string().max(MAX_AGREEMENT_BYTES).describe('Compact JWS'),
  proposed: unixSecondsSchema.describe('When it was signed here, or came'),
  acceptance: z.string().max(MAX_ACCEPTANCE_BYTES).optional().describe('Compact JWS'),
  accepted: unixSecondsSchema.optional().describe('When that was signed here, or came'),
  handed: z.boolean().describe('Whether the other kernel has what this one signed last'),
  since: unixSecondsSchema.describe('Of the state'),
  end: endSchema.optional(),
})
export type AgreementRecord = z.infer<typeof agreementRecordSchema>

export const agreementInfoSchema = z.object({
  id: hashSchema.describe('SHA-256 of "hansa/agreement/v1\\n" and the payload bytes of the proposal'),
  state: z.enum(agreementStates),
  own: z.boolean().describe('Whether this kernel proposed it'),
  peer: didSchema,
  alias: z.string().max(64).exactOptional(),
  purpose: agreementPurposeSchema,
  wePermit: agreedCallsSchema.describe('What the peer may call here'),
  theyPermit: agreedCallsSchema.describe('What this kernel may call there'),
  standing: z.int().min(0).max(MAX_AGREED_STANDING).describe('What each vouches for with itself of the other'),
  from: unixSecondsSchema,
  until: unixSecondsSchema,
  acceptBy: unixSecondsSchema,
  handed: z.boolean().describe('Whether the other kernel has what this one signed last'),
  undelivered: z.string().max(4_096).exactOptional().describe('Why not, when it was tried last'),
  since: unixSecondsSchema.describe('Of the state'),
  end: endSchema.exactOptional(),
  proposal: z.string().max(MAX_AGREEMENT_BYTES).describe('Compact JWS'),
  acceptance: z.string().max(MAX_ACCEPTANCE_BYTES).exactOptional().describe('Compact JWS'),
})
export type AgreementInfo = z.infer<typeof agreementInfoSchema>

export const proposeAgreementSchema = z.strictObject({
  with: z.string().max(600).describe('Alias or DID of a kernel that is imported'),
  purpose: agreementPurposeSchema,
  permit: z.array(capabilityPatternSchema).max(64).optional().describe('What the peer may call here. Default: nothing'),
  permitLabels: labelsSchema.optional(),
  permitCallsPerDay: z.int().min(1).max(10_000_000).optional(),
  permitLimits: agreedLimitsSchema.optional(),
  ask: z
    .array(capabilityPatternSchema)
    .max(64)
    .optional()
    .describe('What this kernel may call there. Default: nothing'),
  askLabels: labelsSchema.optional(),
  askCallsPerDay: z.int().min(1).max(10_000_000).optional(),
  askLimits: agreedLimitsSchema.optional(),
  standing: z.int().min(0).max(MAX_AGREED_STANDING).optional().describe('Default: 700'),
  from: unixSecondsSchema.optional().describe('Default: now'),
  until: unixSecondsSchema,
  acceptBy: unixSecondsSchema.optional().describe('Default: in fourteen days, or at `until` if that is sooner'),
  by: personPrincipalSchema,
})
export type ProposeAgreement = z.infer<typeof proposeAgreementSchema>

/** Its id, or at least the first eight characters of it. */
const agreementNameSchema = z
  .string()
  .regex(/^[A-Za-z0-9_-]{8,43}$/, 'not the id of an agreement, nor eight characters of it')

export const agreementOfSchema = z.strictObject({ id: agreementNameSchema })
export const acceptAgreementSchema = z.strictObject({ id: agreementNameSchema, by: personPrincipalSchema })
export type AcceptAgreement = z.infer<typeof acceptAgreementSchema>
export const endAgreementSchema = acceptAgreementSchema.extend({ reason: z.string().max(256).optional() })
export type EndAgreement = z.infer<typeof endAgreementSchema>

/** What an operator does about agreements with other kernels. */
export interface Agreements {
  /** Those in force first, then what waits, then what is over; the newest first. */
  list(): Promise<AgreementInfo[]>
  /** @throws CallError `not_found` */
  show(id: string): Promise<AgreementInfo>
  /** Signs terms and hands them to the other kernel. @throws CallError `not_found`, `invalid_request` */
  propose(init: ProposeAgreement): Promise<AgreementInfo>
  /** Signs what another kernel has proposed, and hands that over. @throws CallError `not_found`, `invalid_request` out of turn */
  accept(init: AcceptAgreement): Promise<AgreementInfo>
  /** Says no to a proposal of another kernel. @throws CallError `not_found`, `invalid_request` out of turn */
  reject(init: EndAgreement): Promise<AgreementInfo>
  /** Ends an agreement, or takes an own proposal back. @throws CallError `not_found`, `invalid_request` out of turn */
  end(init: EndAgreement): Promise<AgreementInfo>
}
