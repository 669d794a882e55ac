/**
 * Verifies the token that was presented, or mints one for exactly this call: either way a call reaches the driver only
 * under a token of this kernel, with the narrowest scope of policy, obligations and caveats. It stays in this kernel's
 * memory.
 */
import type { Clock, Did, TokenPayload } from '@hansa/protocols'
import { MAX_TOKEN_LIFE_SECONDS } from '@hansa/protocols'
import { formatObligations, mintOnDemand, randomId, type TokenContext, type TokenKeys, verifyToken } from '@hansa/trust'
import type { Granted, Permitted, Refusal } from './stages.ts'
import { TokenUses } from './token-uses.ts'

export type TokenComponents = {
  self: Did
  clock: Clock
  /** The keys of the current epoch. */
  keys(): TokenKeys
  uses: TokenUses
  policyVersion(): number
}

/** Life of a token that is minted for one call and never leaves: enough for any deadline, seconds. */
const CALL_TOKEN_LIFE_SECONDS = MAX_TOKEN_LIFE_SECONDS

export function tokenStage(components: TokenComponents): (call: Permitted) => Granted | Refusal {
  return (call) => {
    const presented = call.caller.kind === 'own' ? call.caller.token : undefined
    return presented === undefined ? mintFor(call, components) : present(call, presented, components)
  }
}

/** Nobody else has seen a token that was minted here, so there is nothing to verify: it grants what was put into it. */
function mintFor(call: Permitted, components: TokenComponents): Granted {
  const payload = payloadFor(call, components)
  const { max_rows: maxRows, max_bytes: maxBytes } = payload.lim
  const grant = { ...(maxRows === undefined ? {} : { maxRows }), ...(maxBytes === undefined ? {} : { maxBytes }) }
  return { ...call, token: mintOnDemand(components.keys(), payload), grant }
}

function present(call: Permitted, token: string, components: TokenComponents): Granted | Refusal {
  const verdict = verifyToken(components.keys(), token, contextFor(call, components))
  if (!verdict.ok) return { refused: verdict.code, reason: verdict.reason }
  const { scope } = verdict
  const grant = {
    ...(scope.maxRows === undefined ? {} : { maxRows: scope.maxRows }),
    ...(scope.maxBytes === undefined ? {} : { maxBytes: scope.maxBytes }),
    ...(scope.fields === undefined ? {} : { fields: scope.fields }),
    ...(scope.labelsMax === undefined ? {} : { labelsMax: scope.labelsMax }),
  }
  return { ...call, token: () => token, grant, presented: { id: TokenUses.idOf(scope.jti), uses: scope.uses } }
}

function contextFor(call: Permitted, { self, clock, uses }: TokenComponents): TokenContext {
  const nowMs = clock.now()
  return {
    self,
    now: Math.floor(nowMs / 1000),
    principal: call.caller.principal,
    call: call.callId,
    capability: call.target.ref,
    capHash: call.target.hash,
    principalEpoch: (principal) => uses.epochOf(principal),
    isRevoked: (jti) => uses.isRevoked(TokenUses.idOf(jti)),
    usesLeft: (jti, limit) => uses.reserve(TokenUses.idOf(jti), limit, nowMs),
  }
}

function payloadFor(call: Permitted, { self, clock, uses, policyVersion }: TokenComponents): TokenPayload {
  const now = Math.floor(clock.now() / 1000)
  const { target, obligations, caller } = call
  return {
    v: 1,
    iss: self,
    aud: self,
    jti: randomId(),
    sub: caller.principal,
    cap: target.ref,
    cap_hash: target.hash,
    iat: now,
    exp: now + CALL_TOKEN_LIFE_SECONDS,
    uses: 1,
    call: call.callId,
    ...(caller.kind === 'peer' ? { cnf: { sid: caller.intent.sid }, intent: caller.intentHash } : {}),
    pol: policyVersion(),
    obl: formatObligations(obligations),
    lim: limitsOf(call),
    labels: [...target.labels],
    pe: uses.epochOf(caller.principal),
  }
}

function limitsOf({ target, obligations }: Permitted): TokenPayload['lim'] {
  const maxRows = least(target.limits.max_rows, obligations.maxRows)
  const maxBytes = least(target.limits.max_bytes, obligations.maxBytes)
  return {
    ...(maxRows === undefined ? {} : { max_rows: maxRows }),
    ...(maxBytes === undefined ? {} : { max_bytes: maxBytes }),
  }
}

function least(a: number | undefined, b: number | undefined): number | undefined {
  if (a === undefined || b === undefined) return a ?? b
  return Math.min(a, b)
}
