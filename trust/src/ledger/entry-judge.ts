/** What a verifier looks at entry by entry, beyond the form of the log: calls, clock, signed objects. */
import { didKeyResolver } from '../did/did-key-resolver.ts'
import type { KeyResolver } from '../did/key-resolver.ts'
import { type EnvelopeVerifier, envelopeVerifier } from '../signed/envelope-verifier.ts'
import type { CallRules } from './call-rules.ts'
import { checkEvidence, KEY_COMPROMISED, noteOf, SKIPPED } from './evidence.ts'
import type { FaultList } from './fault-list.ts'
import { isBefore } from './inspect-stretch.ts'
import type { LogFaultCode } from './report.ts'
import type { Since } from './stretch.ts'
import type { WalkedEntry } from './walked-entry.ts'

/** How far the wall clock of one log may run back before it is remarked on, ms (security.md B0.4). */
const SKEW_MS = 60_000
const MAX_LISTED = 20
const COMPROMISED = 'the key of its signature was compromised by then, as its owner says; the signature proves nothing.'

export type EntryJudgeInit = {
  faults: FaultList
  calls: CallRules
  resolver?: KeyResolver | undefined
  since?: Since | undefined
  visit?: ((walked: WalkedEntry) => void) | undefined
}

export class EntryJudge {
  readonly calls: CallRules
  readonly remarks: string[] = []
  readonly unresolved = new Set<string>()
  readonly doubts: string[] = []
  /** Signatures of the other side that were verified. */
  evidence = 0
  /** Entries whose signed object was not looked at, and the first one whose was. */
  skipped = 0
  firstJudged: number | undefined
  readonly #init: EntryJudgeInit
  readonly #verifier: EnvelopeVerifier
  #lastMs = 0

  constructor(init: EntryJudgeInit) {
    this.calls = init.calls
    this.#init = init
    this.#verifier = envelopeVerifier({ resolver: init.resolver ?? didKeyResolver() })
  }

  /** Entries in order. */
  async judge(entries: readonly WalkedEntry[]): Promise<void> {
    for (const walked of entries) {
      if (walked.evidence === undefined) await this.#look(walked)
      this.#entry(walked)
      this.#init.visit?.(walked)
    }
  }

  /** At the signed object of an entry in whose stretch something is wrong. */
  async #look(walked: WalkedEntry): Promise<void> {
    const early = isBefore(walked.entry, this.#init.since)
    walked.evidence = early ? SKIPPED : noteOf(await checkEvidence(walked.entry, this.#verifier))
  }

  #entry(walked: WalkedEntry): void {
    const { seq } = walked
    const wrong = this.calls.check(walked)
    if (wrong !== undefined) this.#fault(walked, 'call_malformed', `entry ${seq}: ${wrong}`)
    this.#clock(seq, walked.tMs)
    const note = walked.evidence
    if (note?.kind === 'skipped') this.skipped++
    else this.firstJudged ??= seq
    if (note?.kind === 'good' && !note.own) this.evidence++
    if (note?.kind === 'good' && note.doubt !== undefined && this.doubts.length < MAX_LISTED) {
      this.doubts.push(`Entry ${seq}: ${note.doubt}; the entry is dated back, or one of the two clocks was wrong.`)
    }
    if (note?.kind === 'unchecked' && note.reason === KEY_COMPROMISED) {
      if (this.doubts.length < MAX_LISTED) this.doubts.push(`Entry ${seq}: ${COMPROMISED}`)
    } else if (note?.kind === 'unchecked' && this.unresolved.size < MAX_LISTED) {
      const { peer, ext } = walked.entry
      this.unresolved.add(peer ?? ext?.envelope?.proof.kid ?? 'an unnamed peer')
    }
    if (note?.kind === 'forged') {
      this.#fault(walked, 'evidence_forged', `entry ${seq}: the signature in it does not verify (${note.reason})`)
    }
    if (note?.kind === 'contradicts') {
      this.#fault(walked, 'evidence_contradicts', `entry ${seq} contradicts the object in it: ${note.reason}`)
    }
  }

  #fault({ file, offset, seq }: WalkedEntry, code: LogFaultCode, text: string): void {
    this.#init.faults.add({ code, file, offset, seq, text })
  }

  #clock(seq: number, tMs: number): void {
    const back = this.#lastMs - tMs
    if (back > SKEW_MS && this.remarks.length < MAX_LISTED) {
      this.remarks.push(
        `The wall clock runs back by ${Math.round(back / 1000)} s at entry ${seq}; order is by sequence.`,
      )
    }
    this.#lastMs = tMs
  }
}
