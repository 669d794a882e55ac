/**
 * `POST /hansa/witness/add-checkpoint` and `GET /hansa/witness/<hash of the origin>/checkpoint` (C2SP tlog-witness): for
 * whoever runs a log that this kernel knows, with any client that speaks the protocol. Statuses are those of the
 * specification; the reason stays here.
 */
import {
  type Clock,
  type Code,
  type InboundReply,
  type InboundRequest,
  witnessedCheckpointPath,
} from '@hansa/protocols'
import { RateWindow } from '@hansa/trust'
import { parseSubmission } from '@hansa/trust/ledger'
import { jsonReply } from '../exchange/inbound-reply.ts'
import type { RefusalCounter } from '../exchange/refusal-counter.ts'
import type { WitnessBook } from './witness-book.ts'

/**
 * Requests per minute about logs that are cosigned here: each costs the check of a signature, a tenth of a millisecond or
 * two. Strangers share it with the logs themselves, and a log that finds no witness changes nothing any more. So it is as
 * much as a node can bear, and nothing less is counted: addresses are cheap, and behind a proxy all have the same one.
 */
const PER_MINUTE = 60_000

export type ServeWitnessComponents = { book: WitnessBook; clock: Clock; refusals: RefusalCounter }

type Serve = (request: InboundRequest) => Promise<InboundReply>

export function serveWitness({
  book,
  clock,
  refusals,
}: ServeWitnessComponents): Record<'addCheckpoint' | 'witnessed', Serve> {
  const window = new RateWindow()
  const refuse = (source: string, status: number, code: Code, reason: string) =>
    jsonReply({ code, denial_id: refusals.count(source, code, reason) }, status)
  return {
    async addCheckpoint({ body, source }) {
      const submission = parseSubmission(body)
      if (submission === undefined) return refuse(source, 400, 'invalid_request', 'not a checkpoint to cosign')
      const known = book.knows(submission.claimed.origin)
      if (known && !window.admit('*', PER_MINUTE, 60, clock.now()))
        return refuse(source, 429, 'rate_limited', 'too many checkpoints to cosign')
      const verdict = await book.submit(submission)
      if (verdict.ok) return textReply(200, 'text/plain; charset=utf-8', verdict.lines)
      if (verdict.status === 409) return textReply(409, 'text/x.tlog.size', `${verdict.size}\n`)
      return refuse(source, verdict.status, codeOf[verdict.status], `a checkpoint to cosign: ${verdict.reason}`)
    },
    async witnessed({ path, source }) {
      const note = book.note(witnessedCheckpointPath.exec(path)?.[1] ?? '')
      return note === undefined
        ? refuse(source, 404, 'not_found', 'no checkpoint of this log was cosigned')
        : textReply(200, 'text/plain; charset=utf-8', note)
    },
  }
}

const codeOf = { 403: 'invalid_request', 404: 'not_found', 422: 'invalid_request', 503: 'busy' } as const

function textReply(status: number, contentType: string, text: string): InboundReply {
  return { status, contentType, body: Buffer.from(text, 'utf8') }
}
