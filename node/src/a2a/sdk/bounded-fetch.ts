/** A `fetch` for the SDK that reaches only what this node may reach, follows nothing and reads no more than it can hold. */
import { ReadableStream } from 'node:stream/web'
import type { GuardedStream } from '@hansa/mesh'
import { DriverError } from '../../drivers/index.ts'

export type BoundedFetchInit = {
  request: GuardedStream
  /** Sent with every request, over what the SDK sends. */
  headers: Readonly<Record<string, string>>
  /** Largest body of an answer. */
  maxBytes: number
}

/** Longest silence of an agent, milliseconds. The deadline of the call is shorter as a rule. */
const IDLE_MS = 600_000

export function boundedFetch({ request, headers, maxBytes }: BoundedFetchInit): typeof fetch {
  return async (input, init = {}) => {
    const given = Object.fromEntries(new Headers(init.headers))
    const lower = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]))
    const { body, method = 'GET', signal } = init
    const send = { method: methodOf(method), ...(typeof body === 'string' ? { body } : {}) }
    const bounds = { idleMs: IDLE_MS, signal: signal ?? AbortSignal.timeout(IDLE_MS) }
    const answer = await request(String(input), { ...bounds, headers: { ...given, ...lower }, send })
    if (!answer.ok) {
      const began = answer.code !== 'url_refused'
      throw new DriverError({ code: 'backend_gone', began, reason: answer.reason })
    }
    const { status, contentType, chunks } = answer
    const stream = status === 204 ? null : ReadableStream.from(bounded(chunks, maxBytes))
    return new Response(stream as never, { status, headers: { 'content-type': contentType } })
  }
}

function methodOf(method: string): 'GET' | 'POST' | 'DELETE' {
  if (method === 'GET' || method === 'POST' || method === 'DELETE') return method
  throw new TypeError(`no such method: ${method}`)
}

async function* bounded(chunks: AsyncIterable<Uint8Array>, maxBytes: number): AsyncGenerator<Uint8Array> {
  let bytes = 0
  for await (const chunk of chunks) {
    bytes += chunk.length
    if (bytes > maxBytes)
      throw new DriverError({ code: 'answer_too_large', began: true, reason: `more than ${maxBytes} bytes` })
    yield chunk
  }
}
