/**
 * Compares what two logs say about one call, and says in words who is suspected and who is exposed (security.md B8,
 * "Shared without consensus"). Pure.
 *
 * A statement that one side signed and its own log does not bear out is a violation. What is only missing, and what a
 * crash, a lost message or a call in progress explains, is incomplete.
 */
import type { CallId } from '@hansa/protocols'
import type { Asked, Mark, Served } from './pair-facts.ts'
import type { CallOutcome, PairFinding, PairFindingCode, Side } from './report.ts'
import { isLostEntry, isLostTime, type RestoreGap } from './restore-gap.ts'

export type ComparedCall = {
  id: CallId
  /** Which log is the one of the kernel that asked. */
  asker: Side
  asked: Asked | undefined
  served: Served | undefined
  /** What restores lost, of each side. */
  gaps: { asker: readonly RestoreGap[]; server: readonly RestoreGap[] }
}

export type Comparison = { outcome: CallOutcome; findings: PairFinding[] }

export function compareCall(call: ComparedCall): Comparison {
  const findings = call.asked?.receipt === undefined ? withoutReceipt(call) : withReceipt(call, call.asked.receipt)
  return { outcome: outcomeOf(call), findings: [...aboutIntent(call), ...findings] }
}

function outcomeOf({ asked, served }: ComparedCall): CallOutcome {
  if (asked?.receipt !== undefined) {
    if (asked.receipt.awaited && asked.result?.arrived !== true) return 'undelivered'
    return asked.receipt.withheld || asked.result?.withheld === true ? 'withheld' : asked.receipt.status
  }
  if (asked?.closed === undefined || served !== undefined) return 'unfinished'
  return asked.sent === undefined ? 'refused_locally' : 'never_accepted'
}

/** The side that asked signed an intent, and the other one holds it. */
function aboutIntent(call: ComparedCall): PairFinding[] {
  const { asked, served } = call
  const held = served?.intent
  if (held === undefined) return []
  if (asked?.sent === undefined) {
    if (isLostTime(call.gaps.asker, held.tMs)) return [lost(call, 'asker', 'the intent that it signed')]
    const text =
      'The asking side signed an intent that its own log does not hold: it denies having asked. The serving side is covered.'
    return held.late ? [] : [finding(call, 'violation', 'intent_denied', text, { blamed: 'asker' })]
  }
  if (asked.sent.intent === undefined || asked.sent.intent === held.hash) return []
  const text = 'The asking side logged another intent than the one it signed and sent.'
  return [finding(call, 'violation', 'intent_differs', text, { blamed: 'asker', withoutProof: 'server' })]
}

function withReceipt(call: ComparedCall, receipt: NonNullable<Asked['receipt']>): PairFinding[] {
  const findings: PairFinding[] = []
  const { asked, served } = call
  const outcome = served?.outcome
  if (outcome === undefined && isLostEntry(call.gaps.server, receipt.log)) {
    return [lost(call, 'server', `entry ${receipt.log.index} of ${receipt.log.origin}, which its receipt promises`)]
  }
  if (
    outcome === undefined ||
    outcome.seq !== receipt.log.index ||
    outcome.leafHash !== receipt.log.leaf_hash ||
    outcome.origin !== receipt.log.origin
  ) {
    const text =
      `The serving side's receipt promises entry ${receipt.log.index} of ${receipt.log.origin} with a certain hash, and its ` +
      'log does not hold that entry for this call: a broken inclusion promise. The asking side holds the signed proof.'
    if (!receipt.late || outcome !== undefined) {
      findings.push(finding(call, 'violation', 'inclusion_broken', text, { blamed: 'server', withoutProof: 'asker' }))
    }
    return findings
  }
  const contradiction = whatContradicts(receipt, call, outcome)
  if (contradiction !== undefined) {
    const text = `The serving side's receipt and its own log differ in ${contradiction}.`
    findings.push(finding(call, 'violation', 'receipt_contradicts', text, { blamed: 'server', withoutProof: 'asker' }))
  }
  if (asked?.sent?.intent !== undefined && asked.sent.intent !== receipt.intent) {
    const text =
      'The receipt answers another intent than the one the asking side logged: the asking side logged what it did not ' +
      'send, or the serving side answered what it was not asked.'
    findings.push(finding(call, 'violation', 'receipt_contradicts', text, { withoutProof: 'server' }))
  }
  if (served?.intent === undefined) {
    const text = 'The serving side answered and holds no intent for it: it cannot show that it was asked.'
    findings.push(finding(call, 'incomplete', 'acceptance_missing', text, { withoutProof: 'server' }))
  }
  return [...findings, ...aboutAck(call, receipt), ...aboutResult(call, receipt)]
}

function whatContradicts(
  receipt: NonNullable<Asked['receipt']>,
  { served }: ComparedCall,
  outcome: NonNullable<Served['outcome']>,
): string | undefined {
  if (outcome.resultC !== receipt.resultC) return 'the commitment to the result'
  if (outcome.status !== undefined && outcome.status !== receipt.status) return 'the status'
  if (outcome.code !== undefined && outcome.code !== receipt.code) return 'the code'
  const intent = outcome.intent ?? served?.intent?.hash
  return intent === undefined || intent === receipt.intent ? undefined : 'the intent'
}

function aboutAck(call: ComparedCall, receipt: NonNullable<Asked['receipt']>): PairFinding[] {
  const ack = call.served?.ack
  if (ack === undefined) {
    // Whoever refused has nothing to be acknowledged for.
    if (receipt.resultC === undefined || receipt.late) return []
    if (CLAIMS_ASKED.has(call.asked?.result?.missing)) return [finding(call, 'incomplete', 'ack_missing', EITHER, {})]
    const text =
      'The asking side has the receipt and the serving side has no acknowledgement: it was lost, or is withheld.'
    return [finding(call, 'incomplete', 'ack_missing', text, { blamed: 'asker', withoutProof: 'server' })]
  }
  if (ack.receipt === receipt.hash) return []
  const text = 'The asking side acknowledged another receipt than the one in its log.'
  return [finding(call, 'violation', 'ack_contradicts', text, { blamed: 'asker', withoutProof: 'server' })]
}

/** The asking side says that it acknowledged the receipt and asked for the result. */
const CLAIMS_ASKED: ReadonlySet<string | undefined> = new Set(['refused', 'wrong', 'unanswered'])

const EITHER =
  'The asking side says that it acknowledged the receipt and got no result, and the serving side has no acknowledgement: ' +
  'messages were lost, or one of the two withholds its part. The logs do not tell which.'

const NEVER_CAME = 'The serving side has the acknowledgement, and the asking side says that the result never came'

/** A result that was kept back until its receipt would be acknowledged. */
function aboutResult(call: ComparedCall, receipt: NonNullable<Asked['receipt']>): PairFinding[] {
  const { asked, served } = call
  if (!receipt.awaited || asked?.result?.arrived === true) return []
  if (asked?.result === undefined) {
    const text =
      'The asking side took a receipt without its result and logged nothing of the result: it stopped in between, or is still waiting.'
    return receipt.late ? [] : [finding(call, 'incomplete', 'result_open', text, {})]
  }
  // Without an acknowledgement nothing was owed; and who stopped waiting accuses nobody.
  if (served?.ack === undefined || !CLAIMS_ASKED.has(asked.result.missing)) return []
  const agreed = served.ack.withheld ? 'Both logs say that the result never came' : NEVER_CAME
  const text = `${agreed}: it was lost, or is withheld. The receipt that commits to it is a debt that the serving side signed.`
  return [finding(call, 'incomplete', 'result_withheld', text, { blamed: 'server', withoutProof: 'asker' })]
}

/** The asking side holds no receipt. Whoever denies having asked is dealt with already. */
function withoutReceipt(call: ComparedCall): PairFinding[] {
  const { asked, served } = call
  if (served?.ack !== undefined) {
    if (isLostTime(call.gaps.asker, served.ack.tMs)) return [lost(call, 'asker', 'the receipt that it acknowledged')]
    const text = 'The asking side acknowledged a receipt that its own log does not hold: it disowns the answer it has.'
    return served.ack.late
      ? []
      : [finding(call, 'violation', 'receipt_disowned', text, { blamed: 'asker', withoutProof: 'server' })]
  }
  if (asked?.sent === undefined) return []
  if (served?.outcome !== undefined) {
    const text =
      'The serving side acted or refused, and the asking side has no receipt: the answer was lost, or one of them withholds it.'
    return asked.sent.late ? [] : [finding(call, 'incomplete', 'receipt_missing', text, { withoutProof: 'server' })]
  }
  if (served?.accepted !== undefined) {
    const text = 'The serving side accepted the intent and logged no outcome: it stopped in between, or is still at it.'
    return served.accepted.late ? [] : [finding(call, 'incomplete', 'outcome_missing', text, { withoutProof: 'asker' })]
  }
  if (asked.closed !== undefined || asked.sent.late) return []
  const text =
    'The asking side sent an intent and logged neither receipt nor outcome, and the serving side knows nothing of it: ' +
    'the call stopped in between, is still under way, or is denied by the side that was asked.'
  return [finding(call, 'incomplete', 'call_open', text, { withoutProof: 'asker' })]
}

type Role = 'asker' | 'server'

/** Explained by what a signed entry says, and for the side that restored a convenient thing to say: not proven either way. */
function lost(call: ComparedCall, role: Role, what: string): PairFinding {
  const side = role === 'asker' ? 'asking' : 'serving'
  const text =
    `The log of the ${side} side was restored from a backup that is older than this call: it does not hold ${what}. ` +
    'The other side holds the signed proof.'
  return finding(call, 'incomplete', 'lost_by_restore', text, { withoutProof: role })
}

function finding(
  call: ComparedCall,
  severity: PairFinding['severity'],
  code: PairFindingCode,
  text: string,
  roles: { blamed?: Role; withoutProof?: Role },
): PairFinding {
  const side = (role: Role): Side => ((role === 'asker') === (call.asker === 'a') ? 'a' : 'b')
  return {
    severity,
    code,
    callId: call.id,
    ...(roles.blamed === undefined ? {} : { blamed: side(roles.blamed), verdict: verdictOf(severity) }),
    ...(roles.withoutProof === undefined ? {} : { withoutProof: side(roles.withoutProof) }),
    entries: [...marks(side('asker'), call.asked), ...marks(side('server'), call.served)],
    text,
  }
}

/** A violation is only what somebody's own signature contradicts. */
function verdictOf(severity: PairFinding['severity']): 'suspected' | 'exposed' {
  return severity === 'violation' ? 'exposed' : 'suspected'
}

function marks(side: Side, facts: Asked | Served | undefined): { side: Side; seq: number }[] {
  const seqs = new Set(Object.values(facts ?? {}).map((mark: Mark) => mark.seq))
  return [...seqs].sort((a, b) => a - b).map((seq) => ({ side, seq }))
}
