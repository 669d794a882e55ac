/**
 * The OAuth client of one MCP server, as the library asks for one: it finds the issuer (RFC 9728, RFC 8414), and gets,
 * uses and refreshes tokens. Credentials go to the configured issuer and to no other, whatever the server names.
 */
import type { Clock } from '@hansa/protocols'
import { readPrivateFile } from '@hansa/trust'
import {
  type AddClientAuthentication,
  computeScopeUnion,
  createPrivateKeyJwtAuth,
  type OAuthClientInformationContext,
  type OAuthClientMetadata,
  type OAuthClientProvider,
  type OAuthDiscoveryState,
  type StoredOAuthClientInformation,
  type StoredOAuthTokens,
} from '@modelcontextprotocol/client'
import { loginNeeded, UpstreamError } from './errors.ts'
import { type HeldTokens, MAX_SCOPE_CHARS, readTokenFile, writeTokenFile } from './token-file.ts'
import type { UpstreamAuth } from './upstream-auth.ts'

const MAX_SECRET_BYTES = 16_384

export type UpstreamClientInit = {
  /** Id of the server in the configuration. */
  server: string
  /** Of the server. */
  url: string
  auth: UpstreamAuth
  /** Where tokens are kept. */
  tokenFile: string
  /** Only while somebody signs in: where the browser comes back to, and how it is sent there. */
  browser?: { redirectUrl: string; state: string; open(url: URL): void }
}

export class UpstreamClient implements OAuthClientProvider {
  readonly #init: UpstreamClientInit
  readonly #clock: Pick<Clock, 'now'>
  readonly addClientAuthentication?: AddClientAuthentication
  readonly clientMetadataUrl?: string
  #held: Promise<HeldTokens> | undefined
  #verifier = ''
  #found: OAuthDiscoveryState | undefined

  constructor(init: UpstreamClientInit, clock: Pick<Clock, 'now'>) {
    this.#init = init
    this.#clock = clock
    if (init.auth.clientMetadataUrl !== undefined) this.clientMetadataUrl = init.auth.clientMetadataUrl
    if (init.auth.method === 'private_key_jwt') this.addClientAuthentication = assertion(init.auth)
  }

  /** What the server wanted and the token did not have; asked for when somebody signs in again. */
  async wants(scope: string): Promise<void> {
    const { tokens, wanted, ...rest } = await this.#kept()
    const all = computeScopeUnion(wanted, tokens?.scope, scope) ?? scope
    // A server that wants without end gets nothing more; what is held stays readable.
    if (all.length > MAX_SCOPE_CHARS) return
    await this.#keep({ ...rest, ...(tokens === undefined ? {} : { tokens }), wanted: all })
  }

  /** @returns what is asked for when somebody signs in. */
  async scope(): Promise<string | undefined> {
    return this.#init.auth.scope ?? (await this.#kept()).wanted
  }

  /** Somebody may have signed in meanwhile. */
  readAgain(): void {
    this.#held = undefined
  }

  /** Whether a person signs in for it. */
  get signsIn(): boolean {
    return this.#init.auth.method === 'login'
  }

  get redirectUrl(): string | undefined {
    const { auth, browser } = this.#init
    // Without a browser the library would take a flow that needs none; here it finds out that somebody has to sign in.
    return auth.method === 'login' ? (browser?.redirectUrl ?? 'http://127.0.0.1/') : undefined
  }

  get clientMetadata(): OAuthClientMetadata {
    const { auth } = this.#init
    const login = auth.method === 'login'
    return {
      client_name: 'hansa',
      redirect_uris: login && this.redirectUrl !== undefined ? [this.redirectUrl] : [],
      grant_types: login ? ['authorization_code', 'refresh_token'] : ['client_credentials'],
      response_types: login ? ['code'] : [],
      ...(auth.scope === undefined ? {} : { scope: auth.scope }),
    }
  }

  state(): string {
    return this.#init.browser?.state ?? ''
  }

  async clientInformation(context?: OAuthClientInformationContext): Promise<StoredOAuthClientInformation | undefined> {
    this.#refuseOther(context)
    const { clientId, secretFile, issuer, method } = this.#init.auth
    if (clientId === undefined) {
      const { client } = await this.#kept()
      if (client !== undefined) return { ...present(client), client_id: client.client_id, issuer }
      // Nobody is there to sign in, so no client is registered for it either.
      if (this.#init.browser === undefined) throw loginNeeded(this.#init.server)
      return undefined
    }
    const secret = secretFile === undefined || method === 'private_key_jwt' ? undefined : await secretIn(secretFile)
    return { client_id: clientId, issuer, ...(secret === undefined ? {} : { client_secret: secret }) }
  }

  async saveClientInformation(
    { client_id, client_secret }: StoredOAuthClientInformation,
    context?: OAuthClientInformationContext,
  ): Promise<void> {
    this.#refuseOther(context)
    const client = { client_id, ...(client_secret === undefined ? {} : { client_secret }) }
    await this.#keep({ ...(await this.#kept()), client })
  }

  async tokens(context?: OAuthClientInformationContext): Promise<StoredOAuthTokens | undefined> {
    this.#refuseOther(context)
    const { tokens, issuer } = await this.#kept()
    return tokens === undefined ? undefined : { ...present(tokens), ...required(tokens), issuer }
  }

  async saveTokens(tokens: StoredOAuthTokens, context?: OAuthClientInformationContext): Promise<void> {
    this.#refuseOther(context)
    const { access_token, token_type, refresh_token, expires_in, scope } = tokens
    const kept = { access_token, token_type, ...present({ refresh_token, expires_in, scope }) }
    await this.#keep({ ...(await this.#kept()), tokens: kept, obtained: Math.floor(this.#clock.now() / 1000) })
  }

  async invalidateCredentials(what: 'all' | 'client' | 'tokens' | 'verifier' | 'discovery'): Promise<void> {
    if (what === 'verifier' || what === 'discovery') return
    const { tokens: _tokens, obtained: _obtained, client, ...rest } = await this.#kept()
    await this.#keep(what === 'tokens' && client !== undefined ? { ...rest, client } : rest)
  }

  redirectToAuthorization(url: URL): void {
    const { browser, server } = this.#init
    if (browser === undefined) throw loginNeeded(server)
    browser.open(url)
  }

  /** From the way to the browser until it comes back: the code is redeemed where it was asked for. */
  saveDiscoveryState(state: OAuthDiscoveryState): void {
    if (this.#init.browser !== undefined) this.#found = state
  }

  discoveryState(): OAuthDiscoveryState | undefined {
    return this.#found
  }

  saveCodeVerifier(verifier: string): void {
    this.#verifier = verifier
  }

  codeVerifier(): string {
    return this.#verifier
  }

  /** What the server asks for is only taken where the configuration names nothing. */
  prepareTokenRequest(asked?: string): URLSearchParams | undefined {
    const { method, scope = asked } = this.#init.auth
    if (method === 'login') return undefined
    return new URLSearchParams({ grant_type: 'client_credentials', ...(scope === undefined ? {} : { scope }) })
  }

  #kept(): Promise<HeldTokens> {
    const { url, tokenFile, auth } = this.#init
    const { issuer } = auth
    this.#held ??= readTokenFile(tokenFile, { url, issuer }).then((held) => held ?? { url, issuer })
    return this.#held
  }

  async #keep(held: HeldTokens): Promise<void> {
    this.#held = Promise.resolve(held)
    await writeTokenFile(this.#init.tokenFile, held)
  }

  #refuseOther(context: OAuthClientInformationContext | undefined): void {
    const { issuer: expected } = this.#init.auth
    const named = context?.issuer
    if (named === undefined || plain(named) === plain(expected)) return
    throw new UpstreamError(
      { code: 'issuer_differs', expected, named },
      `issuer_differs: the server names ${named} as its issuer, and ${expected} is configured; it gets nothing`,
    )
  }
}

function assertion({
  clientId = '',
  keyFile = '',
  issuer,
  algorithm = 'ES256',
}: UpstreamAuth): AddClientAuthentication {
  return async (headers, parameters, url, metadata) => {
    const privateKey = await readPrivateFile(keyFile, MAX_SECRET_BYTES)
    const sign = createPrivateKeyJwtAuth({
      issuer: clientId,
      subject: clientId,
      privateKey,
      alg: algorithm,
      audience: issuer,
    })
    await sign(headers, parameters, url, metadata)
  }
}

async function secretIn(path: string): Promise<string> {
  return (await readPrivateFile(path, MAX_SECRET_BYTES)).trim()
}

function plain(issuer: string): string {
  return issuer.replace(/\/$/, '')
}

function required<T extends { access_token: string; token_type: string }>({ access_token, token_type }: T) {
  return { access_token, token_type }
}

/** Without the members that are undefined. */
function present<T extends object>(value: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(value).filter(([, member]) => member !== undefined)) as never
}
