/**
 * The second half of a call whose result the peer withholds until its receipt is acknowledged (security.md B8,
 * commit-then-reveal): the receipt is made durable, its acknowledgement goes at once and alone, and what comes back has to
 * be what the receipt commits to.
 *
 * The acknowledgement can be sent again as often as it takes: the peer takes it once and hands out the same result. What
 * the peer then still keeps it owes, under its own signature: the receipt, and an entry of ours that says the result is
 * missing.
 */
import type { Clock, PeerReply, PeerTransport } from '@hansa/protocols'
import {
  CALL_CONTENT_TYPE,
  decodeFrames,
  encodeFrames,
  exchangePaths,
  MAX_REVEAL_REPLY_BYTES,
  revealReplyFrameLimits,
} from '@hansa/protocols'
import { type BatchSigner, commitTo } from '@hansa/trust'
import type { Appended } from '@hansa/trust/ledger'
import type { RecordEvidence } from '../kernel/peer-evidence.ts'
import type { Answered, Committed, ImportedTarget, Recorded, Refusal } from '../kernel/stages.ts'
import { pause } from '../pause.ts'
import type { AckOutbox, ReservedAck } from './ack-outbox.ts'
import { CONTRADICTS_HEARD } from './heard-text.ts'
import type { PromiseBook } from './promise-book.ts'
import { resultForm } from './result-form.ts'
import { untilDeadline } from './until-deadline.ts'

export type RevealComponents = {
  clock: Clock
  transport: PeerTransport
  signer: BatchSigner
  outbox: Pick<AckOutbox, 'reserve'>
  promises: Pick<PromiseBook, 'expect'>
  /** Makes the entry of the receipt durable. @param appended told in the turn in which it is appended. */
  append(committed: Committed, appended: (entry: Appended) => void): Promise<Appended>
  /** The peer sent what it did not commit to. */
  evidence: RecordEvidence
}

export type RevealStages = {
  record(committed: Committed): Promise<Recorded>
  reveal(recorded: Recorded): Promise<Answered | Refusal>
}

/** Milliseconds before the second attempt; each further one waits twice as long. */
const FIRST_RETRY_MS = 50
const MAX_RETRY_MS = 2_000

/** Nothing changes by asking again: the peer has no such result, or takes no such acknowledgement. */
const FINAL: ReadonlySet<number> = new Set([400, 404])

type Revealed = { salt: Uint8Array; bytes: Uint8Array }
type Missing = { missing: NonNullable<Refusal['missing']>; reason: string }

export function revealStages(components: RevealComponents): RevealStages {
  /** Acknowledgements that are under way, by the entry of their receipt. */
  const reserved = new WeakMap<Appended, ReservedAck>()
  return {
    async record(committed) {
      const { call, receipt } = committed
      const { peer } = imported(committed)
      const recorded = await components.append(committed, (entry) => {
        const ack = { seq: entry.seq, callId: call.callId, receiptHash: receipt.hash, durable: entry.durable }
        reserved.set(entry, components.outbox.reserve(peer, ack))
        const { seq, tMs: atMs } = entry
        components.promises.expect(peer, { seq, atMs, capability: call.capability, receipt: receipt.receipt })
      })
      return { ...committed, receipt: { ...receipt, recorded } }
    },
    async reveal(recorded) {
      const { call, receipt } = recorded
      const ack = reserved.get(receipt.recorded)
      const found = await fetchResult(recorded, components).catch((error: unknown) => {
        ack?.release()
        throw error
      })
      if ('missing' in found) {
        ack?.release()
        return refusalOf(recorded, found, components)
      }
      ack?.delivered()
      if (recorded.contradicts(found.bytes)) return contradicted(recorded, components)
      const kind = resultForm(imported(recorded), receipt.receipt, found.bytes)
      return { call, raw: { kind, ...found }, receipt }
    },
  }
}

async function fetchResult(recorded: Recorded, components: RevealComponents): Promise<Revealed | Missing> {
  const { call, receipt } = recorded
  const { clock, signer } = components
  const ack = await signer.sign('hansa-ack', { v: 1, call_id: call.callId, receipt_hash: receipt.hash })
  const body = encodeFrames([Buffer.from(ack.text, 'utf8'), call.input.salt])
  return untilDeadline(call, clock, async (signal) => {
    let last = 'nothing was sent'
    for (let waitMs = FIRST_RETRY_MS; !signal.aborted; waitMs = Math.min(waitMs * 2, MAX_RETRY_MS)) {
      const answer = await ask(recorded, body, signal, components)
      if (typeof answer !== 'string') return answer
      last = answer
      await pause(clock, waitMs, signal)
    }
    const late = clock.now() >= call.deadlineMs
    return { missing: late ? 'unanswered' : 'interrupted', reason: late ? last : 'the caller gave up' }
  })
}

/** @returns why there is no answer yet. */
async function ask(
  recorded: Recorded,
  body: Uint8Array,
  signal: AbortSignal,
  { transport }: RevealComponents,
): Promise<Revealed | Missing | string> {
  const { peer, endpoint } = imported(recorded)
  let reply: PeerReply
  try {
    reply = await transport.send({
      endpoint,
      peer,
      path: exchangePaths.reveal,
      method: 'POST',
      contentType: CALL_CONTENT_TYPE,
      body,
      maxReplyBytes: MAX_REVEAL_REPLY_BYTES,
      signal,
    })
  } catch (error) {
    return `no answer: ${error instanceof Error ? error.message : String(error)}`
  }
  if (FINAL.has(reply.status)) return { missing: 'refused', reason: `the peer answered ${reply.status}, unsigned` }
  if (reply.status !== 200) return `the peer answered ${reply.status}`
  const [salt, bytes] = decodeFrames(reply.body, revealReplyFrameLimits) ?? []
  if (salt === undefined || bytes === undefined) return { missing: 'wrong', reason: 'its answer is not a result' }
  return recorded.receipt.receipt.result_c === commitTo(salt, bytes)
    ? { salt, bytes }
    : { missing: 'wrong', reason: 'its result is not the one in its receipt' }
}

/** The peer has signed that it was done, so what is not known to the caller is what came of it. */
function refusalOf(recorded: Recorded, { missing, reason }: Missing, { evidence, clock }: RevealComponents): Refusal {
  const { call, receipt } = recorded
  const { peer, safety } = imported(recorded)
  if (missing === 'wrong') evidence(peer, 'result_wrong', reason, call.callId)
  const lost = safety === 'READ' ? 'remote_refused' : 'outcome_unknown'
  const refused = clock.now() >= call.deadlineMs ? 'deadline' : lost
  return { refused, reason: `its result is missing: ${reason}`, receipt, missing }
}

/** The result is what it signed, and what it said before is not. */
function contradicted(recorded: Recorded, { evidence }: RevealComponents): Refusal {
  const { call, receipt } = recorded
  const { peer, safety } = imported(recorded)
  evidence(peer, 'statement', CONTRADICTS_HEARD, call.callId)
  return { refused: 'remote_refused', reason: CONTRADICTS_HEARD, receipt, unknown: safety !== 'READ' }
}

function imported({ call }: Committed): ImportedTarget {
  if (call.target.kind !== 'imported') throw new TypeError('only a peer withholds a result')
  return call.target
}

/** Resolves early when the signal is aborted. */
