/**
 * Serves a capability with one HTTP request. Redirects are not followed: a backend that moved is a change for the
 * operator to make, and a redirect would carry the credentials of the registration elsewhere.
 */
import { MAX_RESULT_BYTES } from '@hansa/protocols'
import { parseStrictJson } from '@hansa/trust'
import type { Dispatcher } from 'undici'
import { type Driver, type DriverAnswer, driver, reasonOf } from './driver.ts'
import { DriverError } from './errors.ts'
import { compileOperation, type HttpOperation } from './http-operation.ts'

export type HttpDriverInit = {
  operation: HttpOperation
  /** Whether the capability declares an output schema: then the answer has to be JSON, else it is text. */
  structured: boolean
  /** Largest body that is read, bytes. @default 8_388_608, the largest result there is */
  maxBytes?: number
}

export type HttpDriverComponents = {
  /** Whoever passes it in decides which addresses may be reached. */
  dispatcher: Pick<Dispatcher, 'request'>
}

/** @throws DriverError `arguments_unusable` when the operation has faults; the reason names all of them. */
export function httpDriver(init: HttpDriverInit): (components: HttpDriverComponents) => Driver {
  const { operation, structured, maxBytes = MAX_RESULT_BYTES } = init
  const requestFor = compileOperation(operation)
  const headers = headersOf(operation, structured)
  return ({ dispatcher }) =>
    driver(async ({ args, signal }, began) => {
      const { origin, path, body } = requestFor(args)
      began()
      const reply = await send(dispatcher, {
        origin,
        path,
        method: operation.method,
        headers,
        body: body ?? null,
        signal,
      })
      if (reply.statusCode < 200 || reply.statusCode > 299) {
        discard(reply.body)
        throw refused(reply.statusCode)
      }
      const encoding = reply.headers['content-encoding']
      if (encoding !== undefined && encoding !== 'identity') {
        discard(reply.body)
        throw unusable('the answer is compressed, which was not asked for')
      }
      return answer(await read(reply.body, maxBytes), structured)
    })
}

function headersOf(operation: HttpOperation, structured: boolean): Record<string, string> {
  const headers: Record<string, string> = {
    accept: structured ? 'application/json' : 'text/plain, application/json;q=0.9, */*;q=0.1',
    'accept-encoding': 'identity',
  }
  if (operation.body !== undefined) headers['content-type'] = 'application/json'
  for (const [name, value] of Object.entries(operation.headers ?? {})) headers[name.toLowerCase()] = value
  return headers
}

async function send(dispatcher: Pick<Dispatcher, 'request'>, options: Dispatcher.RequestOptions) {
  try {
    return await dispatcher.request(options)
  } catch (error) {
    if (options.signal instanceof AbortSignal && options.signal.aborted) throw error
    throw new DriverError({ code: 'backend_gone', began: !neverSent(error), reason: reasonOf(error) }, { cause: error })
  }
}

/** Failures of which it is certain that no byte of the request left. */
const NEVER_SENT = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'UND_ERR_CONNECT_TIMEOUT'])

function neverSent(error: unknown): boolean {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' && NEVER_SENT.has(error.code)
}

/** Bytes of an unwanted body that are read so that the connection can be used again; beyond, it is closed. */
const MAX_DISCARDED_BYTES = 65_536

function discard(body: Dispatcher.ResponseData['body']): void {
  body.dump({ limit: MAX_DISCARDED_BYTES }).catch(() => {})
}

async function read(body: AsyncIterable<Uint8Array>, maxBytes: number): Promise<Buffer> {
  const chunks: Uint8Array[] = []
  let bytes = 0
  // Leaving the loop early destroys the body.
  for await (const chunk of body) {
    bytes += chunk.length
    if (bytes > maxBytes) {
      throw new DriverError({ code: 'answer_too_large', began: true, reason: `more than ${maxBytes} bytes` })
    }
    chunks.push(chunk)
  }
  return Buffer.concat(chunks, bytes)
}

function answer(bytes: Buffer, structured: boolean): DriverAnswer {
  if (!structured) return { kind: 'text', text: textOf(bytes) }
  if (bytes.length === 0) return { kind: 'data', value: null }
  const parsed = parseStrictJson(bytes, 'payload')
  if (!parsed.ok) throw unusable(`not JSON: ${parsed.reason}`)
  return { kind: 'data', value: parsed.value }
}

function textOf(bytes: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    throw unusable('the answer is not UTF-8 text')
  }
}

function refused(status: number): DriverError {
  return new DriverError({ code: 'backend_failed', began: true, reason: `answered ${status}`, status })
}

function unusable(reason: string): DriverError {
  return new DriverError({ code: 'answer_unusable', began: true, reason })
}
