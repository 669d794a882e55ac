/** Tokens that leave the kernel's memory: minted for an operator to hand to a principal, authenticated when they come back. */
import type { Clock, Did, EntryDraft, EntryExt, GrantInit, TokenPayload } from '@hansa/protocols'
import {
  agentPrincipalSchema,
  CallError,
  DEFAULT_TOKEN_LIFE_SECONDS,
  isPrincipal,
  MAX_TOKEN_LIFE_SECONDS,
} from '@hansa/protocols'
import { isObject, mintToken, randomId, type TokenKeys, unverifiedPart, verifyToken } from '@hansa/trust'
import type { Appended } from '@hansa/trust/ledger'
import type { AgentIdentity } from '../control/control-caller.ts'
import type { RefusalCounter } from '../exchange/refusal-counter.ts'
import type { Target } from './stages.ts'
import { TokenUses } from './token-uses.ts'

export type TokenDeskComponents = {
  self: Did
  clock: Clock
  keys(): TokenKeys
  uses: TokenUses
  refusals: RefusalCounter
  append(draft: EntryDraft): Appended
  policyVersion(): number
  find(capability: string): Target | undefined
}

/** Who acts by a token. */
export type TokenHolder = {
  principal: string
  onBehalfOf?: string
  /** Whose token was exchanged for it. */
  issuer?: string
}

/** What a token of this kernel was granted for, when it was no operator who granted it. */
export type ExchangedToken = {
  issuer: string
  /** SHA-256 of it. */
  hash: string
  /** Who exchanged it. */
  client: string
  onBehalfOf?: string
  limits: TokenPayload['lim']
}

export class TokenDesk {
  readonly #c: TokenDeskComponents

  constructor(components: TokenDeskComponents) {
    this.#c = components
  }

  /**
   * @param exchanged the token of an issuer that it is granted for
   * @throws CallError `invalid_request`, `not_found`. The token is returned once and is in no log.
   */
  async grant(init: GrantInit, exchanged?: ExchangedToken): Promise<{ token: string; expires: number }> {
    const { self, clock, keys, uses, append, policyVersion } = this.#c
    const life = init.life ?? DEFAULT_TOKEN_LIFE_SECONDS
    if (!isPrincipal(init.principal) || init.principal.startsWith('did:'))
      throw invalid('a principal is agent:NAME or person:NAME')
    if (!Number.isSafeInteger(life) || life < 1 || life > MAX_TOKEN_LIFE_SECONDS)
      throw invalid(`a life is 1 to ${MAX_TOKEN_LIFE_SECONDS} s`)
    const target = this.#c.find(init.capability)
    if (target === undefined)
      throw new CallError(
        { code: 'not_found' },
        `not_found: There is no capability ${init.capability}. See: hansa capabilities`,
      )
    const iat = Math.floor(clock.now() / 1000)
    const payload: TokenPayload = {
      v: 1,
      iss: self,
      aud: self,
      jti: randomId(),
      sub: init.principal,
      cap: target.ref,
      cap_hash: target.hash,
      iat,
      exp: iat + life,
      uses: init.uses ?? 1,
      pol: policyVersion(),
      obl: [...target.obligations],
      lim: leastLimits(target.limits, exchanged?.limits ?? {}),
      labels: [...target.labels],
      ...(exchanged === undefined ? {} : { via: exchanged.issuer }),
      ...(exchanged?.onBehalfOf === undefined ? {} : { obo: exchanged.onBehalfOf }),
      pe: uses.epochOf(init.principal),
    }
    const ext = { token: TokenUses.idOf(payload.jti), uses: payload.uses, expires: payload.exp, ...said(exchanged) }
    await append({ type: 'token.granted', actor: init.principal, cap: target.ref, cap_hash: target.hash, ext }).durable
    return { token: mintToken(keys(), payload), expires: payload.exp }
  }

  /**
   * Who acts, by a token of this kernel. Takes no use: the token stage does that.
   * @throws CallError `token_rejected`, counted by source, because whoever presents it is not known.
   */
  authenticate(token: string, capability: string, source: string): TokenHolder {
    const { self, clock, keys, uses, refusals } = this.#c
    // An unknown capability fits no token, so a stranger learns nothing of what there is.
    const target = this.#c.find(capability)
    const verdict = verifyToken(keys(), token, {
      self,
      now: Math.floor(clock.now() / 1000),
      capability,
      capHash: target?.hash ?? '',
      principalEpoch: (principal) => uses.epochOf(principal),
      isRevoked: (jti) => uses.isRevoked(TokenUses.idOf(jti)),
      usesLeft: (jti, limit) => uses.left(TokenUses.idOf(jti), limit),
    })
    if (verdict.ok) {
      const { sub: principal, obo, via } = verdict.scope
      return {
        principal,
        ...(obo === undefined ? {} : { onBehalfOf: obo }),
        ...(via === undefined ? {} : { issuer: via }),
      }
    }
    throw new CallError({
      code: verdict.code,
      denialId: refusals.count(source, verdict.code, `token: ${verdict.reason}`),
      stage: 'token',
    })
  }

  /** @returns the agent that shows a token of this kernel in the place of a credential; undefined for any other. */
  async identify(token: string): Promise<AgentIdentity | undefined> {
    // Only says where to look: the token is verified against what is found.
    const capability = payloadOf(token)?.cap
    if (typeof capability !== 'string') return undefined
    try {
      const holder = this.authenticate(token, capability, 'agents')
      if (!agentPrincipalSchema.safeParse(holder.principal).success) return undefined
      const name = holder.principal.slice('agent:'.length)
      return { ...holder, name, scope: [capability], token, removed: new AbortController().signal }
    } catch (error) {
      if (error instanceof CallError) return undefined
      throw error
    }
  }
}

function said(exchanged: ExchangedToken | undefined): EntryExt {
  if (exchanged === undefined) return {}
  const { issuer, hash, client, onBehalfOf: obo } = exchanged
  return { issuer, hash, client, ...(obo === undefined ? {} : { obo }) }
}

/** Of the capability and of the request, where the request names one. */
function leastLimits(own: TokenPayload['lim'], asked: TokenPayload['lim']): TokenPayload['lim'] {
  const least = (name: 'max_rows' | 'max_bytes') =>
    asked[name] === undefined ? {} : { [name]: Math.min(asked[name], own[name] ?? asked[name]) }
  return { ...least('max_rows'), ...least('max_bytes') }
}

/** What a token says, whoever made it. */
function payloadOf(token: string): Record<string, unknown> | undefined {
  const payload = unverifiedPart(token, 2)?.value
  return isObject(payload) ? payload : undefined
}

function invalid(what: string): CallError {
  return new CallError({ code: 'invalid_request' }, `invalid_request: ${what}.`)
}
