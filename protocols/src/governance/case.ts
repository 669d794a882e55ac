/**
 * A case: what is held against a kernel or a principal, who decided what about it, and the sanction that follows
 * (security.md B12). Kept in the state of the node that decides it; each change of it is an entry of the log.
 *
 * open -> triage -> decided -> [appealed -> upheld | modified | overturned] -> final
 */
import { z } from 'zod'
import { hashSchema } from '../syntax/base64url.ts'
import { didSchema } from '../syntax/did.ts'
import { callIdSchema } from '../syntax/ids.ts'
import { personPrincipalSchema, principalSchema } from '../syntax/principal.ts'
import { unixSecondsSchema } from '../syntax/time.ts'
import { sanctionScopeSchema } from './sanction-scope.ts'

export const caseIdSchema = callIdSchema
/** Names one case of one kernel: 128 random bits. */
export type CaseId = string

export const caseStates = [
  'open',
  'triage',
  'decided',
  'appealed',
  'upheld',
  'modified',
  'overturned',
  'final',
] as const
export type CaseState = (typeof caseStates)[number]

/** From the mildest to the most severe. */
export const sanctionKinds = ['warn', 'quarantine', 'suspend', 'ban'] as const
export type SanctionKind = (typeof sanctionKinds)[number]

/**
 * What a sanction follows from. `automatic`: a cryptographic proof. `interim`: triage, until the decision. `decision`,
 * `appeal`: what persons decided. `deadline`: a suspension that a missed deadline has lowered to a quarantine.
 */
export const sanctionRules = ['automatic', 'interim', 'decision', 'appeal', 'deadline'] as const
export type SanctionRule = (typeof sanctionRules)[number]

export const sanctionSchema = z.strictObject({
  case: caseIdSchema,
  kind: z.enum(sanctionKinds),
  from: unixSecondsSchema,
  until: unixSecondsSchema
    .nullable()
    .describe('Exclusive; null: without an end, which only a warning and a ban can be'),
  rule: z.enum(sanctionRules),
  scope: sanctionScopeSchema.optional().describe('What it is about. Default: everything'),
})
export type Sanction = z.infer<typeof sanctionSchema>

/** Longest sanction with an end, days. */
export const MAX_SANCTION_DAYS = 3_650
/** Evidence that one case can name. */
export const MAX_CASE_EVIDENCE = 32
/** Changes that one case can have; more than any way through it needs. */
export const MAX_CASE_HISTORY = 64

const scope = sanctionScopeSchema.optional().describe('What it is about. Default: everything')
const days = z.int().min(1).max(MAX_SANCTION_DAYS)
/** What persons can impose. A quarantine and a suspension end; a ban need not. */
export const sanctionTermsSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('warn') }),
  z.strictObject({ kind: z.enum(['quarantine', 'suspend']), days: days.describe('How long it lasts'), scope }),
  z.strictObject({
    kind: z.literal('ban'),
    days: days.optional().describe('How long it lasts. Default: for good'),
    scope,
  }),
])
export type SanctionTerms = z.infer<typeof sanctionTermsSchema>

export const verdictTermsSchema = z.discriminatedUnion('verdict', [
  z.strictObject({ verdict: z.literal('dismiss') }),
  z.strictObject({ verdict: z.literal('sanction'), sanction: sanctionTermsSchema }),
])
export type VerdictTerms = z.infer<typeof verdictTermsSchema>

export const appealTermsSchema = z.discriminatedUnion('outcome', [
  z.strictObject({ outcome: z.literal('uphold') }),
  z.strictObject({
    outcome: z.literal('modify'),
    sanction: sanctionTermsSchema.describe('Milder than the one before'),
  }),
  z.strictObject({ outcome: z.literal('overturn') }),
])
export type AppealTerms = z.infer<typeof appealTermsSchema>

export const MAX_CASE_TEXT_CHARS = 500
/** Words of a person about a case: well-formed, and short enough for an entry of the log. */
export const caseTextSchema = z
  .string()
  .min(1)
  .max(MAX_CASE_TEXT_CHARS)
  .refine((text) => text.isWellFormed(), 'is not well-formed text')

export const caseEvidenceSchema = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('entry').describe('An entry of the log of this kernel; `hansa audit proof` shows it to others'),
    origin: z.string().max(512),
    seq: z.int().min(0),
    leaf_hash: hashSchema,
  }),
  z.strictObject({
    kind: z.enum(['fork', 'equivocation']).describe('A proof that convicts by itself, kept under its hash'),
    hash: hashSchema,
  }),
  z.strictObject({
    kind: z.literal('notice').describe('What another kernel says, under its signature'),
    iss: didSchema,
    hash: hashSchema,
  }),
])
export type CaseEvidence = z.infer<typeof caseEvidenceSchema>

/** Deadlines that passed without what they were for. */
export const caseDeadlines = ['triage', 'decision', 'appeal'] as const
export type CaseDeadline = (typeof caseDeadlines)[number]

export const caseEventNames = [
  'opened',
  'triaged',
  'proposed',
  'dismissed',
  'sanctioned',
  'appealed',
  'upheld',
  'modified',
  'overturned',
  'deadline_missed',
  'closed',
] as const
export type CaseEventName = (typeof caseEventNames)[number]

export const caseStepSchema = z.strictObject({
  at: unixSecondsSchema,
  event: z.enum(caseEventNames),
  by: principalSchema.nullable().describe('null: the clock'),
  note: caseTextSchema.optional(),
})
export type CaseStep = z.infer<typeof caseStepSchema>

const decision = { at: unixSecondsSchema, by: personPrincipalSchema, reason: caseTextSchema }

export const caseRecordSchema = z.strictObject({
  v: z.literal(1),
  id: caseIdSchema,
  subject: principalSchema,
  critical: z.boolean().describe('Whether a proof that convicts by itself is among the evidence'),
  reason: caseTextSchema,
  evidence: z.array(caseEvidenceSchema).max(MAX_CASE_EVIDENCE),
  opened: unixSecondsSchema,
  opener: principalSchema.describe('A person, this kernel itself, or the kernel that sent a notice'),
  state: z.enum(caseStates),
  since: unixSecondsSchema.describe('When it came into its state'),
  due: unixSecondsSchema.nullable().describe('When the state has to have ended; null when nothing is waited for'),
  missed: z.array(z.enum(caseDeadlines)).max(caseDeadlines.length),
  sanction: sanctionSchema.optional().describe('The last one, in force or over'),
  proposal: z
    .strictObject({ ...decision, terms: verdictTermsSchema })
    .optional()
    .describe('A ban that one person has decided and a second one has not'),
  decision: z
    .strictObject({ ...decision, second: personPrincipalSchema.optional(), terms: verdictTermsSchema })
    .optional(),
  appeal: z
    .strictObject({ at: unixSecondsSchema, by: principalSchema, text: caseTextSchema })
    .optional()
    .describe('By the subject, or by a person who speaks for it'),
  outcome: z.strictObject({ ...decision, terms: appealTermsSchema }).optional(),
  history: z.array(caseStepSchema).max(MAX_CASE_HISTORY),
})
export type CaseRecord = z.infer<typeof caseRecordSchema>
