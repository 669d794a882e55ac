/** A request becomes the input that its route declares, or a refusal. Nothing is decompressed, and nothing is read twice. */
import type { IncomingMessage } from 'node:http'
import { MAX_MANIFEST_BYTES } from '@hansa/protocols'
import { parseStrictJson } from '@hansa/trust'
import { type Refusal, refuse } from '../refusal.ts'
import type { Match } from './match-route.ts'

/** Beside the manifest or the statement there is only the JSON around it. */
const ENVELOPE_BYTES = 1024
/** A statement is at most 8 KiB. */
const MAX_STATEMENT_BODY_BYTES = 8192 + ENVELOPE_BYTES
const MAX_REGISTER_BODY_BYTES = MAX_MANIFEST_BYTES + ENVELOPE_BYTES

export type Input = { ok: true; input: unknown } | Refusal

export async function readInput(request: IncomingMessage, match: Match): Promise<Input> {
  const raw = match.method === 'GET' ? readSearch(match.search) : await readJson(request, match)
  if (!raw.ok) return raw
  const parsed = match.request.safeParse(raw.input)
  return parsed.success ? { ok: true, input: parsed.data } : refuse('invalid_request', 'not_the_schema_of_the_route')
}

function readSearch(search: URLSearchParams): Input {
  const names = [...search.keys()]
  if (new Set(names).size < names.length) return refuse('invalid_request', 'parameter_given_twice')
  return { ok: true, input: Object.fromEntries(search) }
}

async function readJson(request: IncomingMessage, { name }: Match): Promise<Input> {
  const { 'content-type': type = '', 'content-encoding': encoding = 'identity' } = request.headers
  if (!/^application\/json *(?:;|$)/i.test(type)) return refuse('invalid_request', 'not_json')
  if (encoding !== 'identity') return refuse('invalid_request', 'compressed')
  const maxBytes = name === 'register' ? MAX_REGISTER_BODY_BYTES : MAX_STATEMENT_BODY_BYTES
  const body = await readBody(request, maxBytes)
  if (!body.ok) return body
  const parsed = parseStrictJson(body.bytes, 'object')
  return parsed.ok ? { ok: true, input: parsed.value } : refuse('invalid_request', `json_${parsed.reason}`)
}

async function readBody(
  request: IncomingMessage,
  maxBytes: number,
): Promise<{ ok: true; bytes: Uint8Array } | Refusal> {
  if (Number(request.headers['content-length'] ?? 0) > maxBytes) return refuse('invalid_request', 'too_large')
  const chunks: Buffer[] = []
  let length = 0
  try {
    // The socket stays open when reading stops early: the refusal has to go somewhere.
    for await (const chunk of request.iterator({ destroyOnReturn: false })) {
      length += chunk.length
      if (length > maxBytes) return refuse('invalid_request', 'too_large')
      chunks.push(chunk)
    }
  } catch {
    return refuse('invalid_request', 'body_cut_off')
  }
  return { ok: true, bytes: Buffer.concat(chunks) }
}
