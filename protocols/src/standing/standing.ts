/** What a kernel makes of another one, and why: the same for everybody who has the same log (security.md B9). */
import { z } from 'zod'
import { hashSchema } from '../syntax/base64url.ts'
import { didSchema } from '../syntax/did.ts'
import { principalSchema } from '../syntax/principal.ts'
import { standingTierSchema } from './tier.ts'

/** The most that an operator may vouch for. */
export const MAX_VOUCHED_STANDING = 899

const scoreSchema = z.int().min(0).max(1000)
const daySchema = z.string().regex(/^\d{4,6}-\d{2}-\d{2}$/)
const microSchema = z.int().min(0)

/** An entry of a log, and its hash as a leaf of it. */
const referenceShape = { log: z.string().max(512), entry: z.int().min(0), hash: hashSchema }

export const standingSchema = z.object({
  did: didSchema,
  alias: z.string().max(64).exactOptional(),
  score: scoreSchema,
  tier: standingTierSchema,
  vouched: scoreSchema.exactOptional().describe('The standing that somebody vouches for, when it holds the score up'),
  held: z.boolean().describe('Held at 0 by proof of something critical, until its case is closed'),
  endorsing: z.literal(true).exactOptional().describe('Peers that ask are told its score'),
})
export type StandingInfo = z.infer<typeof standingSchema>

const contributionSchema = z.object({
  day: daySchema,
  kind: z.enum(['good', 'timeout', 'missing_ack', 'minor', 'medium', 'high', 'critical']),
  count: z.int().min(1),
  good: microSchema.describe('For its integrity, in millionths of a good call; five of one day count'),
  distrust: microSchema.describe('Against its integrity, in millionths of a point'),
  ok: microSchema.describe('For its reliability, in millionths of a call'),
  bad: microSchema.describe('Against its reliability, in millionths of a call'),
  rule: z.string().max(256),
  evidence: z.array(z.object(referenceShape)).max(5).describe('The first of them'),
})

const vouchSchema = z.object({
  source: z.string().max(512).describe('configuration, peer (added), operator, or an agreement'),
  standing: scoreSchema,
  from: daySchema,
  until: daySchema.exactOptional().describe('The first day on which it does not count'),
  by: principalSchema.exactOptional(),
  reason: z.string().max(1024).exactOptional(),
  grave: z.literal(true).exactOptional().describe('Ended by something high or critical'),
  ...referenceShape,
})

const lineSchema = z.object({
  day: daySchema,
  score: scoreSchema,
  tier: standingTierSchema,
  integrity: scoreSchema,
  reliability: scoreSchema,
  raw: scoreSchema.describe('Before the limit of the daily rise'),
  own: scoreSchema.describe('Before endorsements, ceiling and vouches'),
})

export const standingExplanationSchema = z.object({
  v: z.literal(1),
  by: didSchema.describe('The kernel whose score it is'),
  of: didSchema,
  day: daySchema,
  score: scoreSchema,
  tier: standingTierSchema,
  integrity: scoreSchema,
  reliability: scoreSchema,
  own: scoreSchema.describe('Before endorsements, ceiling and vouches'),
  endorsed: scoreSchema.describe('Points that others add'),
  ceiling: scoreSchema,
  vouched: scoreSchema.exactOptional(),
  held: z.boolean(),
  pinned: z.boolean().describe('Whether its key is more than what whoever holds it has shown'),
  inputs: hashSchema.describe('SHA-256 of everything that the score follows from'),
  today: z.int().min(0).describe('Good calls of this day: they count when it has ended'),
  contributions: z.array(contributionSchema).max(400).describe('The weightiest first'),
  leftOut: z.int().min(0).describe('Older days and kinds that are not listed'),
  vouches: z.array(vouchSchema).max(32),
  endorsements: z
    .array(z.object({ hash: hashSchema, organisation: z.string().max(600), points: z.int().min(0) }))
    .max(5),
  line: z.array(lineSchema).max(92).describe('The last days'),
})
export type StandingExplanation = z.infer<typeof standingExplanationSchema>

/** Of a vouch that an operator gives. */
export const vouchParamsSchema = z.strictObject({
  who: z.string().max(600).describe('Alias or DID'),
  standing: z.int().min(0).max(MAX_VOUCHED_STANDING),
  until: z.int().min(0).describe('Unix seconds: from the next midnight (UTC) on it no longer counts'),
  reason: z.string().max(500).optional(),
  by: principalSchema.describe('Who says so: person:NAME'),
})
export type VouchParams = z.infer<typeof vouchParamsSchema>

export const STANDING_TYP = 'hansa-standing+jws'
export const MAX_STANDING_QUESTION_BYTES = 4_096
/** 400 contributions of five references each. */
export const MAX_STANDING_ANSWER_BYTES = 1_048_576
