/** One call as its entries tell it, in one log or in both: what happened when, and what each signature proves. */
import type { CallId, Did, Entry, EntryType, EnvelopeType } from '@hansa/protocols'
import { type EvidenceVerdict, KEY_COMPROMISED, typeIn } from './evidence.ts'
import type { Side } from './report.ts'
import type { WalkedEntry } from './walked-entry.ts'

export type CallSignature = {
  of: 'intent' | 'receipt' | 'ack' | 'acks'
  /** Who made it, as far as that is known. */
  by?: Did
  verified: boolean
  /** What follows from it, or why nothing does. */
  proves: string
}

export type CallStep = {
  side: Side
  origin: string
  seq: number
  type: EntryType
  /** Unix ms of the clock of that side. */
  tMs: number
  /** RFC 6962 leaf hash, base64url. */
  leafHash: string
  text: string
  signature?: CallSignature
}

export type CallStory = {
  callId: CallId
  /** The capability, as the first entry names it. */
  cap?: string
  /** In the order of the exchange; of one log, in the order of that log. */
  steps: CallStep[]
}

/** Where an entry of a call stands in an exchange; what is in none stands where its log has it. */
const order: Partial<Record<EntryType, number>> = {
  'intent.sent': 1,
  'intent.accepted': 2,
  outcome: 3,
  'receipt.received': 4,
  'ack.received': 5,
  'acks.received': 5,
  'result.received': 6,
  'result.missing': 6,
}

/** Gathers the entries of one call from what a verifier visits. */
export class CallTeller {
  readonly #callId: CallId
  readonly #steps: CallStep[] = []
  #cap: string | undefined

  constructor(callId: CallId) {
    this.#callId = callId
  }

  visit(side: Side, walked: WalkedEntry): void {
    if (!walked.calls.includes(this.#callId)) return
    const { origin, seq, type, tMs, leafHash, entry, verdict } = walked
    this.#cap ??= entry.cap
    const signature = signatureOf(entry, verdict, this.#callId)
    this.#steps.push({
      side,
      origin,
      seq,
      type,
      tMs,
      leafHash,
      text: textOf(entry),
      ...(signature === undefined ? {} : { signature }),
    })
  }

  /** @returns undefined when no entry is about the call. */
  story(): CallStory | undefined {
    if (this.#steps.length === 0) return undefined
    return {
      callId: this.#callId,
      ...(this.#cap === undefined ? {} : { cap: this.#cap }),
      steps: inOrder(this.#steps),
    }
  }
}

/** Merges the two logs: each keeps its own order, and a step of an exchange comes behind the one that it answers. */
function inOrder(steps: readonly CallStep[]): CallStep[] {
  const queues = (['a', 'b'] as const).map((side) => ranked(steps.filter((step) => step.side === side)))
  const merged: CallStep[] = []
  for (;;) {
    const [first, second] = queues.map(([head]) => head?.rank ?? Number.POSITIVE_INFINITY)
    const next = (first ?? 0) <= (second ?? 0) ? queues[0]?.shift() : queues[1]?.shift()
    if (next === undefined) return merged
    merged.push(next.step)
  }
}

function ranked(steps: readonly CallStep[]): { step: CallStep; rank: number }[] {
  let rank = 0
  return steps.map((step) => {
    rank = Math.max(rank, order[step.type] ?? 0)
    return { step, rank }
  })
}

function textOf(entry: Entry): string {
  const { type, ext = {} } = entry
  const rules = entry.rules === undefined || entry.rules.length === 0 ? '' : ` by ${entry.rules.join(', ')}`
  const decision = entry.decision === undefined ? '' : `; policy: ${entry.decision}${rules}`
  const status = [ext.status, ext.code].filter((part) => part !== undefined).join(', ')
  const said = status === '' ? '' : `: ${status}`
  const reason = ext.reason === undefined ? '' : ` (${ext.reason})`
  switch (type) {
    case 'intent.sent':
      return `asks ${entry.peer ?? 'another kernel'} for ${entry.cap ?? 'a capability'} as ${entry.actor ?? 'an agent'}${decision}`
    case 'intent.accepted':
      return `accepts what ${entry.peer ?? 'another kernel'} asks, before it acts${decision}`
    case 'call.begun':
      return `begins ${entry.cap ?? 'the call'} for ${entry.actor ?? 'an agent'}${decision}`
    case 'outcome':
      return `ends the call${said}${reason}${decision}`
    case 'receipt.received':
      return `holds the receipt${said}${reason}${ext.reveal === undefined ? '' : ', and not the result yet'}`
    case 'result.received':
      return `has the result that the receipt commits to${ext.code === undefined ? '' : said}${reason}`
    case 'result.missing':
      return `does not have the result: ${ext.reveal ?? 'it is missing'}${reason}`
    case 'ack.received':
      return 'holds the acknowledgement of its receipt'
    case 'acks.received':
      return `holds the acknowledgement of its receipt, among ${ext.calls?.length ?? 0}`
    case 'content.erased':
      return `has erased what was kept of its content${entry.actor === undefined ? '' : `, by ${entry.actor}`}${reason}; the commitments stay`
    default:
      return `${type}${said}${reason}`
  }
}

function signatureOf(entry: Entry, verdict: EvidenceVerdict, call: CallId): CallSignature | undefined {
  switch (verdict.kind) {
    case 'good': {
      const by = verdict.signer === undefined ? {} : { by: verdict.signer }
      return {
        of: names[verdict.evidence.typ],
        ...by,
        verified: !verdict.evidence.own,
        proves: provenBy(verdict, call),
      }
    }
    case 'forged':
      return unproven(entry, `nothing: it does not verify (${verdict.reason})`)
    case 'contradicts':
      return unproven(entry, `nothing for this entry: ${verdict.reason}`)
    case 'unchecked':
      if (verdict.reason === KEY_COMPROMISED) return unproven(entry, 'nothing: its key was compromised by then')
      return unproven(entry, `nothing yet: the key is not at hand (${verdict.reason})`)
    case 'skipped':
      return entry.ext?.envelope === undefined
        ? undefined
        : unproven(entry, 'not checked: the entry is before the given time')
    case 'none':
      return undefined
  }
}

const names: Readonly<Record<EnvelopeType, CallSignature['of']>> = {
  'hansa-intent': 'intent',
  'hansa-receipt': 'receipt',
  'hansa-ack': 'ack',
  'hansa-acks': 'acks',
}

function unproven(entry: Entry, proves: string): CallSignature {
  const of = names[typeIn(entry) ?? 'hansa-intent']
  return { of, ...(entry.peer === undefined ? {} : { by: entry.peer }), verified: false, proves }
}

function provenBy({ evidence, signer }: Extract<EvidenceVerdict, { kind: 'good' }>, call: CallId): string {
  const who = signer ?? 'the signer'
  switch (evidence.typ) {
    case 'hansa-intent':
      return evidence.own
        ? `its own intent ${evidence.hash}; the signature over it is with the other side`
        : `${who} asked for ${evidence.value.cap} with arguments of commitment ${evidence.value.args_c} at ${at(evidence.value.iat)}: it cannot deny having asked`
    case 'hansa-receipt': {
      const { status, result_c, log, finished } = evidence.value
      const result = result_c === null ? 'no result' : `a result of commitment ${result_c}`
      return `${who} answered intent ${evidence.value.intent_hash} with ${status} and ${result}, finished at ${at(finished)}, and promised entry ${log.index} of ${log.origin} with leaf hash ${log.leaf_hash}`
    }
    case 'hansa-ack':
      return acknowledging(who, evidence.value.receipt_hash)
    case 'hansa-acks': {
      const ack = evidence.value.acks.find(({ call_id }) => call_id === call)
      return ack === undefined ? 'nothing of this call' : acknowledging(who, ack.receipt_hash)
    }
  }
}

function acknowledging(who: string, receipt: string): string {
  return `${who} has receipt ${receipt}: it cannot deny having been answered`
}

/** Unix seconds as a person reads them. */
function at(seconds: number): string {
  const date = new Date(seconds * 1000)
  return Number.isNaN(date.getTime()) ? `${seconds}` : date.toISOString().replace('.000Z', 'Z')
}
