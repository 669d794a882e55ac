/** A signed question to a peer, in a session with it. */
import { CallError, type Clock, type Did, type PeerTransport } from '@hansa/protocols'
import { parseStrictJson, type Signer, signJws } from '@hansa/trust'
import type { PeerSessions } from '../exchange/peer-sessions.ts'
import { isRefusal } from '../kernel/stages.ts'

export type AskInSessionComponents = {
  self: Did
  clock: Clock
  signer: Signer
  transport: PeerTransport
  sessions: PeerSessions
  imports: { endpointOf(peer: Did): string | undefined }
}

export type SessionQuestion = {
  path: string
  typ: string
  maxReplyBytes: number
  /** Members besides who asks whom, in which session and when. */
  more?: object
}

const LIMIT_MS = 10_000
const QUESTION_LIFE_SECONDS = 60

/**
 * @returns the status, and of 200 the value of its JSON where that can be read
 * @throws CallError `not_found` for a kernel that is not imported; `remote_refused` when it opens no session.
 */
export async function askInSession(
  peer: Did,
  { path, typ, maxReplyBytes, more = {} }: SessionQuestion,
  { self, clock, signer, transport, sessions, imports }: AskInSessionComponents,
): Promise<{ status: number; value?: unknown }> {
  const endpoint = imports.endpointOf(peer)
  if (endpoint === undefined) throw failed('not_found', 'It is not imported, so it cannot be asked: hansa import URL')
  const session = await sessions.get(peer, endpoint)
  if (isRefusal(session)) throw failed('remote_refused', `It opens no session: ${session.reason}.`)
  const stop = new AbortController()
  const cancel = clock.after(LIMIT_MS, () => stop.abort())
  const iat = Math.floor(clock.now() / 1000)
  const asked = { v: 1, iss: self, aud: peer, sid: session.sid, ...more, iat, exp: iat + QUESTION_LIFE_SECONDS }
  try {
    const { status, body } = await transport.send({
      ...{ endpoint, peer, path, method: 'POST', contentType: 'application/jose', maxReplyBytes },
      body: Buffer.from(signJws(signer, typ, asked).jws, 'latin1'),
      signal: stop.signal,
    })
    if (status === 401) sessions.drop(peer, session.sid)
    const parsed = status === 200 ? parseStrictJson(body, 'payload') : undefined
    return parsed?.ok === true ? { status, value: parsed.value } : { status }
  } finally {
    cancel()
  }
}

export function failed(code: 'not_found' | 'remote_refused', message: string): CallError {
  return new CallError({ code }, `${code}: ${message}`)
}
