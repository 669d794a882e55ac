/**
 * How the subjects of an issuer become principals of this kernel: `agent:{sub}`, or `agent:{ns}.{sa}` from the path of a
 * SPIFFE id. Nothing is rewritten, so that two subjects never become one principal: a value that does not fit is refused.
 */
import { isPrincipal } from '@hansa/protocols'

export type PrincipalTemplate = {
  /** `agent:` or `person:`, and what stands before the first claim. */
  readonly prefix: string
  readonly parts: readonly { claim: string; after: string }[]
}

export type TemplateReading = { ok: true; template: PrincipalTemplate } | { ok: false; reason: string }

const SHAPE = /^(?:agent|person):[a-z0-9._-]*(?:\{[A-Za-z][A-Za-z0-9_]{0,63}\}[a-z0-9._-]*)+$/
const VALUE = /^[a-z0-9][a-z0-9._-]{0,63}$/
const MAX_CLAIMS = 4

/** Claims that an issuer gives to one subject today and to another tomorrow (OpenID Connect Core section 5.7). */
const NOT_IDENTIFIERS = new Set([
  'email',
  'preferred_username',
  'upn',
  'name',
  'nickname',
  'given_name',
  'family_name',
  'phone_number',
])

/** @param text such as `agent:{sub}` */
export function principalTemplate(text: string): TemplateReading {
  if (text.length > 256 || !SHAPE.test(text))
    return refuse('is not agent: or person:, and text of a-z, 0-9, dot, underscore and hyphen with {claim} in it')
  const [prefix = '', ...rest] = text.split('{')
  const parts = rest.map((piece) => {
    const end = piece.indexOf('}')
    return { claim: piece.slice(0, end), after: piece.slice(end + 1) }
  })
  if (parts.length > MAX_CLAIMS) return refuse(`has more than ${MAX_CLAIMS} claims`)
  const fickle = parts.find(({ claim }) => NOT_IDENTIFIERS.has(claim))
  if (fickle !== undefined)
    return refuse(`uses {${fickle.claim}}, which an issuer may give to somebody else later; use {sub}`)
  if (parts.slice(0, -1).some(({ after }) => after === ''))
    return refuse('has two claims with nothing between them: two subjects could become one principal')
  return { ok: true, template: { prefix, parts } }
}

/** @returns undefined when a claim is missing or does not fit. */
export function principalFor(
  { prefix, parts }: PrincipalTemplate,
  claims: Readonly<Record<string, unknown>>,
): string | undefined {
  let principal = prefix
  for (const [at, { claim, after }] of parts.entries()) {
    const value = Object.hasOwn(claims, claim) ? claims[claim] : undefined
    if (typeof value !== 'string' || !VALUE.test(value)) return undefined
    // What ends the value must not be in it, or `a.b` and `c` would be the same as `a` and `b.c`.
    if (at < parts.length - 1 && value.includes(after.charAt(0))) return undefined
    principal += value + after
  }
  return isPrincipal(principal) ? principal : undefined
}

/** Whether some principal could come of both. */
export function templatesOverlap(one: PrincipalTemplate, other: PrincipalTemplate): boolean {
  return one.prefix.startsWith(other.prefix) || other.prefix.startsWith(one.prefix)
}

function refuse(reason: string): TemplateReading {
  return { ok: false, reason }
}
