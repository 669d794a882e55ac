/**
 * Makes and verifies fork proofs: that a log has signed two histories, for anybody who has its key. Pure; needs the keys
 * of kernels only where a kernel's own signed answer is the evidence.
 */
import {
  type CheckpointReference,
  type Did,
  type ForkProof,
  forkProofSchema,
  HEADS_TYP,
  type HeadsRequest,
  headsRequestSchema,
  headsSchema,
  MAX_FORK_PROOF_BYTES,
  MAX_HEADS_BYTES,
} from '@hansa/protocols'
import type { KeyResolver } from '../did/key-resolver.ts'
import { decodeBase64url } from '../encoding/base64url.ts'
import { taggedHash } from '../encoding/hash.ts'
import { parseStrictJson } from '../json/parse-strict-json.ts'
import { verifyConsistency } from '../merkle/consistency.ts'
import { verifyJws } from '../signed/jws.ts'
import { unverifiedPart } from '../signed/unverified-part.ts'
import { verifyCheckpoint } from './checkpoint.ts'
import { parseVkey, withSignaturesOf } from './note.ts'

/** A checkpoint as its log signed it, verified. */
export type NotedHead = { checkpoint: CheckpointReference; note: string }

/** That the tree of `to` leaves begins with the tree of `from` leaves whose root is `fromRoot`; base64url. */
export type PrefixProof = { fromRoot?: string | undefined; path?: readonly string[] | undefined }

export type HeadsVerdict =
  | { kind: 'one_history' }
  | { kind: 'two_roots' }
  | { kind: 'other_prefix' }
  | { kind: 'unproven' }

/**
 * What two checkpoints of one log say of it.
 * @param small the one with fewer entries, or either of two of one size
 * @param proof what the log's kernel gave for these two sizes; needed when they differ
 */
export function judgeHeads(
  small: CheckpointReference,
  large: CheckpointReference,
  proof: PrefixProof = {},
): HeadsVerdict {
  if (small.size === large.size) return small.root === large.root ? { kind: 'one_history' } : { kind: 'two_roots' }
  // Every tree extends the empty one.
  if (small.size === 0) return { kind: 'one_history' }
  if (extendsFrom(small.root, small, large, proof)) return { kind: 'one_history' }
  const { fromRoot } = proof
  const other = fromRoot !== undefined && fromRoot !== small.root && extendsFrom(fromRoot, small, large, proof)
  return { kind: other ? 'other_prefix' : 'unproven' }
}

function extendsFrom(
  root: string,
  small: CheckpointReference,
  large: CheckpointReference,
  { path }: PrefixProof,
): boolean {
  const hashes = path?.map((hash) => decodeBase64url(hash))
  const [fromRoot, toRoot] = [decodeBase64url(root), decodeBase64url(large.root)]
  if (hashes === undefined || fromRoot === undefined || toRoot === undefined) return false
  const known = hashes.filter((hash) => hash !== undefined)
  if (known.length !== hashes.length) return false
  return verifyConsistency({ fromSize: small.size, toSize: large.size, fromRoot, toRoot, path: known })
}

export type ForkFound = {
  log: { origin: string; vkey: string }
  small: NotedHead
  large: NotedHead
  claim: ForkProof['claim']
  proof?: PrefixProof
  /** What the log's kernel was asked, and its signed answer. */
  asked?: { question: string; answer: string }
  by: Did
  /** Unix seconds. */
  at: number
}

/** The note with one signature of its log and no other: a log can sign as often as it likes, and one is enough. */
export function bareNote(note: string, vkey: string): string {
  const verdict = parseVkey(vkey)
  const own = verdict.ok ? withSignaturesOf(note, [verdict.verifier]) : undefined
  return own === undefined ? note : own.slice(0, own.indexOf('\n', own.lastIndexOf('\n\n') + 2) + 1)
}

export function forkProof({ log, small, large, claim, proof, asked, by, at }: ForkFound): ForkProof {
  const bare = (note: string) => bareNote(note, log.vkey)
  return {
    v: 1,
    kind: 'hansa-fork-proof',
    log,
    claim,
    notes: [bare(small.note), bare(large.note)],
    ...(claim === 'other_prefix' ? { prefix_root: proof?.fromRoot ?? '', path: [...(proof?.path ?? [])] } : {}),
    ...(claim === 'unproven' && asked !== undefined ? { question: asked.question, answer: asked.answer } : {}),
    by,
    at,
  }
}

export function forkProofText(proof: ForkProof): string {
  return `${JSON.stringify(proof, null, 2)}\n`
}

/** @returns undefined for what is none, and for what is malformed. */
export function readForkProof(bytes: Uint8Array): ForkProof | undefined {
  if (bytes.length > MAX_FORK_PROOF_BYTES) return undefined
  const parsed = parseStrictJson(bytes, 'object')
  const proof = parsed.ok ? forkProofSchema.safeParse(parsed.value) : undefined
  return proof?.success === true ? proof.data : undefined
}

export type ForkReport = {
  /** `fork`: the log has two histories. `suspected`: its kernel did not show that it has one. */
  verdict: 'fork' | 'suspected' | 'no_proof'
  exitCode: 1 | 2 | 0
  log: { origin: string; vkey: string }
  claim: ForkProof['claim']
  /** What the two notes say, where they verify. */
  heads: CheckpointReference[]
  /** One sentence: what is proven, or what is wrong with the file. */
  text: string
  /** Claims that the file and the keys cannot settle. */
  unchecked: string[]
}

export type VerifyForkInit = {
  /** Key of the log, from outside. Without it the file's own word counts, and the report says so. */
  vkey?: string
  resolver: KeyResolver
}

/** Never throws for anything in the proof. */
export async function verifyForkProof(proof: ForkProof, { vkey, resolver }: VerifyForkInit): Promise<ForkReport> {
  const { log, claim, notes } = proof
  const unchecked =
    vkey === undefined ? ["No key of the log was given: that the key in the file is the log's was not checked."] : []
  const report = (verdict: ForkReport['verdict'], text: string, heads: CheckpointReference[] = []): ForkReport => {
    const exitCode = ({ fork: 1, suspected: 2, no_proof: 0 } as const)[verdict]
    return { verdict, exitCode, log, claim, heads, text, unchecked }
  }
  if (vkey !== undefined && vkey !== log.vkey)
    return report('no_proof', `The file is about the key ${log.vkey}, and not the one that was given.`)
  const verdicts = notes.map((note) => verifyCheckpoint(note, log.vkey))
  const heads = verdicts.flatMap((verdict) => (verdict.ok ? [verdict.checkpoint] : []))
  const [small, large] = heads
  if (small === undefined || large === undefined) return report('no_proof', 'The log did not sign both notes.', heads)
  if (small.origin !== log.origin || large.origin !== log.origin || small.size > large.size)
    return report('no_proof', 'The notes are not two checkpoints of this log, the smaller one first.', heads)
  const { kind } = judgeHeads(small, large, { fromRoot: proof.prefix_root, path: proof.path })
  if (kind === 'two_roots') return report('fork', `The log has signed two roots at ${small.size} entries.`, heads)
  if (kind === 'other_prefix') {
    const text = `The log signed a tree of ${large.size} entries that begins with other ${small.size} entries than those it had signed before.`
    return report('fork', text, heads)
  }
  if (kind === 'one_history') return report('no_proof', 'The two checkpoints are of one history.', heads)
  const refused = await refusedToProve(proof, small, large, resolver)
  if (refused !== undefined) return report('no_proof', refused, heads)
  unchecked.push('Whether the kernel has two histories or has lost one, its answer does not show.')
  const text = `Asked under its signature, the kernel did not prove that ${large.size} entries extend the ${small.size} that it had signed before.`
  return report('suspected', text, heads)
}

/** @returns what is missing for saying that the log's own kernel was asked and did not prove it. */
async function refusedToProve(
  { log, question, answer }: ForkProof,
  small: CheckpointReference,
  large: CheckpointReference,
  resolver: KeyResolver,
): Promise<string | undefined> {
  const asked = question === undefined ? undefined : readQuestion(question)
  if (answer === undefined || asked === undefined)
    return 'Nothing shows that the two checkpoints are not of one history.'
  const verdict = await verifyJws(answer, {
    typ: HEADS_TYP,
    resolver,
    maxBytes: MAX_HEADS_BYTES,
    issuedAt: (payload) => payload.iat,
    issuerOf: (payload) => payload.iss,
  })
  if (!verdict.ok) return `The answer of the kernel does not verify: ${verdict.reason}.`
  const heads = headsSchema.safeParse(verdict.payload)
  if (!heads.success) return 'The answer of the kernel is malformed.'
  const { iss, log: current, request, prove } = heads.data
  if (!log.origin.startsWith(`${iss}/log/`)) return `The answer is of ${iss}, whose log this is not.`
  if (current !== log.origin) return `The kernel goes on in ${current}; what a restore lost is no fork.`
  const { from, to, note = '' } = asked.prove ?? {}
  if (request !== asked.hash || asked.aud !== iss || from !== small.size || to !== large.size)
    return 'The answer is to another question.'
  // An honest log that is asked about entries before it has them proves nothing either, and signs them later.
  const shown = verifyCheckpoint(note, log.vkey)
  if (!shown.ok || shown.checkpoint.size !== large.size || shown.checkpoint.root !== large.root)
    return 'Nothing shows that the log had signed the larger checkpoint when it was asked.'
  const { kind } = judgeHeads(small, large, { fromRoot: prove?.from_root, path: prove?.path })
  return kind === 'one_history' ? 'The answer proves that the two checkpoints are of one history.' : undefined
}

/** What was asked; who asked it does not matter, because the answer names the hash of it. */
function readQuestion(jws: string): (HeadsRequest & { hash: string }) | undefined {
  const payload = unverifiedPart(jws, 1)
  const request = headsRequestSchema.safeParse(payload?.value)
  return payload !== undefined && request.success
    ? { ...request.data, hash: taggedHash('heads-request', payload.bytes) }
    : undefined
}
