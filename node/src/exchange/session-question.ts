/**
 * A signed question of a peer that has a session: of exactly that peer, for this kernel, of this minute. Cheap checks come
 * first: the session that the question names, then how often this peer has asked, then the signature.
 */
import type { InboundSessions } from '@hansa/mesh'
import type { Clock, Code, Did } from '@hansa/protocols'
import { type KeyResolver, RateWindow, verifyJws } from '@hansa/trust'
import type { z } from 'zod'

export type QuestionKind<Question> = {
  typ: string
  maxBytes: number
  schema: z.ZodType<Question>
  /** Of one peer. */
  perMinute: number
  /** What too many of them are, for the log. */
  plural: string
}

export type QuestionComponents = { self: Did; clock: Clock; resolver: KeyResolver; sessions: InboundSessions }

export type RefusedQuestion = { code: Code; reason: string }

type Claims = { iss: Did; aud: Did; sid: string; iat: number; exp: number }

/** Seconds between two kernels' clocks (security.md B0.4). */
const SKEW_SECONDS = 60
const MAX_LIFE_SECONDS = 60

export function questionReader<Question extends Claims>(
  { typ, maxBytes, schema, perMinute, plural }: QuestionKind<Question>,
  { self, clock, resolver, sessions }: QuestionComponents,
): (body: Uint8Array) => Promise<Question | RefusedQuestion> {
  const asked = new RateWindow({ maxKeys: 10_000 })
  return async (body) => {
    const jws = Buffer.from(body).toString('latin1')
    const session = sessions.get(claimedSession(jws, maxBytes))
    if (session === undefined) return { code: 'handshake_failed', reason: 'the session is not known, or has ended' }
    if (!asked.admit(session.peer, perMinute, 60, clock.now()))
      return { code: 'rate_limited', reason: `too many ${plural}` }
    const verdict = await verifyJws(jws, { typ, resolver, maxBytes, issuerOf: (payload) => payload.iss })
    if (!verdict.ok) return { code: 'invalid_request', reason: `the question does not verify: ${verdict.reason}` }
    const question = schema.safeParse(verdict.payload)
    if (!question.success) return { code: 'invalid_request', reason: 'the question is malformed' }
    const { iss, aud, sid, iat, exp } = question.data
    if (iss !== session.peer || sid !== session.sid || aud !== self)
      return {
        code: 'invalid_request',
        reason: 'the question is not of the peer of the session, or for another kernel',
      }
    const now = Math.floor(clock.now() / 1000)
    const timely = exp > iat && exp - iat <= MAX_LIFE_SECONDS && iat <= now + SKEW_SECONDS && now < exp + SKEW_SECONDS
    return timely ? question.data : { code: 'clock_skew', reason: 'the question is of another time' }
  }
}

/** What the payload claims, believed by nobody: only good for a cheap look before the signature. */
function claimedSession(jws: string, maxBytes: number): string {
  const payload = jws.length <= maxBytes ? jws.split('.', 2)[1] : undefined
  const text = Buffer.from(payload ?? '', 'base64url').toString('latin1')
  return /"sid":"([\w-]{22})"/.exec(text)?.[1] ?? ''
}
