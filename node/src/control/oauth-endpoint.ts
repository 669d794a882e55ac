/**
 * `POST /oauth/token` and its metadata, as the listeners of agents and operators answer them: whoever asks shows no
 * credential of this node, but tokens of issuers and, as the operator wants it, an assertion of its own key.
 */
import type { IncomingMessage } from 'node:http'
import {
  type Did,
  httpStatus,
  MAX_TOKEN_REQUEST_BYTES,
  oauthPaths,
  TOKEN_EXCHANGE_GRANT,
  type TokenError,
  tokenRequestSchema,
} from '@hansa/protocols'
import type { RequestShare } from './agent-shares.ts'
import type { TokenExchanging } from './controlled-kernel.ts'

export type OauthReply = { status: number; body: unknown; headers: Readonly<Record<string, string>>; guess: boolean }

export function isOauthPath(path: string): boolean {
  return path === oauthPaths.token || path === oauthPaths.metadata
}

export type OauthContext = {
  did: Did
  exchange: TokenExchanging
  /** Of the listener, as a client may write it. */
  base: string
  share: RequestShare
}

export async function answerOauth(request: IncomingMessage, context: OauthContext): Promise<OauthReply> {
  const { method, url: path, headers } = request
  if (path === oauthPaths.metadata)
    return method === 'GET' ? reply(200, metadataOf(context)) : fault('invalid_request', 'use GET')
  if (method !== 'POST') return fault('invalid_request', 'use POST')
  // A password or a bearer here would be a way to be known that nobody configured.
  if (headers.authorization !== undefined)
    return fault('invalid_request', 'a client is known by client_assertion, not by a header')
  const form = await readForm(request, context.share)
  if (!form.ok) return fault('invalid_request', form.reason)
  const parsed = tokenRequestSchema.safeParse(form.value)
  if (!parsed.success) return fault('invalid_request', issuesOf(parsed.error.issues))
  const answer = await context.exchange.exchange(parsed.data)
  return answer.ok ? reply(200, answer.body) : fault(answer.error, answer.description)
}

/** Names members of the request, never what they hold. */
function issuesOf(issues: readonly { path: PropertyKey[] }[]): string {
  const names = [...new Set(issues.map(({ path }) => String(path[0] ?? 'the form')))]
  return `missing or not as it has to be: ${names.join(', ')}`
}

function metadataOf({ did, base, exchange }: OauthContext) {
  return {
    issuer: base,
    token_endpoint: `${base}${oauthPaths.token}`,
    grant_types_supported: [TOKEN_EXCHANGE_GRANT],
    response_types_supported: [],
    token_endpoint_auth_methods_supported: exchange.authMethods,
    token_endpoint_auth_signing_alg_values_supported: exchange.algorithms,
    /** What assertions of clients, `audience` and `resource` have to name. */
    hansa_kernel: did,
  }
}

type Form = { ok: true; value: Record<string, string> } | { ok: false; reason: string }

async function readForm(request: IncomingMessage, share: RequestShare): Promise<Form> {
  if (!/^application\/x-www-form-urlencoded(?:$|[ ;])/i.test(request.headers['content-type'] ?? ''))
    return { ok: false, reason: 'the content type is not application/x-www-form-urlencoded' }
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    bytes += chunk.length
    if (bytes > MAX_TOKEN_REQUEST_BYTES || !share.take(chunk.length))
      return { ok: false, reason: 'the body is too large' }
    chunks.push(chunk)
  }
  const text = Buffer.concat(chunks, bytes).toString('latin1')
  if (!/^[\x21-\x7e]*$/.test(text)) return { ok: false, reason: 'the body is not a form' }
  const value = new Map<string, string>()
  for (const [name, member] of new URLSearchParams(text)) {
    // RFC 6749 section 3.2: once each. One reader would take the first, another the last.
    if (value.has(name)) return { ok: false, reason: `${JSON.stringify(name.slice(0, 64))} is there twice` }
    // An empty one counts as left out.
    if (member !== '') value.set(name, member)
  }
  return { ok: true, value: Object.fromEntries(value) }
}

const NOT_STORED = { 'cache-control': 'no-store' }

function reply(status: number, body: unknown): OauthReply {
  return { status, body, headers: NOT_STORED, guess: false }
}

function fault(error: TokenError, description: string): OauthReply {
  const status = error === 'invalid_client' ? httpStatus.token_rejected : httpStatus.invalid_request
  return { status, body: { error, error_description: description }, headers: NOT_STORED, guess: true }
}
