/** Tokens of foreign issuers, OpenID providers and SPIFFE trust domains: whether they are good, and whom they stand for. */
export {
  admitIssuerKeys,
  type IssuerKey,
  type IssuerKeys,
  type KeyUse,
  type RefusedKey,
} from './admit-issuer-key.ts'
export { type InvokeScope, invokeScope, scopeCovers, scopeList } from './invoke-scope.ts'
export { type IssuerRules, issuerIdentifier, type OidcRules, type SpiffeRules, type TokenTyp } from './issuer-rules.ts'
export { isSignedBy } from './jose-signature.ts'
export {
  ISSUER_SKEW_SECONDS,
  type IssuedToken,
  type IssuedVerdict,
  type JudgeContext,
  judgeToken,
  type KeyFinding,
} from './judge-token.ts'
export {
  type PrincipalTemplate,
  principalFor,
  principalTemplate,
  templatesOverlap,
} from './principal-template.ts'
export { MAX_JWT_CHARS, readJwt, type UnverifiedJwt } from './read-jwt.ts'
export { claimsOf, isTrustDomain, parseSpiffeId, spiffePath } from './spiffe-id.ts'
