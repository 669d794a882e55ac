/**
 * Exchanges a token of an issuer for a token of this kernel (RFC 8693): for one capability, for a few minutes, never for
 * more than the tokens that were handed in. Nothing of those is kept or logged but the hash of the subject's.
 */
import type { Clock, Did, TokenError, TokenRequest, TokenResponse } from '@hansa/protocols'
import {
  ACCESS_TOKEN_TYPE,
  agentPrincipalSchema,
  CallError,
  DEFAULT_TOKEN_LIFE_SECONDS,
  type IssuedTokenType,
  TOKEN_EXCHANGE_GRANT,
} from '@hansa/protocols'
import { type IssuedToken, scopeCovers } from '@hansa/trust'
import type { RefusalCounter } from '../exchange/refusal-counter.ts'
import type { TokenDesk } from '../kernel/token-desk.ts'
import type { ClientAssertions, KnownClient } from './client-assertion.ts'
import { hashOf, type IssuerDesk } from './issuer-desk.ts'
import { type RequestedScope, requestedScope, scopeText } from './requested-scope.ts'

export type TokenExchangeComponents = {
  self: Did
  clock: Clock
  issuers: Pick<IssuerDesk, 'judge'>
  clients: ClientAssertions
  tokens: Pick<TokenDesk, 'grant'>
  refusals: Pick<RefusalCounter, 'count'>
}

export type ExchangeAnswer =
  | { ok: true; body: TokenResponse }
  /** `description` is for whoever asks: it never says what of a foreign token is wrong. */
  | { ok: false; error: TokenError; description: string }

type Holder = { principal: string; onBehalfOf?: string; issuer: string; expires: number; tokens: IssuedToken[] }
type Step<T> = ({ ok: true } & T) | Extract<ExchangeAnswer, { ok: false }>

export class TokenExchange {
  readonly #c: TokenExchangeComponents

  constructor(components: TokenExchangeComponents) {
    this.#c = components
  }

  get authMethods(): string[] {
    return this.#c.clients.methods
  }

  get algorithms(): string[] {
    return this.#c.clients.algorithms
  }

  async exchange(request: TokenRequest): Promise<ExchangeAnswer> {
    if (request.grant_type !== TOKEN_EXCHANGE_GRANT)
      return refused('unsupported_grant_type', `the only grant is ${TOKEN_EXCHANGE_GRANT}`)
    const verdict = await this.#c.clients.authenticate(request)
    if (!verdict.ok)
      return this.#counted('invalid_client', `client: ${verdict.reason}`, 'the client is not known by this')
    const misdirected = this.#misdirected(request)
    if (misdirected !== undefined) return misdirected
    const reading = requestedScope(request.scope)
    if (!reading.ok) return refused('invalid_scope', reading.reason)
    const held = await this.#holder(request, verdict.client)
    if (!held.ok) return held
    const { capability } = reading.scope
    if (held.holder.tokens.some(({ scope }) => scope !== undefined && !scopeCovers(scope, capability)))
      return this.#counted('invalid_scope', 'scope: widened', `the tokens are not for ${capability}`)
    return this.#grant(held.holder, reading.scope, request, verdict.client)
  }

  #misdirected({ audience, resource, requested_token_type: type }: TokenRequest): ExchangeAnswer | undefined {
    const { self } = this.#c
    if ((audience ?? self) !== self || (resource ?? self) !== self)
      return refused('invalid_target', `this kernel issues tokens for ${self}, and for nobody else`)
    if (type === undefined || type === ACCESS_TOKEN_TYPE) return undefined
    return refused('invalid_request', `what is issued is ${ACCESS_TOKEN_TYPE}`)
  }

  async #holder(request: TokenRequest, client: KnownClient): Promise<Step<{ holder: Holder }>> {
    const { subject_token, subject_token_type, actor_token, actor_token_type } = request
    if ((actor_token === undefined) !== (actor_token_type === undefined))
      return refused('invalid_request', 'actor_token and actor_token_type come together')
    const subject = await this.#judged('subject_token', subject_token, subject_token_type, client)
    if (!subject.ok) return subject
    if (actor_token === undefined || actor_token_type === undefined) return this.#alone(subject.token)
    const actor = await this.#judged('actor_token', actor_token, actor_token_type, client)
    if (!actor.ok) return actor
    return this.#together(subject.token, actor.token)
  }

  async #judged(
    which: 'subject_token' | 'actor_token',
    text: string,
    type: IssuedTokenType,
    client: KnownClient,
  ): Promise<Step<{ token: IssuedToken }>> {
    const verdict = await this.#c.issuers.judge(text)
    const no = (reason: string) =>
      this.#counted('invalid_request', `${which}: ${reason}`, `the ${which} is not accepted`)
    if (!verdict.ok) return no(`${verdict.issuer ?? 'no issuer'}: ${verdict.reason}`)
    const { token } = verdict
    if (!typeFits(type, token)) return no(`${token.issuer}: token_type`)
    if (client.issuers?.includes(token.issuer) === false) {
      const reason = `client ${client.id}: issuer ${token.issuer} is not its`
      return this.#counted('unauthorized_client', reason, 'this client exchanges no tokens of that issuer')
    }
    return { ok: true, token }
  }

  #alone(subject: IssuedToken): Step<{ holder: Holder }> {
    const { principal, onBehalfOf, issuer, expires, mayAct } = subject
    if (onBehalfOf !== undefined && mayAct !== undefined && mayAct.principal !== principal)
      return this.#unfit('actor_not_allowed')
    return this.#asAgent({
      principal,
      issuer,
      expires,
      tokens: [subject],
      ...(onBehalfOf === undefined ? {} : { onBehalfOf }),
    })
  }

  /** The actor is who acts; whose token the other one is, is on whose behalf. */
  #together(subject: IssuedToken, actor: IssuedToken): Step<{ holder: Holder }> {
    const onBehalfOf = subject.onBehalfOf ?? subject.principal
    if (actor.onBehalfOf !== undefined) return this.#unfit('actor_acts_for_another')
    if (actor.principal === onBehalfOf) return this.#unfit('actor_is_subject')
    if (subject.onBehalfOf !== undefined && subject.principal !== actor.principal)
      return this.#unfit('actor_of_subject_is_another')
    if (subject.mayAct !== undefined && subject.mayAct.principal !== actor.principal)
      return this.#unfit('actor_not_allowed')
    const expires = Math.min(subject.expires, actor.expires)
    return this.#asAgent({
      principal: actor.principal,
      onBehalfOf,
      issuer: subject.issuer,
      expires,
      tokens: [subject, actor],
    })
  }

  #asAgent(holder: Holder): Step<{ holder: Holder }> {
    return agentPrincipalSchema.safeParse(holder.principal).success ? { ok: true, holder } : this.#unfit('not_an_agent')
  }

  #unfit(reason: string): Extract<ExchangeAnswer, { ok: false }> {
    return this.#counted('invalid_request', `tokens: ${reason}`, 'these tokens cannot be exchanged together')
  }

  async #grant(
    { principal, onBehalfOf, issuer, expires }: Holder,
    scope: RequestedScope,
    request: TokenRequest,
    client: KnownClient,
  ): Promise<ExchangeAnswer> {
    const now = Math.floor(this.#c.clock.now() / 1000)
    const { capability, uses, maxRows, maxBytes } = scope
    try {
      const granted = await this.#c.tokens.grant(
        { principal, capability, uses, life: Math.min(DEFAULT_TOKEN_LIFE_SECONDS, expires - now) },
        {
          issuer,
          client: client.id,
          hash: hashOf(request.subject_token),
          ...(onBehalfOf === undefined ? {} : { onBehalfOf }),
          limits: {
            ...(maxRows === undefined ? {} : { max_rows: maxRows }),
            ...(maxBytes === undefined ? {} : { max_bytes: maxBytes }),
          },
        },
      )
      const body: TokenResponse = {
        access_token: granted.token,
        issued_token_type: ACCESS_TOKEN_TYPE,
        token_type: 'Bearer',
        expires_in: granted.expires - now,
        scope: scopeText(scope),
      }
      return { ok: true, body }
    } catch (error) {
      if (error instanceof CallError && error.detail.code === 'not_found')
        return refused('invalid_scope', `there is no capability ${capability}`)
      throw error
    }
  }

  #counted(error: TokenError, reason: string, description: string): Extract<ExchangeAnswer, { ok: false }> {
    this.#c.refusals.count('token endpoint', 'token_rejected', reason)
    return refused(error, description)
  }
}

function typeFits(type: IssuedTokenType, { typ }: IssuedToken): boolean {
  if (type.endsWith(':jwt')) return true
  return type === ACCESS_TOKEN_TYPE ? typ === 'at+jwt' : typ !== 'at+jwt'
}

function refused(error: TokenError, description: string): Extract<ExchangeAnswer, { ok: false }> {
  return { ok: false, error, description }
}
