/**
 * Who vouches for an agent, a JWS of type `hansa-sponsor+jws`: a person or an organisation says under its own key that
 * the agent of this name, behind this kernel, acts for this purpose, for a time. It grants nothing: rules may ask for it.
 */
import { z } from 'zod'
import { hashSchema } from '../syntax/base64url.ts'
import { didSchema } from '../syntax/did.ts'
import { callIdSchema } from '../syntax/ids.ts'
import { agentPrincipalSchema, principalSchema } from '../syntax/principal.ts'
import { unixSecondsSchema } from '../syntax/time.ts'

export const SPONSOR_TYP = 'hansa-sponsor+jws'
/** Longest claim as it travels, bytes. */
export const MAX_SPONSOR_BYTES = 4_096
/** Longest life of a claim, seconds: a year, so that somebody says it again. */
export const MAX_SPONSOR_LIFE_SECONDS = 31_536_000

export const sponsorClaimSchema = z.strictObject({
  v: z.literal(1),
  jti: callIdSchema,
  iss: didSchema.describe('Who vouches'),
  kernel: didSchema.describe('The kernel behind which the agent acts'),
  agent: agentPrincipalSchema,
  purpose: z.string().min(1).max(256).describe('What the agent is for'),
  nbf: unixSecondsSchema,
  iat: unixSecondsSchema,
  exp: unixSecondsSchema.describe('Exclusive'),
})
export type SponsorClaim = z.infer<typeof sponsorClaimSchema>

/** A claim that a kernel keeps, as an operator sees it. */
export const sponsorInfoSchema = z.object({
  id: hashSchema.describe('SHA-256 of "hansa/sponsor/v1\\n" and its payload bytes'),
  state: z.enum(['valid', 'not_yet', 'expired', 'revoked']),
  sponsor: didSchema,
  agent: agentPrincipalSchema,
  purpose: z.string().max(256),
  nbf: unixSecondsSchema,
  exp: unixSecondsSchema,
  claim: z.string().max(MAX_SPONSOR_BYTES).describe('As it was signed'),
})
export type SponsorInfo = z.infer<typeof sponsorInfoSchema>

export const signSponsorSchema = z.strictObject({
  kernel: didSchema,
  agent: agentPrincipalSchema,
  purpose: sponsorClaimSchema.shape.purpose,
  exp: unixSecondsSchema,
})
export type SignSponsor = z.infer<typeof signSponsorSchema>

export const addSponsorSchema = z.strictObject({
  claim: z.string().min(1).max(MAX_SPONSOR_BYTES).describe('Compact JWS'),
  by: principalSchema.describe('Who says so: person:NAME'),
})
export type AddSponsor = z.infer<typeof addSponsorSchema>

/** What an operator does with claims of sponsors. */
export interface Sponsors {
  /** In the order in which they came. */
  list(): Promise<SponsorInfo[]>
  /** Vouches for an agent under the key of this kernel: its organisation is the sponsor. @throws CallError `invalid_request` */
  sign(init: SignSponsor): Promise<{ claim: string }>
  /** Takes in a claim about an agent of this kernel. @throws CallError `invalid_request` when it does not verify */
  add(init: AddSponsor): Promise<SponsorInfo>
  /** It no longer counts here. @throws CallError `not_found` */
  remove(id: string, by: string): Promise<SponsorInfo>
}
