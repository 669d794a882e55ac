/**
 * `POST /hansa/v1/inclusion`: a peer that holds receipts of this kernel asks for the proofs that they promise. Answered
 * from the stored hashes, of the running log and of the frozen ones; what is given away is hashes.
 *
 * Cheap checks first: the session that the question names, then how often this peer has asked, then the signature.
 */
import type { InboundSessions } from '@hansa/mesh'
import type {
  Clock,
  Code,
  Did,
  InboundReply,
  InboundRequest,
  InclusionAnswer,
  InclusionQuestion,
} from '@hansa/protocols'
import { INCLUSION_TYP, inclusionQuestionSchema, MAX_INCLUSION_QUESTION_BYTES } from '@hansa/protocols'
import { type KeyResolver, RateWindow, verifyJws } from '@hansa/trust'
import { type LogDirectory, storedProofs } from '@hansa/trust/ledger'
import type { KernelLogs } from '../kernel/kernel-components.ts'
import { jsonReply, refusalReply } from './inbound-reply.ts'
import type { RefusalCounter } from './refusal-counter.ts'

export type ServeInclusionComponents = {
  self: Did
  clock: Clock
  resolver: KeyResolver
  sessions: InboundSessions
  refusals: RefusalCounter
  disk: LogDirectory
  logs: KernelLogs
}

/** Seconds between two kernels' clocks (security.md B0.4). */
const SKEW_SECONDS = 60
const MAX_LIFE_SECONDS = 60
/** Questions of one peer in a minute, of 256 entries each. */
const QUESTIONS_PER_MINUTE = 120

type Refused = { code: Code; reason: string }

export function serveInclusion(
  components: ServeInclusionComponents,
): (request: InboundRequest) => Promise<InboundReply> {
  const { refusals, disk, logs } = components
  const directories = new Map<string, LogDirectory>([
    ...logs.frozen.map(({ directory, link }): [string, LogDirectory] => [link.previous.origin, directory]),
    [logs.origin, disk],
  ])
  const asked = new RateWindow({ maxKeys: 10_000 })
  return async (request) => {
    const question = await readQuestion(Buffer.from(request.body).toString('latin1'), asked, components)
    if ('code' in question) return refusalReply(refusals, request.source, question.code, question.reason)
    const directory = directories.get(question.origin)
    if (directory === undefined) return refusalReply(refusals, question.iss, 'not_found', 'no such log')
    const { entries, seen } = question
    const found = await storedProofs(directory, { entries, ...(seen === undefined ? {} : { from: seen }) })
    if (found === undefined) return refusalReply(refusals, question.iss, 'not_found', 'nothing is signed yet')
    const { note, consistency, inclusion } = found
    const answer: InclusionAnswer = {
      v: 1,
      note,
      ...(consistency === undefined ? {} : { consistency }),
      proofs: inclusion.map((path) => path ?? null),
    }
    return jsonReply(answer)
  }
}

async function readQuestion(
  jws: string,
  asked: RateWindow,
  { self, clock, resolver, sessions }: ServeInclusionComponents,
): Promise<InclusionQuestion | Refused> {
  const session = sessions.get(claimedSession(jws))
  if (session === undefined) return { code: 'handshake_failed', reason: 'the session is not known, or has ended' }
  if (!asked.admit(session.peer, QUESTIONS_PER_MINUTE, 60, clock.now()))
    return { code: 'rate_limited', reason: 'too many questions about the log' }
  const verdict = await verifyJws(jws, {
    typ: INCLUSION_TYP,
    resolver,
    maxBytes: MAX_INCLUSION_QUESTION_BYTES,
    issuerOf: (payload) => payload.iss,
  })
  if (!verdict.ok) return { code: 'invalid_request', reason: `the question does not verify: ${verdict.reason}` }
  const question = inclusionQuestionSchema.safeParse(verdict.payload)
  if (!question.success) return { code: 'invalid_request', reason: 'the question is malformed' }
  const { iss, aud, sid, iat, exp } = question.data
  if (iss !== session.peer || sid !== session.sid || aud !== self)
    return { code: 'invalid_request', reason: 'the question is not of the peer of the session, or for another kernel' }
  const now = Math.floor(clock.now() / 1000)
  const timely = exp > iat && exp - iat <= MAX_LIFE_SECONDS && iat <= now + SKEW_SECONDS && now < exp + SKEW_SECONDS
  return timely ? question.data : { code: 'clock_skew', reason: 'the question is of another time' }
}

/** What the payload claims, believed by nobody: only good for a cheap look before the signature. */
function claimedSession(jws: string): string {
  const payload = jws.length <= MAX_INCLUSION_QUESTION_BYTES ? jws.split('.', 2)[1] : undefined
  const text = Buffer.from(payload ?? '', 'base64url').toString('latin1')
  return /"sid":"([\w-]{22})"/.exec(text)?.[1] ?? ''
}
