/**
 * Gives the requests to one MCP server their token, and gets another one when the server does not take it: once for all
 * requests that wait, because a refresh token is good for one use.
 */
import type { GuardedFetch } from '@hansa/mesh'
import { auth, extractWWWAuthenticateParams, type FetchLike } from '@modelcontextprotocol/client'
import { type Response as Answer, type Dispatcher, fetch as undiciFetch } from 'undici'
import type { McpAccess } from '../drivers/index.ts'
import { loginNeeded, scopeMissing } from './errors.ts'
import type { UpstreamClient } from './upstream-client.ts'

export type UpstreamAccessInit = { server: string; url: string; scope?: string | undefined; client: UpstreamClient }

/** Documents of issuers, and answers of their token endpoints, bytes. */
const MAX_ANSWER_BYTES = 262_144

export function upstreamAccess({ server, url, scope, client }: UpstreamAccessInit, fetch: FetchLike): McpAccess {
  let running: Promise<void> | undefined
  const renew = async (response: Response) => {
    const asked = extractWWWAuthenticateParams(response)
    const wanted = scope ?? asked.scope
    const result = await auth(client, {
      serverUrl: url,
      fetchFn: fetch,
      ...(wanted === undefined ? {} : { scope: wanted }),
      ...(asked.resourceMetadataUrl === undefined ? {} : { resourceMetadataUrl: asked.resourceMetadataUrl }),
    })
    if (result !== 'AUTHORIZED') throw loginNeeded(server)
  }
  return {
    token: async () => (await client.tokens())?.access_token,
    async onForbidden(response) {
      const { error, scope: asked } = extractWWWAuthenticateParams(response)
      if (error !== 'insufficient_scope') return
      // No more than what the operator names is asked for.
      if (scope !== undefined || !client.signsIn || asked === undefined) throw scopeMissing(asked)
      await client.wants(asked)
      throw loginNeeded(server)
    },
    async onUnauthorized({ response }) {
      running ??= renew(response).finally(() => {
        running = undefined
      })
      await running
    },
  }
}

/**
 * Asks the server itself through the dispatcher, which reaches what the operator configured, and everybody whom it names
 * through the guard: what a stranger names must not be an address of this network.
 */
export function upstreamFetch(url: string, dispatcher: Dispatcher, guarded: GuardedFetch): FetchLike {
  const { origin } = new URL(url)
  return async (target, init) => {
    const asked = new URL(target)
    const body = typeof init?.body === 'string' || init?.body instanceof URLSearchParams ? String(init.body) : undefined
    const headers = new Headers(init?.headers)
    if (asked.origin === origin) {
      const request = { ...(init?.method && { method: init.method }), headers: [...headers], ...(body && { body }) }
      return bounded(await undiciFetch(asked, { ...request, dispatcher, redirect: 'error' }))
    }
    const bounds = { maxBytes: MAX_ANSWER_BYTES, signal: init?.signal ?? undefined }
    const answer =
      init?.method === 'POST'
        ? await guarded.post(asked.href, postBody(headers, body ?? ''), bounds)
        : await guarded.get(asked.href, bounds)
    if (!answer.ok) throw new TypeError(`${asked.origin} cannot be asked: ${answer.reason}`)
    return responseOf(answer.status, answer.contentType, answer.body)
  }
}

/** A server that is configured can still be taken over. */
async function bounded(answer: Answer): Promise<Response> {
  const parts: Uint8Array[] = []
  let bytes = 0
  for await (const part of answer.body ?? []) {
    bytes += part.length
    if (bytes > MAX_ANSWER_BYTES) throw new TypeError(`the server answers with more than ${MAX_ANSWER_BYTES} bytes`)
    parts.push(part)
  }
  const challenge = answer.headers.get('www-authenticate')
  return responseOf(answer.status, answer.headers.get('content-type') ?? '', Buffer.concat(parts), challenge)
}

function responseOf(status: number, contentType: string, body: Uint8Array, challenge: string | null = null): Response {
  const bodyless = status === 204 || status === 304
  const headers = { 'content-type': contentType, ...(challenge === null ? {} : { 'www-authenticate': challenge }) }
  return new Response(bodyless ? null : Buffer.from(body), { status, headers })
}

function postBody(headers: Headers, body: string) {
  const others = [...headers].filter(([name]) => name !== 'content-type')
  const contentType = headers.get('content-type') ?? 'application/x-www-form-urlencoded'
  return { contentType, bytes: Buffer.from(body), headers: Object.fromEntries(others) }
}
