/**
 * Who asks at the token endpoint: a client proves itself with a JWT of its own key (RFC 7523), or is one that the operator
 * lets in by its name. An assertion is for this kernel by its DID, since the URL of a socket is the same on every machine.
 */
import type { Clock, Did } from '@hansa/protocols'
import { CLIENT_ASSERTION_TYPE, type TokenRequest } from '@hansa/protocols'
import { ISSUER_SKEW_SECONDS, isSignedBy, readJwt, type UnverifiedJwt } from '@hansa/trust'
import type { IssuerKeyStore } from './issuer-key-store.ts'
import type { TokenClient } from './issuer-setting.ts'

/** From `iat` to `exp`, seconds: what is used at once needs no more. */
export const MAX_ASSERTION_LIFE_SECONDS = 300
/** Assertions that were used and have not expired. */
const MAX_USED = 10_000

export type KnownClient = TokenClient & { store?: IssuerKeyStore }
export type ClientVerdict = { ok: true; client: KnownClient } | { ok: false; reason: string }
export type ClientAssertionComponents = { self: Did; clock: Clock; clients: ReadonlyMap<string, KnownClient> }

export class ClientAssertions {
  readonly #c: ClientAssertionComponents
  /** Expiry by client and `jti`, Unix seconds. */
  readonly #used = new Map<string, number>()
  /** What was signed before this process began may have been used in the one before. */
  readonly #began: number

  constructor(components: ClientAssertionComponents) {
    this.#c = components
    this.#began = Math.floor(components.clock.now() / 1000)
  }

  get methods(): string[] {
    return [...new Set([...this.#c.clients.values()].map(({ auth }) => auth))]
  }

  get algorithms(): string[] {
    return [
      ...new Set([...this.#c.clients.values()].flatMap((client) => (client.auth === 'none' ? [] : client.algorithms))),
    ]
  }

  async authenticate(request: TokenRequest): Promise<ClientVerdict> {
    const { client_assertion: assertion, client_assertion_type: type, client_id: id } = request
    if (assertion === undefined) {
      const client = this.#c.clients.get(id ?? '')
      if (client === undefined || type !== undefined) return refused('client_unknown')
      return client.auth === 'none' ? { ok: true, client } : refused('assertion_missing')
    }
    if (type !== CLIENT_ASSERTION_TYPE) return refused('assertion_type')
    const reading = readJwt(assertion)
    if (!reading.ok) return refused(`assertion_${reading.reason}`)
    const { jwt } = reading
    const client = typeof jwt.claims.sub === 'string' ? this.#c.clients.get(jwt.claims.sub) : undefined
    if (client === undefined) return refused('client_unknown')
    if (id !== undefined && id !== client.id) return refused('client_id_of_another')
    const reason = client.auth === 'none' ? 'client_has_no_keys' : await this.#fault(jwt, client)
    return reason === undefined ? { ok: true, client } : refused(`${client.id}: ${reason}`)
  }

  async #fault(jwt: UnverifiedJwt, client: KnownClient & { auth: 'private_key_jwt' }): Promise<string | undefined> {
    const unfit = this.#unfit(jwt, client)
    if (unfit !== undefined) return unfit
    const finding = await client.store?.keyOf(jwt.kid)
    if (finding?.ok !== true) return finding?.reason ?? 'keys_unavailable'
    if (finding.key.alg !== jwt.alg) return 'alg_not_of_key'
    if (!(await isSignedBy(jwt.text, finding.key))) return 'signature_invalid'
    return this.#use(client.id, jwt.claims.jti as string, jwt.claims.exp as number)
  }

  #unfit({ alg, typ, claims }: UnverifiedJwt, client: KnownClient & { auth: 'private_key_jwt' }): string | undefined {
    const now = this.#now()
    const { iss, aud, exp, iat, nbf = iat, jti } = claims
    if (!client.algorithms.some((allowed) => allowed === alg)) return 'alg_not_allowed'
    if (typ !== undefined && typ !== 'jwt' && typ !== 'client-authentication+jwt') return 'typ_not_allowed'
    if (iss !== client.id) return 'iss_is_not_sub'
    if ((Array.isArray(aud) && aud.length === 1 ? aud[0] : aud) !== this.#c.self) return 'aud_of_another'
    if (typeof jti !== 'string' || jti === '' || jti.length > 256) return 'jti_missing'
    if (!isTime(exp) || !isTime(iat) || !isTime(nbf)) return 'time_missing'
    if (exp <= now) return 'expired'
    if (exp - iat > MAX_ASSERTION_LIFE_SECONDS) return 'lives_too_long'
    if (iat > now + ISSUER_SKEW_SECONDS || nbf > now + ISSUER_SKEW_SECONDS) return 'not_yet_valid'
    return iat < this.#began ? 'before_this_start' : undefined
  }

  /** Last, because the signature has to be the client's before its `jti` is taken. */
  #use(client: string, jti: string, exp: number): string | undefined {
    const now = this.#now()
    for (const [key, until] of this.#used) if (until <= now) this.#used.delete(key)
    const key = JSON.stringify([client, jti])
    if (this.#used.has(key)) return 'replayed'
    if (this.#used.size >= MAX_USED) return 'too_many_assertions'
    this.#used.set(key, exp)
    return undefined
  }

  #now(): number {
    return Math.floor(this.#c.clock.now() / 1000)
  }
}

function isTime(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0
}

function refused(reason: string) {
  return { ok: false as const, reason }
}
