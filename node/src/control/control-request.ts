/** Reads one request of the control interface: who may send it, and its body as strict JSON. */
import { createHash, timingSafeEqual } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { parseStrictJson } from '@hansa/trust'
import { type ControlFault, faultOfCode } from './control-fault.ts'

export type Admission = { ok: true } | { ok: false; fault: ControlFault }
export type BodyVerdict = { ok: true; value: unknown } | { ok: false; fault: ControlFault }

/** How a listener knows that a request comes from this machine and from someone who may send it. */
export type Admit = (request: IncomingMessage) => Admission

/** Who can open the socket is its owner; still no browser page has anything to say here. */
export const admitSocket: Admit = (request) =>
  request.headers.origin === undefined ? { ok: true } : refused('policy_denied', 'a request with an Origin is refused')

const LOOPBACK_HOST = /^(?:127\.0\.0\.1|localhost|\[::1\])(?::\d{1,5})?$/

/**
 * Any process of this machine can connect to loopback, and a page in a browser can be made to by DNS rebinding: so a
 * Host that is not loopback and every Origin is refused, and the token has to be shown.
 */
export function admitLoopback(token: string): Admit {
  const expected = digest(`Bearer ${token}`)
  return (request) => {
    if (!LOOPBACK_HOST.test(request.headers.host ?? '')) return refused('policy_denied', 'the Host is not loopback')
    const admission = admitSocket(request)
    if (!admission.ok) return admission
    const shown = digest(request.headers.authorization ?? '')
    return timingSafeEqual(shown, expected)
      ? { ok: true }
      : refused('token_rejected', 'the control token is wrong or missing')
  }
}

/** Fixed length, so that comparing takes as long for every guess. */
function digest(text: string): Buffer {
  return createHash('sha256').update(text, 'utf8').digest()
}

/** @param maxBytes largest body that is read */
export async function readJson(request: IncomingMessage, maxBytes: number): Promise<BodyVerdict> {
  if (!/^application\/json(?:$|[ ;])/i.test(request.headers['content-type'] ?? '')) {
    return refused('invalid_request', 'the content type is not application/json')
  }
  const chunks: Buffer[] = []
  let bytes = 0
  // The socket stays open when the loop is left early: the refusal still has to be sent over it.
  for await (const chunk of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    bytes += chunk.length
    if (bytes > maxBytes) return refused('invalid_request', `the body is larger than ${maxBytes} bytes`)
    chunks.push(chunk)
  }
  const parsed = parseStrictJson(Buffer.concat(chunks, bytes), 'payload')
  return parsed.ok ? parsed : refused('invalid_request', `the body is not strict JSON: ${parsed.reason}`)
}

function refused(code: 'policy_denied' | 'token_rejected' | 'invalid_request', reason: string) {
  return { ok: false as const, fault: faultOfCode(code, `${code}: ${reason}`) }
}
