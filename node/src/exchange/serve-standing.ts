/**
 * `POST /hansa/v1/standing`: a peer asks what it may be trusted with here, and why. It is told of itself and of nobody
 * else; who vouches for it, and for what reason, stays in this house.
 */
import type { Did, InboundReply, InboundRequest, StandingExplanation } from '@hansa/protocols'
import { MAX_STANDING_QUESTION_BYTES, STANDING_TYP, standingQuestionSchema } from '@hansa/protocols'
import { jsonReply, refusalReply } from './inbound-reply.ts'
import type { RefusalCounter } from './refusal-counter.ts'
import { type QuestionComponents, questionReader } from './session-question.ts'

export type ServeStandingComponents = QuestionComponents & {
  refusals: RefusalCounter
  explanationFor(peer: Did): StandingExplanation
}

const KIND = {
  typ: STANDING_TYP,
  maxBytes: MAX_STANDING_QUESTION_BYTES,
  schema: standingQuestionSchema,
  perMinute: 6,
  plural: 'questions about its standing',
}

export function serveStanding(components: ServeStandingComponents): (request: InboundRequest) => Promise<InboundReply> {
  const { refusals, explanationFor } = components
  const read = questionReader(KIND, components)
  return async (request) => {
    const question = await read(request.body)
    if ('code' in question) return refusalReply(refusals, request.source, question.code, question.reason)
    const explanation = explanationFor(question.iss)
    const vouches = explanation.vouches.map(({ by: _by, reason: _reason, ...vouch }) => vouch)
    return jsonReply({ ...explanation, vouches })
  }
}
