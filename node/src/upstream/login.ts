/**
 * A person signs in at the issuer of an MCP server, with a browser that comes back to a port of this machine alone
 * (RFC 8252): authorization code with PKCE. What comes of it is in the token file.
 */
import { randomBytes, timingSafeEqual } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Clock } from '@hansa/protocols'
import { auth, extractWWWAuthenticateParams, type FetchLike } from '@modelcontextprotocol/client'
import { UpstreamError } from './errors.ts'
import { UpstreamClient, type UpstreamClientInit } from './upstream-client.ts'

export type LoginInit = Omit<UpstreamClientInit, 'browser'> & {
  /** Where the browser comes back to; 0 takes a free one. */
  port: number
  /** Shows the person where to sign in. */
  open(url: URL): void
  signal: AbortSignal
}

/** @throws UpstreamError `login_refused`, `issuer_differs`; or the reason of the signal */
export async function login(init: LoginInit, { clock, fetch }: { clock: Clock; fetch: FetchLike }): Promise<void> {
  const { port, open, signal, ...rest } = init
  const server = createServer()
  server.listen(port, '127.0.0.1')
  await once(server, 'listening', { signal })
  try {
    const { port: bound } = server.address() as AddressInfo
    const state = randomBytes(32).toString('base64url')
    const browser = { redirectUrl: `http://127.0.0.1:${bound}/callback`, state, open }
    const client = new UpstreamClient({ ...rest, browser }, clock)
    const { url: serverUrl } = init
    const challenge = await challengeOf(serverUrl, fetch)
    if (challenge.scope !== undefined) await client.wants(challenge.scope)
    const scope = await client.scope()
    const found = challenge.resourceMetadataUrl
    const asked = {
      ...{ serverUrl, fetchFn: fetch },
      ...(scope === undefined ? {} : { scope }),
      ...(found === undefined ? {} : { resourceMetadataUrl: found }),
    }
    const back = comesBack(server, state, signal)
    // Where signing in fails before the browser is sent away, nobody comes back.
    back.catch(() => {})
    // A token that is still good would make it look as if somebody had signed in.
    if ((await auth(client, { ...asked, forceReauthorization: true })) === 'AUTHORIZED') return
    const { code, iss } = await back
    await auth(client, { ...asked, authorizationCode: code, ...(iss === undefined ? {} : { iss }) })
  } finally {
    server.closeAllConnections()
    server.close()
  }
}

/** What the server says to somebody who has no token: where its metadata is, and the scope that it wants. */
async function challengeOf(url: string, ask: FetchLike) {
  const headers = { 'content-type': 'application/json', accept: 'application/json, text/event-stream' }
  const body = JSON.stringify({ jsonrpc: '2.0', id: 0, method: 'ping' })
  return extractWWWAuthenticateParams(await ask(url, { method: 'POST', headers, body }))
}

type Returned = { code: string; iss?: string }

/** The first request that knows the state; whoever does not is told nothing. */
function comesBack(server: Server, state: string, signal: AbortSignal): Promise<Returned> {
  const { promise, resolve, reject } = Promise.withResolvers<Returned>()
  signal.addEventListener('abort', () => reject(signal.reason), { once: true })
  server.on('request', (request, response) => {
    const url = new URL(request.url ?? '/', 'http://127.0.0.1')
    const say = (status: number, text: string) =>
      response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8', connection: 'close' }).end(`${text}\n`)
    if (url.pathname !== '/callback' || !isSame(url.searchParams.get('state') ?? '', state))
      return say(404, 'Nothing here.')
    const [code, error, iss] = ['code', 'error', 'iss'].map((name) => url.searchParams.get(name) ?? undefined)
    if (code === undefined) {
      const reason = (error ?? 'there is no code').slice(0, 128)
      reject(new UpstreamError({ code: 'login_refused', reason }, `login_refused: the issuer says ${reason}`))
      return say(400, 'Nobody has signed in. You can close this page.')
    }
    resolve({ code, ...(iss === undefined ? {} : { iss }) })
    return say(200, 'The node has what it needs. You can close this page.')
  })
  return promise
}

function isSame(given: string, state: string): boolean {
  const [a, b] = [Buffer.from(given), Buffer.from(state)]
  return a.length === b.length && timingSafeEqual(a, b)
}
