/**
 * Tokens of configured issuers: whom they stand for, kept for as long as each of them is good. The first time that a token
 * is shown an entry of the log says so, durable before anything is done for it; of the token there is its hash.
 */
import type { GuardedFetch } from '@hansa/mesh'
import type { Clock, Did, EntryDraft, IssuerCheck, IssuerInfo } from '@hansa/protocols'
import { agentPrincipalSchema, CallError } from '@hansa/protocols'
import {
  encodeBase64url,
  type IssuedToken,
  type IssuedVerdict,
  type IssuerRules,
  issuerIdentifier,
  judgeToken,
  MAX_JWT_CHARS,
  sha256,
} from '@hansa/trust'
import type { Appended } from '@hansa/trust/ledger'
import type { AgentIdentity } from '../control/control-caller.ts'
import type { TokenExchanging } from '../control/controlled-kernel.ts'
import type { RefusalCounter } from '../exchange/refusal-counter.ts'
import { asCallError } from '../kernel/ledger-fault.ts'
import type { Revocations } from '../revocation/revocations.ts'
import { IssuerKeyStore } from './issuer-key-store.ts'
import { type IssuerSetting, keyPlaceText } from './issuer-setting.ts'
import { keyReader } from './read-issuer-keys.ts'

/** Tokens that are good and were shown: bounds the memory that whoever can get many of them takes. */
export const MAX_SHOWN_TOKENS = 10_000
/** Of one principal; with one more, what was opened with the oldest ends. */
export const MAX_SHOWN_OF_ONE = 256

export type IssuerDeskComponents = {
  self: Did
  clock: Clock
  fetch: Pick<GuardedFetch, 'get'>
  refusals: Pick<RefusalCounter, 'count'>
  append(draft: EntryDraft): Appended
  /** Of tokens by hash, and of principals, whose tokens until then are revoked. */
  revocations: Pick<Revocations, 'revoked'>
}

type Issuer = { rules: IssuerRules; setting: IssuerSetting; keys: IssuerKeyStore }
type Shown = { token: IssuedToken; identity: AgentIdentity; end(reason: string): void }

export class IssuerDesk {
  /** Set once, when the kernel is put together. @default nobody may exchange tokens */
  exchange: TokenExchanging | undefined
  readonly #c: IssuerDeskComponents
  readonly #issuers = new Map<string, Issuer>()
  readonly #shown = new Map<string, Shown>()
  readonly #judging = new Map<string, Promise<AgentIdentity | undefined>>()

  constructor(components: IssuerDeskComponents, settings: readonly IssuerSetting[] = []) {
    this.#c = components
    for (const setting of settings) {
      const { keys: place, principalText: _text, ...rest } = setting
      const rules = { ...rest, audience: setting.audience ?? components.self } as IssuerRules
      const use = setting.kind === 'spiffe' ? 'jwt-svid' : 'sig'
      const read = keyReader(place, components.fetch)
      const keys = new IssuerKeyStore({ clock: components.clock, read }, { use, algorithms: setting.algorithms })
      this.#issuers.set(setting.name, { rules, setting, keys })
    }
  }

  /** Whether a token is good now, and for whom. Nothing is kept, nothing is written. */
  async judge(token: string): Promise<IssuedVerdict> {
    const verdict = await this.#judge(token)
    const reason = verdict.ok ? this.#revoked(verdict.token, hashOf(token)) : undefined
    return verdict.ok && reason !== undefined ? { ok: false, reason, issuer: verdict.token.issuer } : verdict
  }

  #judge(token: string): Promise<IssuedVerdict> {
    return judgeToken(token, {
      issuers: [...this.#issuers.values()].map(({ rules }) => rules),
      now: this.#now(),
      keyOf: async ({ name }, kid) =>
        (await this.#issuers.get(name)?.keys.keyOf(kid)) ?? { ok: false, reason: 'issuer_unknown' },
    })
  }

  /** @returns the agent that shows this token, until it expires; undefined when it is refused, which is counted. */
  async identify(token: string): Promise<AgentIdentity | undefined> {
    if (this.#issuers.size === 0 || token.length > MAX_JWT_CHARS) return undefined
    const hash = hashOf(token)
    const shown = this.#shown.get(hash)
    if (shown !== undefined) return shown.identity
    const judging = this.#judging.get(hash) ?? this.#take(token, hash).finally(() => this.#judging.delete(hash))
    this.#judging.set(hash, judging)
    return judging
  }

  list(): IssuerInfo[] {
    return [...this.#issuers.values()].map(infoOf)
  }

  /** Reads the keys of an issuer now. @param token what it would be taken as @throws CallError `not_found` */
  async check(name: string, token?: string): Promise<IssuerCheck> {
    const issuer = this.#issuers.get(name)
    if (issuer === undefined)
      throw new CallError({ code: 'not_found' }, `not_found: There is no issuer ${name}. See: hansa issuer list`)
    const { refused } = await issuer.keys.refresh()
    const verdict = token === undefined ? undefined : await this.judge(token)
    return {
      ...infoOf(issuer),
      refused: [...refused],
      ...(verdict === undefined ? {} : { token: tokenCheck(verdict, name) }),
    }
  }

  /** Ends what was opened with a token that is revoked now. */
  endRevoked(): void {
    for (const [hash, { token, end }] of [...this.#shown]) {
      if (this.#revoked(token, hash) !== undefined) end('the token was revoked')
    }
  }

  /** Ends whatever was opened with a token. */
  close(): void {
    for (const { end } of [...this.#shown.values()]) end('the kernel is closing')
  }

  async #take(text: string, hash: string): Promise<AgentIdentity | undefined> {
    const verdict = await this.judge(text)
    const refusal = verdict.ok ? this.#unfit(verdict.token) : `${verdict.issuer ?? 'no issuer'}: ${verdict.reason}`
    if (!verdict.ok || refusal !== undefined) {
      this.#c.refusals.count('agents', 'token_rejected', `issued token: ${refusal}`)
      return undefined
    }
    const { token } = verdict
    const { issuer, principal, onBehalfOf: obo, expires } = token
    const ext = { issuer, hash, expires, ...(obo === undefined ? {} : { obo }) }
    await this.#record({ type: 'token.accepted', actor: principal, ext })
    // It may have been revoked while the entry was on its way to the disk.
    if (this.#revoked(token, hash) !== undefined) return undefined
    this.#endOldest(principal)
    return this.#keep(token, hash)
  }

  #revoked({ principal, onBehalfOf, issued }: IssuedToken, hash: string): string | undefined {
    const { revocations } = this.#c
    if (revocations.revoked('token', hash) !== undefined) return 'token_revoked'
    const principals = onBehalfOf === undefined ? [principal] : [principal, onBehalfOf]
    const last = Math.max(...principals.map((who) => revocations.revoked('principal', who)?.iat ?? -1))
    return issued <= last ? 'principal_revoked' : undefined
  }

  #unfit({ issuer, principal, onBehalfOf, mayAct }: IssuedToken): string | undefined {
    if (!agentPrincipalSchema.safeParse(principal).success) return `${issuer}: not_an_agent`
    // It is the subject's to be exchanged by somebody else, not to be used by the subject, unless that is the actor.
    if (mayAct !== undefined && onBehalfOf !== undefined && mayAct.principal !== principal)
      return `${issuer}: actor_not_allowed`
    return this.#shown.size >= MAX_SHOWN_TOKENS ? `${issuer}: too_many_tokens` : undefined
  }

  /** @throws CallError `log_full`, `busy`: nobody is let in of whom the log does not tell. */
  async #record(draft: EntryDraft): Promise<void> {
    try {
      await this.#c.append(draft).durable
    } catch (error) {
      throw asCallError(error)
    }
  }

  /** A program that gets a new token for each request must not keep the others from being known. */
  #endOldest(principal: string): void {
    const ofOne = [...this.#shown.values()].filter(({ token }) => token.principal === principal)
    if (ofOne.length >= MAX_SHOWN_OF_ONE) ofOne[0]?.end('the agent has shown many newer tokens')
  }

  #keep(token: IssuedToken, hash: string): AgentIdentity {
    const { issuer, principal, onBehalfOf, expires, scope } = token
    const ended = new AbortController()
    const end = (reason: string) => {
      cancel()
      this.#shown.delete(hash)
      ended.abort(new Error(reason))
    }
    const cancel = this.#c.clock.after(expires * 1000 - this.#c.clock.now(), () => end('the token has expired'))
    const identity: AgentIdentity = {
      name: principal.slice('agent:'.length),
      principal,
      removed: ended.signal,
      issuer,
      ...(onBehalfOf === undefined ? {} : { onBehalfOf }),
      ...(scope === undefined ? {} : { scope }),
    }
    this.#shown.set(hash, { token, identity, end })
    return identity
  }

  #now(): number {
    return Math.floor(this.#c.clock.now() / 1000)
  }
}

/** What the log holds of a token. */
export function hashOf(token: string): string {
  return encodeBase64url(sha256(token))
}

function infoOf({ rules, setting, keys }: Issuer): IssuerInfo {
  const { keys: known, readMs, fault } = keys.state
  return {
    name: rules.name,
    kind: rules.kind,
    who: issuerIdentifier(rules),
    audience: rules.audience,
    algorithms: [...rules.algorithms],
    principal: setting.principalText,
    keysFrom: keyPlaceText(setting.keys),
    keys: known.map(({ kid, alg }) => ({ kid, alg })),
    ...(readMs === undefined ? {} : { readAt: Math.floor(readMs / 1000) }),
    ...(fault === undefined ? {} : { fault }),
  }
}

function tokenCheck(verdict: IssuedVerdict, name: string): NonNullable<IssuerCheck['token']> {
  if (!verdict.ok) return { ok: false, reason: verdict.reason }
  const { issuer, principal, onBehalfOf, expires, scope } = verdict.token
  if (issuer !== name) return { ok: false, reason: `is of the issuer ${issuer}` }
  return {
    ok: true,
    principal,
    expires,
    ...(onBehalfOf === undefined ? {} : { onBehalfOf }),
    ...(scope === undefined ? {} : { scopes: [...scope] }),
  }
}
