/** Answers that carry no signature: JSON, and a code of the closed list for everything that went wrong. */
import type { Code, ErrorBody, InboundReply } from '@hansa/protocols'
import { httpStatus } from '@hansa/protocols'
import type { RefusalCounter } from './refusal-counter.ts'

export function jsonReply(body: unknown, status = 200): InboundReply {
  return { status, contentType: 'application/json', body: Buffer.from(JSON.stringify(body), 'utf8') }
}

/** Counts the refusal and answers with its code and denial id; the reason stays in the ledger. */
export function refusalReply(refusals: RefusalCounter, source: string, code: Code, reason: string): InboundReply {
  return deniedReply(code, refusals.count(source, code, reason))
}

/** The same of a refusal that is counted already. */
export function deniedReply(code: Code, denialId: string): InboundReply {
  const body: ErrorBody = { code, denial_id: denialId }
  return jsonReply(body, httpStatus[code])
}
