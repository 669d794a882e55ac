import { type CallId, callsOf, type Entry, type EntryType } from '@hansa/protocols'
import { encodeBase64url } from '../encoding/base64url.ts'
import type { EvidenceNote, EvidenceVerdict } from './evidence.ts'
import { verdictOf } from './evidence.ts'
import type { ScannedRecord } from './record-files.ts'

export type WalkedEntryInit = {
  record: ScannedRecord
  leaf: Uint8Array
  origin: string
  type: EntryType
  callId: CallId | undefined
  tMs: number
  /** Undefined until somebody has looked. */
  evidence: EvidenceNote | undefined
}

/** An entry of a log that is verified. What few look at is made when it is looked at. */
export class WalkedEntry {
  /** Its place in the log, whatever the entry itself says. */
  readonly seq: number
  readonly file: string
  readonly offset: number
  readonly end: number
  readonly origin: string
  readonly type: EntryType
  /** Of an entry that is about one call. */
  readonly callId: CallId | undefined
  readonly tMs: number
  evidence: EvidenceNote | undefined
  readonly #bytes: Buffer
  readonly #leaf: Uint8Array
  #entry: Entry | undefined

  /** @param init of an entry whose form was found right. */
  constructor({ record, leaf, origin, type, callId, tMs, evidence }: WalkedEntryInit) {
    this.seq = record.number
    this.file = record.file
    this.offset = record.offset
    this.end = record.end
    this.origin = origin
    this.type = type
    this.callId = callId
    this.tMs = tMs
    this.evidence = evidence
    this.#bytes = record.bytes
    this.#leaf = leaf
  }

  get entry(): Entry {
    // These bytes are known to be the only spelling of an entry.
    this.#entry ??= JSON.parse(this.#bytes.toString('utf8')) as Entry
    return this.#entry
  }

  /** Every call that it is about. */
  get calls(): readonly CallId[] {
    if (this.type === 'acks.received') return callsOf(this.entry)
    return this.callId === undefined ? [] : [this.callId]
  }

  /** base64url. */
  get leafHash(): string {
    return encodeBase64url(this.#leaf)
  }

  /** What was found of the signed object in it. */
  get verdict(): EvidenceVerdict {
    return this.evidence === undefined ? { kind: 'none' } : verdictOf(this.evidence, this.entry)
  }
}
