/**
 * `POST /hansa/v1/inclusion`: a peer that holds receipts of this kernel asks for the proofs that they promise. Answered
 * from the stored hashes, of the running log and of the frozen ones; what is given away is hashes.
 */
import type { InboundReply, InboundRequest, InclusionAnswer } from '@hansa/protocols'
import { INCLUSION_TYP, inclusionQuestionSchema, MAX_INCLUSION_QUESTION_BYTES } from '@hansa/protocols'
import { type LogDirectory, storedProofs } from '@hansa/trust/ledger'
import type { KernelLogs } from '../kernel/kernel-components.ts'
import { jsonReply, refusalReply } from './inbound-reply.ts'
import type { RefusalCounter } from './refusal-counter.ts'
import { type QuestionComponents, questionReader } from './session-question.ts'

export type ServeInclusionComponents = QuestionComponents & {
  refusals: RefusalCounter
  disk: LogDirectory
  logs: KernelLogs
}

const KIND = {
  typ: INCLUSION_TYP,
  maxBytes: MAX_INCLUSION_QUESTION_BYTES,
  schema: inclusionQuestionSchema,
  /** Of 256 entries each. */
  perMinute: 120,
  plural: 'questions about the log',
}

export function serveInclusion(
  components: ServeInclusionComponents,
): (request: InboundRequest) => Promise<InboundReply> {
  const { refusals, disk, logs } = components
  const directories = new Map<string, LogDirectory>([
    ...logs.frozen.map(({ directory, link }): [string, LogDirectory] => [link.previous.origin, directory]),
    [logs.origin, disk],
  ])
  const read = questionReader(KIND, components)
  return async (request) => {
    const question = await read(request.body)
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
