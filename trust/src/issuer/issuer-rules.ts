/** What an operator has said about an issuer of tokens: the measure that each of its tokens is judged by. */
import type { IssuerAlgorithm } from '@hansa/protocols'
import type { PrincipalTemplate } from './principal-template.ts'
import type { SpiffePath } from './spiffe-id.ts'

/** `typ` of a token: `at+jwt` is an access token (RFC 9068); `jwt` stands for that, and for none. */
export type TokenTyp = 'at+jwt' | 'jwt'

type Rules = {
  name: string
  /** The only audience that a token may have. */
  audience: string
  algorithms: readonly IssuerAlgorithm[]
  /** Longest life of a token, seconds. */
  maxLifeSeconds: number
  principal: PrincipalTemplate
  /** Whether a token has to name what may be invoked. */
  scopeRequired: boolean
}

export type OidcRules = Rules & {
  kind: 'oidc'
  /** Compared character by character. */
  issuer: string
  types: readonly TokenTyp[]
  /** Clients whose tokens are taken. @default all */
  clients?: readonly string[]
}

export type SpiffeRules = Rules & { kind: 'spiffe'; trustDomain: string; path: SpiffePath }

export type IssuerRules = OidcRules | SpiffeRules

/** The `iss` of its tokens, or its trust domain. */
export function issuerIdentifier(rules: IssuerRules): string {
  return rules.kind === 'oidc' ? rules.issuer : rules.trustDomain
}
