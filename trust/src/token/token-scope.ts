/** What a token permits once its caveats are applied. Caveats only ever take away (security.md B4). */
import type { Caveat, Label, Obligation, TokenPayload, UnixSeconds } from '@hansa/protocols'

export type TokenScope = {
  jti: string
  /** The principal. */
  sub: string
  /** On behalf of whom. */
  obo?: string
  /** Issuer whose token was exchanged for it. */
  via?: string
  cap: string
  capHash: string
  /** The earliest of payload and caveats; exclusive. */
  exp: UnixSeconds
  uses: number
  maxRows?: number
  maxBytes?: number
  /** The only members that result rows may have; absent: no bound by the token. May be empty. */
  fields?: readonly string[]
  /** The only labels that a result may carry; absent: no bound by the token. May be empty. */
  labelsMax?: readonly Label[]
  obligations: readonly Obligation[]
  /** Labels that the data already carries. */
  labels: readonly Label[]
  /** Version of the policy that granted it. */
  pol: number
}

export function scopeOf(payload: TokenPayload): TokenScope {
  const scope: TokenScope = {
    jti: payload.jti,
    sub: payload.sub,
    cap: payload.cap,
    capHash: payload.cap_hash,
    exp: payload.exp,
    uses: payload.uses,
    obligations: payload.obl,
    labels: payload.labels,
    pol: payload.pol,
  }
  if (payload.obo !== undefined) scope.obo = payload.obo
  if (payload.via !== undefined) scope.via = payload.via
  if (payload.lim.max_rows !== undefined) scope.maxRows = payload.lim.max_rows
  if (payload.lim.max_bytes !== undefined) scope.maxBytes = payload.lim.max_bytes
  return scope
}

/** The scope under one more caveat; those that only set a condition on the call leave it as it is. */
export function narrow(scope: TokenScope, caveat: Caveat): TokenScope {
  if ('exp' in caveat) return { ...scope, exp: Math.min(scope.exp, caveat.exp) }
  if ('uses' in caveat) return { ...scope, uses: Math.min(scope.uses, caveat.uses) }
  if ('max_rows' in caveat) return { ...scope, maxRows: Math.min(scope.maxRows ?? caveat.max_rows, caveat.max_rows) }
  if ('max_bytes' in caveat) {
    return { ...scope, maxBytes: Math.min(scope.maxBytes ?? caveat.max_bytes, caveat.max_bytes) }
  }
  if ('fields' in caveat) return { ...scope, fields: intersection(scope.fields, caveat.fields) }
  if ('labels_max' in caveat) return { ...scope, labelsMax: intersection(scope.labelsMax, caveat.labels_max) }
  return scope
}

function intersection(before: readonly string[] | undefined, more: readonly string[]): readonly string[] {
  return before === undefined ? more : before.filter((item) => more.includes(item))
}
