/**
 * An MCP server that wants to know who asks, and the issuer of its tokens, for tests: credentials, assertions, a browser
 * that signs in at once, refresh tokens that are good for one use.
 */
import { createHash, createPublicKey, type JsonWebKey, randomBytes, verify } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { toNodeHandler } from '@modelcontextprotocol/node'
import { createMcpHandler } from '@modelcontextprotocol/server'
import { mcpFixture } from './mcp-fixture.ts'

export type OauthFixture = AsyncDisposable & {
  /** Of the MCP server. */
  url: string
  issuer: string
  /** What the MCP server names as its issuer. */
  names(issuer: string): void
  /** Tokens that were given are taken no longer; refresh tokens are. */
  expire(): void
  /** The MCP server wants a scope of whoever has no token. */
  asks(scope: string): void
  /** The MCP server wants a scope. */
  demands(scope: string): void
  /** Nobody is signed in any more. */
  revoke(): void
  /** Grants for which a token was asked, in order, with the client that asked. */
  readonly grants: string[]
}

export type OauthFixtureInit = {
  /** Secret by client. */
  secrets?: Readonly<Record<string, string>>
  /** Public key by client. */
  keys?: Readonly<Record<string, JsonWebKey>>
}

export async function oauthFixture({ secrets = {}, keys = {} }: OauthFixtureInit = {}): Promise<OauthFixture> {
  /** Scopes by access token. */
  const good = new Map<string, string>()
  const refreshing = new Set<string>()
  const codes: Codes = new Map()
  const grants: string[] = []
  const registered = new Set<string>()
  let named = ''
  let demanded = ''
  let asked = ''

  const issued = (scope = '') => {
    const [access, refresh] = [`access-${id()}`, `refresh-${id()}`]
    good.set(access, scope)
    return { access_token: access, refresh_token: refresh, token_type: 'Bearer', expires_in: 600, scope }
  }
  const clientOf = (request: IncomingMessage, form: URLSearchParams): string | undefined => {
    const basic = /^Basic (.+)$/.exec(request.headers.authorization ?? '')?.[1]
    if (basic !== undefined) {
      const [name = '', secret] = Buffer.from(basic, 'base64').toString().split(':').map(decodeURIComponent)
      return secrets[name] === secret ? name : undefined
    }
    const assertion = form.get('client_assertion')
    if (assertion !== null) return signedBy(assertion, keys, issuer)
    const name = form.get('client_id') ?? ''
    // A name that is a URL is a document about the client; this issuer believes every one.
    return registered.has(name) || name.startsWith('https://') ? name : undefined
  }
  const token = (request: IncomingMessage, form: URLSearchParams): object | undefined => {
    const client = clientOf(request, form)
    const grant = form.get('grant_type') ?? ''
    if (client === undefined) return undefined
    grants.push(`${grant} ${client}`)
    if (grant === 'client_credentials') {
      const { refresh_token: _none, ...tokens } = issued()
      return tokens
    }
    const scope = grant === 'refresh_token' ? refreshes(form, refreshing) : redeems(form, codes)
    if (scope === undefined) return undefined
    const tokens = issued(scope)
    refreshing.add(tokens.refresh_token)
    return tokens
  }
  const answers: Record<string, (request: IncomingMessage, url: URL, body: string) => object | undefined> = {
    '/.well-known/oauth-authorization-server': () => metadata(issuer),
    '/metadata/of/mcp': () => ({ resource: mcpUrl, authorization_servers: [named || issuer] }),
    '/register': (_request, _url, body) => {
      const client_id = `registered-${id()}`
      registered.add(client_id)
      return { ...(JSON.parse(body) as object), client_id, token_endpoint_auth_method: 'none' }
    },
    '/token': (request, _url, body) => token(request, new URLSearchParams(body)),
  }
  const serve = toNodeHandler(createMcpHandler(() => mcpFixture(() => {}).server()))
  const server = createServer(async (request, response) => {
    const url = new URL(request.url ?? '/', 'http://127.0.0.1')
    if (url.pathname === '/mcp') {
      const scope = good.get((request.headers.authorization ?? '').replace(/^Bearer /, ''))
      if (scope !== undefined && !scope.split(' ').includes(demanded) && demanded !== '')
        return end(
          response,
          403,
          {},
          {
            'www-authenticate': `Bearer error="insufficient_scope", scope="${demanded}"`,
          },
        )
      if (scope !== undefined) return void serve(request as never, response)
      const metadataUrl = `${issuer}/metadata/of/mcp`
      const wanted = asked === '' ? '' : `, scope="${asked}"`
      return end(response, 401, {}, { 'www-authenticate': `Bearer resource_metadata="${metadataUrl}"${wanted}` })
    }
    if (url.pathname === '/authorize') return signIn(url, response, codes, issuer)
    const answer = answers[url.pathname]
    if (answer === undefined) return end(response, 404, {})
    const made = answer(request, url, await bodyOf(request))
    return made === undefined
      ? end(response, 400, { error: 'invalid_grant' })
      : end(response, url.pathname === '/register' ? 201 : 200, made)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const mcpUrl = `${issuer}/mcp`
  return {
    url: mcpUrl,
    issuer,
    grants,
    names: (other) => {
      named = other
    },
    asks: (scope) => {
      asked = scope
    },
    demands: (scope) => {
      demanded = scope
    },
    expire: () => good.clear(),
    revoke: () => {
      good.clear()
      refreshing.clear()
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((closed) => server.close(closed))
    },
  }
}

function metadata(issuer: string): object {
  return {
    issuer,
    authorization_endpoint: `${issuer}/authorize`,
    token_endpoint: `${issuer}/token`,
    registration_endpoint: `${issuer}/register`,
    response_types_supported: ['code'],
    grant_types_supported: ['authorization_code', 'refresh_token', 'client_credentials'],
    code_challenge_methods_supported: ['S256'],
    client_id_metadata_document_supported: true,
    token_endpoint_auth_methods_supported: ['client_secret_basic', 'private_key_jwt', 'none'],
    token_endpoint_auth_signing_alg_values_supported: ['ES256'],
    authorization_response_iss_parameter_supported: true,
  }
}

type Codes = Map<string, { challenge: string; redirect: string; scope: string }>

function signIn({ searchParams }: URL, response: ServerResponse, codes: Codes, issuer: string): void {
  const code = id()
  const redirect = searchParams.get('redirect_uri') ?? ''
  codes.set(code, {
    challenge: searchParams.get('code_challenge') ?? '',
    redirect,
    scope: searchParams.get('scope') ?? '',
  })
  const back = new URL(redirect)
  for (const [name, value] of Object.entries({ code, iss: issuer, state: searchParams.get('state') ?? '' }))
    back.searchParams.set(name, value)
  end(response, 302, {}, { location: back.href })
}

/** @returns the scope that goes on. */
function refreshes(form: URLSearchParams, refreshing: Set<string>): string | undefined {
  return refreshing.delete(form.get('refresh_token') ?? '') ? '' : undefined
}

function redeems(form: URLSearchParams, codes: Codes): string | undefined {
  const code = form.get('code') ?? ''
  const known = codes.get(code)
  codes.delete(code)
  const challenge = createHash('sha256')
    .update(form.get('code_verifier') ?? '')
    .digest('base64url')
  const good = known?.challenge === challenge && known.redirect === form.get('redirect_uri')
  return good ? known.scope : undefined
}

/** @returns the client whose key signed, for this issuer. */
function signedBy(assertion: string, keys: Readonly<Record<string, JsonWebKey>>, issuer: string): string | undefined {
  const [header = '', payload = '', signature = ''] = assertion.split('.')
  const claims = JSON.parse(Buffer.from(payload, 'base64url').toString()) as { sub: string; aud: string }
  const jwk = keys[claims.sub]
  if (jwk === undefined || claims.aud !== issuer) return undefined
  const key = { key: createPublicKey({ key: jwk, format: 'jwk' }), dsaEncoding: 'ieee-p1363' as const }
  const good = verify('sha256', Buffer.from(`${header}.${payload}`), key, Buffer.from(signature, 'base64url'))
  return good ? claims.sub : undefined
}

function id(): string {
  return randomBytes(8).toString('hex')
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const parts: Buffer[] = []
  for await (const part of request) parts.push(part as Buffer)
  return Buffer.concat(parts).toString('utf8')
}

function end(response: ServerResponse, status: number, body: object, headers: Record<string, string> = {}): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body))
}
