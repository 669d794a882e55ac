/** What persons ask of a node about cases, and what it shows of one. */
import { z } from 'zod'
import { personPrincipalSchema, principalSchema } from '../syntax/principal.ts'
import {
  appealTermsSchema,
  caseIdSchema,
  caseRecordSchema,
  caseTextSchema,
  MAX_CASE_EVIDENCE,
  sanctionSchema,
  verdictTermsSchema,
} from './case.ts'

export const openCaseSchema = z.strictObject({
  subject: principalSchema.describe('DID of a kernel, or agent:NAME or person:NAME of this one'),
  reason: caseTextSchema,
  evidence: z.array(z.int().min(0)).max(MAX_CASE_EVIDENCE).describe('Sequence numbers of entries of the log'),
  by: personPrincipalSchema,
})
export type OpenCase = z.infer<typeof openCaseSchema>

/** One step of a person in a case. */
export const caseActSchema = z.discriminatedUnion('type', [
  z.strictObject({
    type: z.literal('triage'),
    reason: caseTextSchema,
    interim: z.enum(['quarantine', 'suspend']).optional().describe('What holds until the decision. Default: nothing'),
  }),
  z.strictObject({ type: z.literal('decide'), reason: caseTextSchema, terms: verdictTermsSchema }),
  z.strictObject({ type: z.literal('appeal'), text: caseTextSchema }),
  z.strictObject({ type: z.literal('decide_appeal'), reason: caseTextSchema, terms: appealTermsSchema }),
  z.strictObject({ type: z.literal('close') }),
])
export type CaseAct = z.infer<typeof caseActSchema>

export const actOnCaseSchema = z.strictObject({ id: caseIdSchema, by: personPrincipalSchema, act: caseActSchema })
export type ActOnCase = z.infer<typeof actOnCaseSchema>

export const caseViewSchema = caseRecordSchema.extend({
  turn: z.string().max(4_096).describe('Who has to act next, and until when, in words'),
  inForce: sanctionSchema.nullable().describe('The sanction that is in force now'),
})
export type CaseView = z.infer<typeof caseViewSchema>
