/** A policy that may permit more than the one in force, and waits for two persons (security.md B12). */
import { z } from 'zod'
import { hashSchema } from '../syntax/base64url.ts'
import { personPrincipalSchema } from '../syntax/principal.ts'
import { unixSecondsSchema } from '../syntax/time.ts'

/** Persons who have to stand up for it. */
export const POLICY_PERSONS = 2

export const pendingPolicySchema = z.object({
  id: hashSchema.describe('Of the policy, and of whether two persons are still needed after it'),
  state: z.enum(['waits', 'rejected']),
  rules: z.int().min(0),
  off: z.boolean().describe('After it one person is enough: hansa.yaml no longer says policy_changes.two_persons'),
  wider: z.array(z.string().max(512)).max(10_001).describe('What it may permit that the policy in force does not'),
  since: unixSecondsSchema,
  approvals: z.array(z.object({ by: personPrincipalSchema, at: unixSecondsSchema })).max(POLICY_PERSONS),
  rejected: z.object({ by: personPrincipalSchema, at: unixSecondsSchema, reason: z.string().max(256) }).exactOptional(),
})
export type PendingPolicy = z.infer<typeof pendingPolicySchema>

/** Its id, or at least the first eight characters of it: whoever approves says what. */
const nameSchema = z.string().regex(/^[A-Za-z0-9_-]{8,43}$/, 'not the id of a policy, nor eight characters of it')

export const approvePolicySchema = z.strictObject({ id: nameSchema, by: personPrincipalSchema })
export type ApprovePolicy = z.infer<typeof approvePolicySchema>
export const rejectPolicySchema = approvePolicySchema.extend({ reason: z.string().max(256).optional() })
export type RejectPolicy = z.infer<typeof rejectPolicySchema>

export const pendingPolicyAnswerSchema = z.object({
  twoPersons: z.boolean().describe('Whether a wider policy waits for two persons'),
  pending: pendingPolicySchema.nullable(),
})
export type PendingPolicyAnswer = z.infer<typeof pendingPolicyAnswerSchema>

/** What persons do about a policy that waits. */
export interface PolicyChangesOperator {
  pending(): Promise<PendingPolicyAnswer>
  /** The second of two persons puts it in force. @throws CallError `not_found`, `policy_denied` for who has approved already */
  approve(init: ApprovePolicy): Promise<PendingPolicyAnswer>
  /** The policy in force stays. @throws CallError `not_found` */
  reject(init: RejectPolicy): Promise<PendingPolicyAnswer>
}
