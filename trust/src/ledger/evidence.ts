/**
 * The signed objects inside entries: whether the other side really signed them, and whether the entry says the same.
 * Expiry is not looked at: it bounds when a kernel may act on an object, not what the object proves.
 */
import type { Ack, Acks, Did, Entry, Envelope, EnvelopeType, Intent, Receipt } from '@hansa/protocols'
import { callsOf, isDid } from '@hansa/protocols'
import { decodeBase64url } from '../encoding/base64url.ts'
import { parseStrictJson } from '../json/parse-strict-json.ts'
import type { EnvelopeVerifier } from '../signed/envelope-verifier.ts'
import { readAck, readAcks, readIntent, readReceipt } from '../signed/payloads.ts'
import { envelopeHash } from '../signed/prepared.ts'
import { whyNotDelegated } from './evidence-of-chain.ts'

export type Evidence =
  | { typ: 'hansa-intent'; own: boolean; hash: string; value: Intent }
  | { typ: 'hansa-receipt'; own: false; hash: string; value: Receipt }
  | { typ: 'hansa-ack'; own: false; hash: string; value: Ack }
  | { typ: 'hansa-acks'; own: false; hash: string; value: Acks }

export type EvidenceVerdict =
  | { kind: 'none' }
  /** `doubt`: what the entry says of time does not go with what was signed, and either clock may be to blame. */
  | { kind: 'good'; signer?: Did; evidence: Evidence; doubt?: string }
  | { kind: 'forged' | 'contradicts'; reason: string }
  /** Nobody is accused: the key is not at hand, or was in more hands than one. */
  | { kind: 'unchecked'; reason: string }
  /** Before what was asked for. */
  | { kind: 'skipped' }

/** A verdict without the signed object itself, which is in the entry. Plain data. */
export type EvidenceNote =
  | Exclude<EvidenceVerdict, { kind: 'good' }>
  | {
      kind: 'good'
      signer: Did | undefined
      typ: EnvelopeType
      own: boolean
      hash: string
      doubt: string | undefined
    }

export const SKIPPED: EvidenceNote = { kind: 'skipped' }
const NONE: EvidenceNote = { kind: 'none' }

export function noteOf(verdict: EvidenceVerdict): EvidenceNote {
  if (verdict.kind === 'none') return NONE
  if (verdict.kind !== 'good') return verdict
  const { typ, own, hash } = verdict.evidence
  return { kind: 'good', signer: verdict.signer, typ, own, hash, doubt: verdict.doubt }
}

/** The verdict that a note was made of. @param entry the one that it was made for */
export function verdictOf(note: EvidenceNote, entry: Entry): EvidenceVerdict {
  if (note.kind !== 'good') return note
  const { signer, typ, own, hash, doubt } = note
  const payload = own ? entry.ext?.payload : entry.ext?.envelope?.payload
  // The bytes were parsed strictly before, so that they have one meaning only.
  const value = JSON.parse(Buffer.from(payload ?? '', 'base64url').toString('utf8'))
  const evidence = { typ, own, hash, value } as Evidence
  return {
    kind: 'good',
    ...(signer === undefined ? {} : { signer }),
    evidence,
    ...(doubt === undefined ? {} : { doubt }),
  }
}

/** Between kernels, security.md B0.4; with clocks further apart than the second they do not begin a session. */
const SKEW_SECONDS = 60
const MAX_CLOCK_OFFSET_SECONDS = 120

/** Reasons of a resolver that say nothing about the signature. */
const KEY_NOT_AT_HAND = new Set(['did_method_unsupported', 'resolver_failed', 'identity_unavailable'])

/** Of a resolver that knows the history of a key: whoever stole it may have signed this, or its owner. */
export const KEY_COMPROMISED = 'key_compromised'

/** Which type of object an entry of this type holds of the other side. */
export function typeIn(entry: Entry): EnvelopeType | undefined {
  if (entry.type === 'intent.accepted' || entry.type === 'outcome' || entry.type === 'peer.evidence')
    return 'hansa-intent'
  if (entry.type === 'receipt.received') return 'hansa-receipt'
  if (entry.type === 'acks.received') return 'hansa-acks'
  return entry.type === 'ack.received' ? 'hansa-ack' : undefined
}

/** Checks what an entry holds as evidence: an envelope of the other side, or the payload of an own intent. */
export async function checkEvidence(entry: Entry, verifier: EnvelopeVerifier): Promise<EvidenceVerdict> {
  const { envelope, payload } = entry.ext ?? {}
  const typ = typeIn(entry)
  if (envelope !== undefined && typ !== undefined)
    return withChain(entry, await checkEnvelope(entry, typ, envelope, verifier), verifier)
  if (entry.type === 'intent.sent' && payload !== undefined)
    return withChain(entry, checkOwnIntent(entry, payload), verifier)
  return { kind: 'none' }
}

/** A call that began under a chain has it in its begin entry. */
async function withChain(
  entry: Entry,
  verdict: EvidenceVerdict,
  { resolver }: EnvelopeVerifier,
): Promise<EvidenceVerdict> {
  if (verdict.kind !== 'good' || verdict.evidence.typ !== 'hansa-intent') return verdict
  if (entry.type === 'outcome' || entry.type === 'peer.evidence') return verdict
  const { value } = verdict.evidence
  if (value.prf.length === 0 && entry.ext?.links === undefined) return verdict
  const reason = await whyNotDelegated(entry, value, resolver)
  if (reason === undefined) return verdict
  if (KEY_NOT_AT_HAND.has(reason) || reason === KEY_COMPROMISED) return { kind: 'unchecked', reason }
  return { kind: 'contradicts', reason: `delegation: ${reason}` }
}

async function checkEnvelope(
  entry: Entry,
  typ: EnvelopeType,
  envelope: Envelope,
  verifier: EnvelopeVerifier,
): Promise<EvidenceVerdict> {
  const signer = entry.peer ?? signerOf(envelope)
  if (signer === undefined) return { kind: 'forged', reason: 'no DID in the key id' }
  // By the clock of whoever wrote the entry: nobody else says when it came.
  const verdict = await verifier.verify(typ, envelope, signer, Math.floor(entry.t_ms / 1000))
  if (!verdict.ok) {
    const blames = !KEY_NOT_AT_HAND.has(verdict.reason) && verdict.reason !== KEY_COMPROMISED
    return { kind: blames ? 'forged' : 'unchecked', reason: verdict.reason }
  }
  const evidence = typed(typ, verdict.payload, verdict.hash)
  if (typeof evidence === 'string') return { kind: 'contradicts', reason: evidence }
  const reason = contradiction(entry, evidence) ?? wrongTime(entry, evidence)
  if (reason !== undefined) return { kind: 'contradicts', reason }
  const doubt = doubtfulTime(entry, evidence)
  return { kind: 'good', signer, evidence, ...(doubt === undefined ? {} : { doubt }) }
}

function checkOwnIntent(entry: Entry, payload: string): EvidenceVerdict {
  const bytes = decodeBase64url(payload)
  const parsed = bytes === undefined ? undefined : parseStrictJson(bytes, 'object')
  if (bytes === undefined || parsed?.ok !== true) return { kind: 'contradicts', reason: 'the payload is not readable' }
  const evidence = typed('hansa-intent', parsed.value, envelopeHash('hansa-intent', bytes))
  if (typeof evidence === 'string') return { kind: 'contradicts', reason: evidence }
  const reason = contradiction(entry, evidence) ?? wrongTime(entry, evidence)
  return reason === undefined
    ? { kind: 'good', evidence: { ...evidence, own: true } as Evidence }
    : { kind: 'contradicts', reason }
}

const readers = {
  'hansa-intent': readIntent,
  'hansa-receipt': readReceipt,
  'hansa-ack': readAck,
  'hansa-acks': readAcks,
} as const satisfies Record<EnvelopeType, unknown>

function typed(typ: EnvelopeType, payload: unknown, hash: string): Evidence | string {
  const read = readers[typ](payload)
  return read.ok ? ({ typ, own: false, hash, value: read.value } as Evidence) : read.reason
}

/** What the entry says otherwise than the object it holds. A field that the entry leaves out says nothing. */
function contradiction(entry: Entry, evidence: Evidence): string | undefined {
  if (evidence.typ === 'hansa-acks') return callsBeyond(entry, evidence.value)
  const { typ, hash, value } = evidence
  const facts: [string, unknown, unknown][] = [['call_id', entry.call_id, value.call_id]]
  if (typ === 'hansa-intent') facts.push(['intent', entry.intent, hash], ['args_c', entry.args_c, value.args_c])
  if (typ === 'hansa-receipt') {
    facts.push(['receipt', entry.receipt, hash], ['intent', entry.intent, value.intent_hash])
    facts.push(['result_c', entry.result_c, value.result_c ?? undefined], ['status', entry.ext?.status, value.status])
  }
  if (typ === 'hansa-ack') facts.push(['receipt', entry.receipt, value.receipt_hash])
  const differing = facts.find(([, said, signed]) => said !== undefined && said !== signed)
  return differing === undefined ? undefined : `${differing[0]} is not what the signed object says`
}

/** An entry may leave out what was of no call there, or came before; it cannot add to what was signed. */
function callsBeyond(entry: Entry, { acks }: Acks): string | undefined {
  if (entry.call_id !== undefined) return 'call_id is not what the signed object says'
  const signed = new Set(acks.map(({ call_id }) => call_id))
  return callsOf(entry).every((call) => signed.has(call)) ? undefined : 'calls is not what the signed object says'
}

/**
 * A kernel writes down its own intent, or one that it accepts, by the clock that it had checked the intent with: an
 * entry from before the intent was made is dated back.
 */
function wrongTime(entry: Entry, { typ, value }: Evidence): string | undefined {
  if (typ !== 'hansa-intent' || entry.type === 'outcome') return undefined
  const seconds = entry.t_ms / 1000
  if (seconds < value.iat - SKEW_SECONDS) return `it is dated ${apart(value.iat - seconds)} before the intent was made`
  // How long an accepted call waited for its arguments is not known.
  if (entry.type !== 'intent.sent' || seconds < value.exp + SKEW_SECONDS) return undefined
  return `it is dated ${apart(seconds - value.exp)} after the intent had expired`
}

/** A receipt is by the other side's clock, which nobody compares again once a session is open. */
function doubtfulTime(entry: Entry, { typ, value }: Evidence): string | undefined {
  if (typ !== 'hansa-receipt') return undefined
  const early = value.finished - entry.t_ms / 1000
  return early > MAX_CLOCK_OFFSET_SECONDS ? `it is dated ${apart(early)} before the receipt in it was made` : undefined
}

function apart(seconds: number): string {
  return seconds < 7200 ? `${Math.round(seconds)} s` : `${Math.round(seconds / 3600)} h`
}

function signerOf(envelope: Envelope): Did | undefined {
  const did = envelope.proof.kid.split('#')[0] ?? ''
  return isDid(did) ? did : undefined
}
