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

/** Requests per minute: of one address, behind which a proxy may stand, and of all. Each can cost a signature check. */
const PER_SOURCE = 600
const PER_MINUTE = 6_000
const WINDOW_SECONDS = 60

export type ServeWitnessComponents = { book: WitnessBook; clock: Clock; refusals: RefusalCounter }

type Serve = (request: InboundRequest) => Promise<InboundReply>

export function serveWitness({
  book,
  clock,
  refusals,
}: ServeWitnessComponents): Record<'addCheckpoint' | 'witnessed', Serve> {
  const window = new RateWindow({ maxKeys: 10_000 })
  const refuse = (source: string, status: number, code: Code, reason: string) =>
    jsonReply({ code, denial_id: refusals.count(source, code, reason) }, status)
  return {
    async addCheckpoint({ body, source }) {
      const limits = [
        { key: `source ${source}`, calls: PER_SOURCE, perSeconds: WINDOW_SECONDS },
        { key: '*', calls: PER_MINUTE, perSeconds: WINDOW_SECONDS },
      ]
      if (!window.admitAll(limits, clock.now()).ok)
        return refuse(source, 429, 'rate_limited', 'too many checkpoints to cosign')
      const submission = parseSubmission(body)
      if (submission === undefined) return refuse(source, 400, 'invalid_request', 'not a checkpoint to cosign')
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
