/**
 * `POST /hansa/v1/endorsements`: a peer asks whom this kernel endorses, of those that it names. What is not endorsed is
 * not in the answer, so that nobody learns whom this kernel knows.
 */
import type { Did, EndorsementsAnswer, InboundReply, InboundRequest } from '@hansa/protocols'
import { ENDORSEMENTS_REQUEST_TYP, endorsementsQuestionSchema, MAX_ENDORSEMENTS_QUESTION_BYTES } from '@hansa/protocols'
import { jsonReply, refusalReply } from './inbound-reply.ts'
import type { RefusalCounter } from './refusal-counter.ts'
import { type QuestionComponents, questionReader } from './session-question.ts'

export type ServeEndorsementsComponents = QuestionComponents & {
  refusals: RefusalCounter
  /** Compact JWS, of those that are endorsed. */
  endorsementsOf(subjects: readonly Did[]): string[]
}

const KIND = {
  typ: ENDORSEMENTS_REQUEST_TYP,
  maxBytes: MAX_ENDORSEMENTS_QUESTION_BYTES,
  schema: endorsementsQuestionSchema,
  perMinute: 6,
  plural: 'questions about endorsements',
}

export function serveEndorsements(
  components: ServeEndorsementsComponents,
): (request: InboundRequest) => Promise<InboundReply> {
  const { refusals, endorsementsOf } = components
  const read = questionReader(KIND, components)
  return async (request) => {
    const question = await read(request.body)
    if ('code' in question) return refusalReply(refusals, request.source, question.code, question.reason)
    const answer: EndorsementsAnswer = { v: 1, endorsements: endorsementsOf([...new Set(question.about)]) }
    return jsonReply(answer)
  }
}
