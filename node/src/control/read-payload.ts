import type { IncomingMessage } from 'node:http'
import { parseStrictJson } from '@hansa/trust'
import type { RequestShare } from './agent-shares.ts'

/** `cause`: whose business it is. */
export type PayloadReading =
  | { ok: true; value: unknown }
  | { ok: false; cause: 'too_large' | 'busy' | 'malformed'; reason: string }

/**
 * Reads a body as strict JSON.
 * @param maxBytes largest body that is read @param share what of the node's memory it may take
 */
export async function readPayload(
  request: IncomingMessage,
  maxBytes: number,
  share: RequestShare,
): Promise<PayloadReading> {
  const chunks: Buffer[] = []
  let bytes = 0
  // The socket stays open when the loop is left early: the refusal still has to be sent over it.
  for await (const chunk of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    bytes += chunk.length
    if (bytes > maxBytes) return { ok: false, cause: 'too_large', reason: `the body is larger than ${maxBytes} bytes` }
    if (!share.take(chunk.length))
      return { ok: false, cause: 'busy', reason: 'too much is being sent at the same time' }
    chunks.push(chunk)
  }
  const parsed = parseStrictJson(Buffer.concat(chunks, bytes), 'payload')
  if (parsed.ok) return parsed
  return { ok: false, cause: 'malformed', reason: `the body is not strict JSON: ${parsed.reason}` }
}
