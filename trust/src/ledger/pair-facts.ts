/** What one log says about each call with another kernel: as the side that asked, or as the side that served. */
import {
  type AcknowledgedReceipt,
  type Acks,
  type CallId,
  type CheckpointReference,
  callsOf,
  type Did,
  type Entry,
  type Receipt,
  type RevealState,
} from '@hansa/protocols'
import type { EvidenceVerdict } from './evidence.ts'

/** `late`: written after the verifier began to look, so that the other log may not know of it yet. */
export type Mark = { seq: number; late: boolean }

export type Asked = {
  sent?: Mark & { intent: string | undefined }
  /** Only what is compared; a receipt is large and a log long. */
  receipt?: Mark & ReceiptFacts
  /** What became of a result that the receipt came without. */
  result?: Mark & { arrived: boolean; missing: RevealState | undefined; withheld: boolean }
  /** Closed by the asking side itself, without a receipt. */
  closed?: Mark
}

export type ReceiptFacts = {
  hash: string
  status: Receipt['status']
  code: Receipt['code']
  resultC: string | undefined
  intent: string
  log: Receipt['log']
  /** The asking side's own firewall kept the result. */
  withheld: boolean
  /** The serving side kept the result back until it would be acknowledged. */
  awaited: boolean
}

export type Served = {
  /** The intent of the asking side, with its verified signature; from the acceptance or from a refusal. */
  intent?: Mark & { hash: string; tMs: number }
  accepted?: Mark
  outcome?: OutcomeFacts
  ack?: Mark & { receipt: string; tMs: number; withheld: boolean }
}

export type OutcomeFacts = Mark & {
  /** The log that the entry is in. */
  origin: string
  leafHash: string
  intent: string | undefined
  resultC: string | undefined
  status: Receipt['status'] | undefined
  code: Receipt['code']
}

/** `outcome` is the serving side's answer or the asking side's own end of the call: the other entries tell which. */
export type CallFacts = {
  peer?: Did
  asked?: Omit<Asked, 'closed'>
  served?: Omit<Served, 'outcome'>
  outcome?: OutcomeFacts
}

/** The call as the side that asked sees it; undefined when it does not know of it. */
export function askedIn({ asked, served, outcome }: CallFacts): Asked | undefined {
  if (served !== undefined || outcome === undefined) return asked
  return { ...asked, closed: outcome }
}

/** The call as the side that served sees it; undefined when it does not know of it. */
export function servedIn({ asked, served, outcome }: CallFacts): Served | undefined {
  if (asked !== undefined || outcome === undefined) return served
  return { ...served, outcome }
}

export type LogFacts = {
  calls: Map<CallId, CallFacts>
  /** Checkpoints of other logs that this one has seen, by origin, size and root; `note` where it was kept as it was signed. */
  seen: Map<string, CheckpointReference & Mark & { note?: string }>
}

/** A log that sees ever new checkpoints must not fill the memory of its verifier. */
const MAX_SEEN = 100_000

export function noFacts(): LogFacts {
  return { calls: new Map(), seen: new Map() }
}

/** What a log says of a call, if that is one with this kernel. */
export function callWith(peer: Did | undefined, facts: LogFacts, id: CallId): CallFacts | undefined {
  const call = facts.calls.get(id)
  return call?.peer === peer ? call : undefined
}

/** An entry, its place in the log, and its leaf hash. */
export type PlacedEntry = { seq: number; entry: Entry; leafHash: string }

/** Adds what one entry says. @param late the entry was written after the verifier began to look. */
export function addFacts(facts: LogFacts, walked: PlacedEntry, verdict: EvidenceVerdict, late: boolean): void {
  const { entry } = walked
  const mark = { seq: walked.seq, late }
  if (entry.ext?.checkpoint !== undefined && entry.type === 'peer.checkpoint')
    see(facts, entry.ext.checkpoint, mark, entry.ext.note)
  const evidence = verdict.kind === 'good' ? verdict.evidence : undefined
  if (evidence?.typ === 'hansa-intent' && evidence.own && evidence.value.chk !== undefined) {
    see(facts, evidence.value.chk, mark)
  }
  const signer = verdict.kind === 'good' ? verdict.signer : undefined
  const peer = entry.peer ?? signer
  if (entry.type === 'acks.received') {
    if (evidence?.typ === 'hansa-acks') addAcks(facts, peer, evidence.value, entry, mark)
  } else if (entry.call_id !== undefined && entry.type !== 'call.begun') {
    addWith(facts, entry.call_id, peer, (call) => addToCall(call, walked, verdict, mark))
  }
}

/** Two kernels have a call: what a third one signed about it is no word of either. */
function addWith(facts: LogFacts, id: CallId, peer: Did | undefined, add: (call: CallFacts) => void): void {
  const call = facts.calls.get(id) ?? {}
  if (peer !== undefined && peer !== (call.peer ?? peer)) return
  if (peer !== undefined) call.peer = peer
  add(call)
  // A local call, which no other kernel has to do with, has no peer.
  const known = call.asked ?? call.served ?? call.outcome
  if (call.peer !== undefined && known !== undefined) facts.calls.set(id, call)
}

/** What the entry does not name came before, or was left out: it is signed all the same, where nothing else is. */
function addAcks(facts: LogFacts, peer: Did | undefined, { acks }: Acks, entry: Entry, mark: Mark): void {
  const named = new Set(callsOf(entry))
  for (const ack of acks) {
    const call = facts.calls.get(ack.call_id)
    const isOpen = call !== undefined && call.asked === undefined && call.served?.ack === undefined
    if (named.has(ack.call_id) || isOpen) addWith(facts, ack.call_id, peer, (its) => addAck(its, ack, entry, mark))
  }
}

function addToCall(call: CallFacts, walked: PlacedEntry, verdict: EvidenceVerdict, mark: Mark): void {
  const { entry } = walked
  const evidence = verdict.kind === 'good' ? verdict.evidence : undefined
  switch (entry.type) {
    case 'intent.sent':
      call.asked = { ...call.asked, sent: { ...mark, intent: entry.intent ?? evidence?.hash } }
      break
    case 'receipt.received':
      if (evidence?.typ === 'hansa-receipt') {
        const receipt = receiptFacts(evidence.value, evidence.hash, entry)
        call.asked = { ...call.asked, receipt: { ...mark, ...receipt } }
      }
      break
    case 'result.received':
    case 'result.missing':
      call.asked = { ...call.asked, result: { ...mark, ...resultFacts(entry) } }
      break
    case 'intent.accepted':
      call.served = { ...call.served, accepted: mark }
      if (evidence !== undefined) call.served.intent = { ...mark, hash: evidence.hash, tMs: entry.t_ms }
      break
    case 'outcome':
      addOutcome(call, walked, evidence?.hash, mark)
      break
    case 'ack.received':
      if (evidence?.typ === 'hansa-ack') addAck(call, evidence.value, entry, mark)
      break
    default:
  }
}

function addAck(call: CallFacts, ack: AcknowledgedReceipt, { t_ms: tMs }: Entry, mark: Mark): void {
  const { receipt_hash: receipt, withheld = false } = ack
  call.served = { ...call.served, ack: { ...mark, receipt, tMs, withheld } }
}

function addOutcome(call: CallFacts, walked: PlacedEntry, intentHash: string | undefined, mark: Mark): void {
  const { entry, leafHash } = walked
  const { status, code } = entry.ext ?? {}
  call.outcome = {
    ...mark,
    origin: entry.origin,
    leafHash,
    intent: entry.intent,
    resultC: entry.result_c,
    status,
    code,
  }
  // Whoever refuses before acting keeps the intent with the outcome.
  if (intentHash !== undefined) call.served = { ...call.served, intent: { ...mark, hash: intentHash, tMs: entry.t_ms } }
}

function receiptFacts(receipt: Receipt, hash: string, entry: Entry): ReceiptFacts {
  return {
    hash,
    status: receipt.status,
    code: receipt.code,
    resultC: receipt.result_c ?? undefined,
    intent: receipt.intent_hash,
    log: receipt.log,
    withheld: receipt.result_c !== null && entry.ext?.code !== undefined,
    awaited: entry.ext?.reveal === 'awaited',
  }
}

function resultFacts({ type, ext }: Entry): Omit<NonNullable<Asked['result']>, keyof Mark> {
  const arrived = type === 'result.received'
  return { arrived, missing: ext?.reveal, withheld: arrived && ext?.code !== undefined }
}

function see(facts: LogFacts, head: CheckpointReference, mark: Mark, note?: string): void {
  const name = `${head.origin} ${head.size} ${head.root}`
  const known = facts.seen.get(name)
  if (known === undefined && (head.size === 0 || facts.seen.size >= MAX_SEEN)) return
  // One that its log signed proves more than the same by name alone.
  if (known === undefined || (known.note === undefined && note !== undefined))
    facts.seen.set(name, { ...head, ...mark, ...(note === undefined ? {} : { note }) })
}
