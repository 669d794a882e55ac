/** Chains of delegations as an operator sees them, and what an operator says to make one. */
import { z } from 'zod'
import { hashSchema } from '../syntax/base64url.ts'
import { didSchema } from '../syntax/did.ts'
import { principalSchema } from '../syntax/principal.ts'
import { unixSecondsSchema } from '../syntax/time.ts'
import { delegationLimitsSchema, delegationLinkSchema, MAX_DELEGATION_BYTES } from './link.ts'

/** `issued`: this kernel made its last link. `added`: somebody gave it. */
export const chainSourceSchema = z.enum(['issued', 'added'])
export type ChainSource = z.infer<typeof chainSourceSchema>

export const heldChainSchema = z
  .object({
    id: hashSchema.describe('Hash of its last link'),
    state: z.enum(['valid', 'not_yet', 'expired', 'revoked']),
    source: chainSourceSchema,
    owner: didSchema.describe('Issuer of the first link'),
    issuer: didSchema.describe('Issuer of the last link'),
    audience: didSchema.describe('Who may act'),
    usable: z.boolean().describe('Whether this kernel may act under it, now'),
    cmd: z.string().describe('Of the last link'),
    exp: unixSecondsSchema.describe('When the first of its links ends'),
    dep: z.int().describe('How many more links may follow'),
    principal: principalSchema.optional().describe('The one principal of this kernel that may use it'),
    since: z.int().describe('Unix seconds'),
    links: z.array(delegationLinkSchema.extend({ hash: hashSchema })).describe('The first one first'),
    chain: z.string().max(MAX_DELEGATION_BYTES).describe('As it travels: compact JWS, one a line'),
  })
  .meta({ id: 'HeldChain' })
export type HeldChainInfo = z.infer<typeof heldChainSchema>

const chainText = z.string().min(1).max(MAX_DELEGATION_BYTES)

export const delegateSchema = z.strictObject({
  to: didSchema.describe('Who may act'),
  cmd: delegationLinkSchema.shape.cmd,
  pol: delegationLinkSchema.shape.pol.optional().describe('Predicates on the arguments. Default: none'),
  lim: delegationLimitsSchema.optional().describe('Default: no limit of this link'),
  nbf: unixSecondsSchema
    .optional()
    .describe('Default: when the link before begins; a minute ago for the first one, because clocks differ'),
  exp: unixSecondsSchema,
  dep: delegationLinkSchema.shape.dep.optional().describe('How many more links may follow. Default: 0'),
  obo: delegationLinkSchema.shape.obo,
  from: chainText
    .optional()
    .describe('The chain that is passed on: its id, or its text. Default: none, this kernel owns'),
  by: principalSchema.describe('Who says so: person:NAME'),
})
export type Delegate = z.infer<typeof delegateSchema>

export const addDelegationSchema = z.strictObject({
  chain: chainText.describe('As it travels: compact JWS, one a line'),
  principal: principalSchema.optional().describe('The one principal of this kernel that may use it. Default: each'),
  by: principalSchema.describe('Who says so: person:NAME'),
})
export type AddDelegation = z.infer<typeof addDelegationSchema>

/** What an operator does with chains. */
export interface Delegations {
  /** In the order in which they came. */
  list(): Promise<HeldChainInfo[]>
  /**
   * Signs a link: the first of a chain that this kernel owns, or one more behind a chain that it was given.
   * @throws CallError `invalid_request` that says what would widen; `not_found` for `from`.
   */
  delegate(init: Delegate): Promise<HeldChainInfo>
  /** Takes a chain in whose last link names this kernel. @throws CallError `invalid_request` when it does not verify. */
  add(init: AddDelegation): Promise<HeldChainInfo>
  /** Forgets a chain here; it still holds for whoever has it. @param id or what only it begins with @throws CallError `not_found` */
  remove(id: string, by: string): Promise<HeldChainInfo>
}
