/** Asks a peer what this kernel may be trusted with there. */
import {
  CallError,
  type Clock,
  type Did,
  exchangePaths,
  MAX_STANDING_ANSWER_BYTES,
  type PeerTransport,
  STANDING_TYP,
  type StandingExplanation,
  type StandingQuestion,
  standingExplanationSchema,
} from '@hansa/protocols'
import { parseStrictJson, type Signer, signJws } from '@hansa/trust'
import type { PeerSessions } from '../exchange/peer-sessions.ts'
import { isRefusal } from '../kernel/stages.ts'

export type AskStandingComponents = {
  self: Did
  clock: Clock
  signer: Signer
  transport: PeerTransport
  sessions: PeerSessions
  imports: { endpointOf(peer: Did): string | undefined }
}

const LIMIT_MS = 10_000
const QUESTION_LIFE_SECONDS = 60

/** @throws CallError `not_found` for a kernel that is not imported; `remote_refused` when it gives no answer that fits. */
export async function askStanding(peer: Did, components: AskStandingComponents): Promise<StandingExplanation> {
  const { clock, transport, sessions, imports } = components
  const endpoint = imports.endpointOf(peer)
  if (endpoint === undefined) throw failed('not_found', 'It is not imported, so it cannot be asked: hansa import URL')
  const session = await sessions.get(peer, endpoint)
  if (isRefusal(session)) throw failed('remote_refused', `It opens no session: ${session.reason}.`)
  const stop = new AbortController()
  const cancel = clock.after(LIMIT_MS, () => stop.abort())
  try {
    const { status, body } = await transport.send({
      ...{ endpoint, peer, path: exchangePaths.standing, method: 'POST', contentType: 'application/jose' },
      body: Buffer.from(question(peer, session.sid, components), 'latin1'),
      maxReplyBytes: MAX_STANDING_ANSWER_BYTES,
      signal: stop.signal,
    })
    if (status === 401) sessions.drop(peer, session.sid)
    const parsed = status === 200 ? parseStrictJson(body, 'payload') : undefined
    const answer = parsed?.ok === true ? standingExplanationSchema.safeParse(parsed.value) : undefined
    if (answer?.success !== true || answer.data.of !== components.self || answer.data.by !== peer)
      throw failed('remote_refused', `It answered ${status}, and not with the standing of this kernel.`)
    return answer.data
  } finally {
    cancel()
  }
}

/** As a JWS. */
function question(peer: Did, sid: string, { self, clock, signer }: AskStandingComponents): string {
  const iat = Math.floor(clock.now() / 1000)
  const asked: StandingQuestion = { v: 1, iss: self, aud: peer, sid, iat, exp: iat + QUESTION_LIFE_SECONDS }
  return signJws(signer, STANDING_TYP, asked).jws
}

function failed(code: 'not_found' | 'remote_refused', message: string): CallError {
  return new CallError({ code }, `${code}: ${message}`)
}
