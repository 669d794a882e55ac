/**
 * The request and the judgement of a witness (https://c2sp.org/tlog-witness, add-checkpoint). Pure: keeping what was
 * cosigned, and doing so before another request is judged, is whoever calls `judgeSubmission`.
 */
import type { CheckpointReference } from '@hansa/protocols'
import { decodeBase64url } from '../encoding/base64url.ts'
import { verifyConsistency } from '../merkle/consistency.ts'
import { emptyRoot, HASH_BYTES } from '../merkle/hashing.ts'
import { parseCheckpoint, verifyCheckpoint } from './checkpoint.ts'
import { fromBase64, splitNote } from './note.ts'

/** Bytes of a request: 63 hashes and a note with many signatures. */
export const MAX_SUBMISSION_BYTES = 65_536
const MAX_PROOF_LINES = 63

export type Submission = {
  oldSize: number
  /** Hashes of the consistency proof. */
  proof: Uint8Array[]
  /** The checkpoint as it came. */
  note: string
  /** What it says, signed by whomever. */
  claimed: CheckpointReference
  /** Its text, which is what is cosigned. */
  text: string
}

/** @param proof base64url, as `Ledger.consistency` gives it. */
export function formatSubmission(oldSize: number, proof: readonly string[], note: string): string {
  const lines = proof.map((hash) => `${Buffer.from(hash, 'base64url').toString('base64')}\n`)
  return `old ${oldSize}\n${lines.join('')}\n${note}`
}

/** @returns undefined for what the specification answers with 400. */
export function parseSubmission(body: Uint8Array): Submission | undefined {
  if (body.length > MAX_SUBMISSION_BYTES) return undefined
  const whole = Buffer.from(body).toString('utf8')
  const blank = whole.indexOf('\n\n')
  if (blank < 0) return undefined
  const [first = '', ...lines] = whole.slice(0, blank).split('\n')
  const digits = /^old (0|[1-9][0-9]{0,15})$/.exec(first)?.[1]
  const proof = lines.map(fromBase64)
  const note = whole.slice(blank + 2)
  const parts = splitNote(note)
  const claimed = parts && parseCheckpoint(parts.text)
  if (digits === undefined || parts === undefined || claimed === undefined || proof.length > MAX_PROOF_LINES)
    return undefined
  const oldSize = Number(digits)
  if (!Number.isSafeInteger(oldSize) || oldSize > claimed.size) return undefined
  const hashes = proof.filter((hash) => hash !== undefined && hash.length === HASH_BYTES) as Buffer[]
  return hashes.length === proof.length ? { oldSize, proof: hashes, note, claimed, text: parts.text } : undefined
}

export type SubmissionVerdict =
  | { ok: true; checkpoint: CheckpointReference }
  /** Of an unknown log, or not signed by it. */
  | { ok: false; status: 404 | 403; reason: string }
  /** What was cosigned last is another size. */
  | { ok: false; status: 409; size: number; reason: string }
  /** `forked`: the log has signed two roots of one size. */
  | { ok: false; status: 422; reason: string; forked?: true }

/**
 * @param vkeys that are trusted for the origin of the submission; empty when the log is not known.
 * @param latest what this witness cosigned last of the log.
 */
export function judgeSubmission(
  submission: Submission,
  vkeys: readonly string[],
  latest: CheckpointReference | undefined,
): SubmissionVerdict {
  const signed = signedBy(submission, vkeys)
  if (signed !== undefined) return signed
  const { oldSize, claimed, proof } = submission
  const size = latest?.size ?? 0
  if (oldSize !== size) return { ok: false, status: 409, size, reason: `${size} entries were cosigned last` }
  const root = decodeBase64url(claimed.root) ?? new Uint8Array(0)
  if (claimed.size === 0 && Buffer.compare(root, emptyRoot) !== 0)
    return { ok: false, status: 422, reason: 'the root of an empty log is another one' }
  if (latest === undefined || size === 0) {
    if (proof.length > 0) return { ok: false, status: 422, reason: 'nothing is to be proven of the first checkpoint' }
    return { ok: true, checkpoint: claimed }
  }
  if (claimed.size === size && claimed.root !== latest.root)
    return { ok: false, status: 422, forked: true, reason: `the log has signed two roots at ${size} entries` }
  const fromRoot = decodeBase64url(latest.root) ?? new Uint8Array(0)
  const proven = verifyConsistency({ fromSize: size, toSize: claimed.size, fromRoot, toRoot: root, path: proof })
  return proven
    ? { ok: true, checkpoint: claimed }
    : { ok: false, status: 422, reason: `nothing proves that the log extends its first ${size} entries` }
}

function signedBy({ note }: Submission, vkeys: readonly string[]): SubmissionVerdict | undefined {
  if (vkeys.length === 0) return { ok: false, status: 404, reason: 'the log is not known' }
  const verdicts = vkeys.map((vkey) => verifyCheckpoint(note, vkey))
  // A line of a trusted key that does not verify spoils the note, whatever other lines say.
  const forged = verdicts.some((verdict) => !verdict.ok && verdict.reason === 'note_forged')
  if (!forged && verdicts.some(({ ok }) => ok)) return undefined
  return {
    ok: false,
    status: 403,
    reason: forged ? 'a signature of the log does not verify' : 'the log did not sign it',
  }
}

/** What a client makes of status and body of an answer. */
export type SubmissionAnswer =
  | { kind: 'cosigned'; lines: string }
  /** The witness has cosigned this size last. */
  | { kind: 'conflict'; size: number }
  | { kind: 'refused'; status: number }

const MAX_ANSWER_CHARS = 65_536

export function readSubmissionAnswer(status: number, body: Uint8Array): SubmissionAnswer {
  const text = Buffer.from(body).toString('utf8')
  if (status === 200 && text.length <= MAX_ANSWER_CHARS && /^(?:— [^\n]+\n)+$/.test(text))
    return { kind: 'cosigned', lines: text }
  const size = status === 409 ? /^(0|[1-9][0-9]{0,15})\n?$/.exec(text)?.[1] : undefined
  return size === undefined ? { kind: 'refused', status } : { kind: 'conflict', size: Number(size) }
}
