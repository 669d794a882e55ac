/**
 * Verifies a tlog-proof and the entry that it is of, offline: that the log signed a tree with this entry in it, and what
 * the entry holds of the other side. The key of the log comes from outside.
 */
import type { CheckpointReference, Entry } from '@hansa/protocols'
import { didKeyResolver } from '../../did/did-key-resolver.ts'
import type { KeyResolver } from '../../did/key-resolver.ts'
import { decodeBase64url, encodeBase64url } from '../../encoding/base64url.ts'
import { HASH_BYTES, leafHash } from '../../merkle/hashing.ts'
import { verifyInclusion } from '../../merkle/inclusion.ts'
import { envelopeVerifier } from '../../signed/envelope-verifier.ts'
import { unverifiedCheckpoint, verifyCheckpoint } from '../checkpoint.ts'
import { readEntry } from '../entry-bytes.ts'
import { checkEvidence } from '../evidence.ts'
import { type LedgerExitCode, ledgerExitCodes, type QuorumReport } from '../report.ts'
import { checkQuorum, type TlogPolicy } from '../tlog-policy.ts'
import { parseTlogProof, type TlogProof } from './tlog-proof.ts'

export type ProofFaultCode =
  | 'proof_malformed'
  | 'checkpoint_forged'
  | 'checkpoint_damaged'
  | 'inclusion_broken'
  | 'entry_invalid'
  | 'record_order'
  | 'origin_changed'
  | 'evidence_forged'
  | 'evidence_contradicts'

export type ProofFault = { code: ProofFaultCode; text: string }

export type ProofReport = {
  verdict: 'clean' | 'incomplete' | 'violation'
  exitCode: LedgerExitCode
  /** What the checkpoint says; absent when it cannot be read. */
  checkpoint?: CheckpointReference
  /** Position of the entry in the log. */
  index?: number
  /** RFC 6962, base64url. */
  leafHash: string
  /** Absent when it cannot be read. */
  entry?: Entry
  /** Whether the entry holds a signature of the other side that was verified. */
  evidence: boolean
  /** Absent when no witnesses were named. */
  quorum?: QuorumReport
  faults: ProofFault[]
  incomplete: string[]
  unchecked: string[]
}

export type VerifyProofInit = {
  /** Verifier key of the log, from outside. Without it the proof proves nothing. */
  vkey?: string
  witnesses?: TlogPolicy
  /** For the keys of peers whose signed objects are in the entry. @default did:key only, which needs no network */
  resolver?: KeyResolver
}

/**
 * @param text of the file. @param bytes of the entry, exactly as they are in the log.
 * @throws RangeError for a vkey that is none
 */
export async function verifyProof(text: string, bytes: Uint8Array, init: VerifyProofInit = {}): Promise<ProofReport> {
  const findings = new Findings(bytes)
  const proof = parseTlogProof(text)
  if (proof === undefined) findings.fault('proof_malformed', 'this is not a tlog-proof in the form that C2SP describes')
  else {
    findings.index = proof.index
    checkSigned(findings, proof, init.vkey)
    checkIncluded(findings, proof, bytes)
    checkWitnesses(findings, proof, init.witnesses)
  }
  await checkEntry(findings, bytes, init.resolver ?? didKeyResolver())
  return findings.report()
}

class Findings {
  index: number | undefined
  checkpoint: CheckpointReference | undefined
  entry: Entry | undefined
  quorum: QuorumReport | undefined
  evidence = false
  readonly faults: ProofFault[] = []
  readonly incomplete: string[] = []
  readonly unchecked: string[] = []
  readonly #leafHash: string

  constructor(bytes: Uint8Array) {
    this.#leafHash = encodeBase64url(leafHash(bytes))
  }

  fault(code: ProofFaultCode, text: string): void {
    this.faults.push({ code, text })
  }

  report(): ProofReport {
    const { index, checkpoint, entry, quorum, evidence, faults, incomplete, unchecked } = this
    const verdict = faults.length > 0 ? 'violation' : incomplete.length > 0 ? 'incomplete' : 'clean'
    return {
      verdict,
      exitCode: ledgerExitCodes[verdict],
      ...(checkpoint === undefined ? {} : { checkpoint }),
      ...(index === undefined ? {} : { index }),
      leafHash: this.#leafHash,
      ...(entry === undefined ? {} : { entry }),
      evidence,
      ...(quorum === undefined ? {} : { quorum }),
      faults,
      incomplete,
      unchecked,
    }
  }
}

function checkSigned(findings: Findings, { checkpoint: note }: TlogProof, vkey: string | undefined): void {
  findings.checkpoint = unverifiedCheckpoint(note)
  if (vkey === undefined) {
    findings.incomplete.push('No key of the log was given: anybody can have written this proof.')
    if (findings.checkpoint === undefined) findings.fault('checkpoint_damaged', 'there is no checkpoint in it')
    return
  }
  const verdict = verifyCheckpoint(note, vkey)
  if (verdict.ok) {
    findings.checkpoint = verdict.checkpoint
    return
  }
  if (verdict.reason.startsWith('vkey_')) throw new RangeError(`not a verifier key: ${verdict.reason}`)
  const signed = verdict.reason === 'note_forged' || verdict.reason === 'note_unsigned'
  if (signed) findings.fault('checkpoint_forged', `${vkey} did not sign the checkpoint in it`)
  else findings.fault('checkpoint_damaged', `what stands for its checkpoint is none (${verdict.reason})`)
}

function checkIncluded(findings: Findings, { index, path }: TlogProof, bytes: Uint8Array): void {
  const { checkpoint } = findings
  if (checkpoint === undefined) return
  const root = decodeBase64url(checkpoint.root) ?? new Uint8Array(HASH_BYTES)
  if (verifyInclusion({ index, size: checkpoint.size, leafHash: leafHash(bytes), path, root })) return
  const text = `the entry that was given is not entry ${index} of the ${checkpoint.size} under the checkpoint`
  findings.fault('inclusion_broken', text)
}

function checkWitnesses(findings: Findings, { checkpoint: note }: TlogProof, policy: TlogPolicy | undefined): void {
  if (policy === undefined) {
    findings.unchecked.push(
      'No witnesses were named: whoever holds the key of the log can have signed another history for somebody else.',
    )
    return
  }
  const { reached, cosigned, fault } = checkQuorum(note, policy)
  findings.quorum = { reached, size: findings.checkpoint?.size ?? 0, cosigned }
  if (fault !== undefined)
    findings.fault('checkpoint_forged', `a witness did not sign what stands under its name (${fault})`)
  if (reached) return
  const named = cosigned.map(({ name }) => name).join(', ') || 'none of them'
  findings.incomplete.push(`The checkpoint has no quorum: ${named} cosigned.`)
}

async function checkEntry(findings: Findings, bytes: Uint8Array, resolver: KeyResolver): Promise<void> {
  const reading = readEntry(bytes)
  if (!reading.ok) return findings.fault('entry_invalid', `what was given as the entry is none: ${reading.reason}`)
  const { entry } = reading
  const { index, checkpoint } = findings
  findings.entry = entry
  if (index !== undefined && entry.seq !== index)
    findings.fault('record_order', `entry ${index} says that it is entry ${entry.seq}`)
  if (checkpoint !== undefined && entry.origin !== checkpoint.origin)
    findings.fault('origin_changed', `the entry is of ${entry.origin}, and the checkpoint of ${checkpoint.origin}`)
  const verdict = await checkEvidence(entry, envelopeVerifier({ resolver }))
  if (verdict.kind === 'good') findings.evidence = !verdict.evidence.own
  if (verdict.kind === 'forged')
    findings.fault('evidence_forged', `the signature in it does not verify (${verdict.reason})`)
  if (verdict.kind === 'contradicts')
    findings.fault('evidence_contradicts', `it contradicts the object in it: ${verdict.reason}`)
  if (verdict.kind === 'unchecked')
    findings.unchecked.push(`The key of ${entry.peer ?? 'its signer'} is not at hand: its signature was not checked.`)
}
