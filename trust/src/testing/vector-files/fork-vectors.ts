/** Proofs that a log has two histories, and files that only look like one (protocols: fork-proof, heads). */
import type { CheckpointReference, ForkProof, Heads, HeadsRequest } from '@hansa/protocols'
import { HEADS_REQUEST_TYP, HEADS_TYP } from '@hansa/protocols'
import { encodeBase64url } from '../../encoding/base64url.ts'
import { sha256, taggedHash } from '../../encoding/hash.ts'
import { formatCheckpoint } from '../../ledger/checkpoint.ts'
import { forkProof, type NotedHead } from '../../ledger/fork-proof.ts'
import { noteKey } from '../../ledger/note.ts'
import { consistencyPath } from '../../merkle/consistency.ts'
import { leafHash } from '../../merkle/hashing.ts'
import { rootOf } from '../../merkle/tree.ts'
import { signJws } from '../../signed/jws.ts'
import { bob, mallory } from '../actors.ts'
import { NOW } from '../manifests.ts'
import { filesOf, type VectorFile } from './vector-file.ts'

const key = noteKey(`${mallory.did}/log/1`, sha256('hansa test log key of mallory'))
const log = { origin: key.name, vkey: key.vkey }
const one = Array.from({ length: 9 }, (_, at) => leafHash(Buffer.from(`entry ${at}`)))
/** The same up to three entries. */
const two = one.map((leaf, at) => (at < 3 ? leaf : leafHash(Buffer.from(`another entry ${at}`))))
const [SMALL, LARGE] = [5, 8]

function headOf(size: number, of: readonly Uint8Array[], signer = key): NotedHead {
  const checkpoint: CheckpointReference = { origin: key.name, size, root: encodeBase64url(rootOf(of.slice(0, size))) }
  return { checkpoint, note: signer.sign(formatCheckpoint(checkpoint)) }
}
const prefixOf = (of: readonly Uint8Array[]) => ({
  fromRoot: headOf(SMALL, of).checkpoint.root,
  path: consistencyPath(of.slice(0, LARGE), SMALL).map(encodeBase64url),
})
const found = { log, by: bob.did, at: NOW }

type Prove = NonNullable<HeadsRequest['prove']>

function exchange(prove?: Heads['prove'], over: Partial<Prove> = {}): { question: string; answer: string } {
  const request: HeadsRequest = {
    v: 1,
    iss: bob.did,
    aud: mallory.did,
    iat: NOW,
    exp: NOW + 60,
    nonce: encodeBase64url(sha256('a nonce')),
    logs: [],
    prove: { from: SMALL, to: LARGE, note: headOf(LARGE, two).note, ...over },
  }
  const question = signJws(bob, HEADS_REQUEST_TYP, request)
  const heads: Heads = {
    v: 1,
    iss: mallory.did,
    aud: bob.did,
    iat: NOW,
    request: taggedHash('heads-request', question.payloadBytes),
    log: key.name,
    heads: [],
    ...(prove === undefined ? {} : { prove }),
  }
  return { question: question.jws, answer: signJws(mallory, HEADS_TYP, heads).jws }
}

const twoRoots = forkProof({ ...found, small: headOf(SMALL, one), large: headOf(SMALL, two), claim: 'two_roots' })
const [small, large] = [headOf(SMALL, one), headOf(LARGE, two)]
const otherPrefix = forkProof({ ...found, small, large, claim: 'other_prefix', proof: prefixOf(two) })
const unproven = (asked = exchange(), of = two): ForkProof =>
  forkProof({ ...found, small, large: headOf(LARGE, of), claim: 'unproven', asked })
const { fromRoot, path } = prefixOf(one)

const given = (description: string, proof: ForkProof, verdict: string) => ({
  description,
  vkey: key.vkey,
  proof,
  verdict,
})

export function forkVectors(): VectorFile[] {
  return [
    ...filesOf('fork/valid', {
      'two-roots': given('two roots of one size', twoRoots, 'fork'),
      'other-prefix': given('the larger tree begins with another tree of the smaller size', otherPrefix, 'fork'),
      unproven: given('asked under its signature, the kernel gave no proof', unproven(), 'suspected'),
    }),
    ...filesOf('fork/invalid', {
      'one-history': given(
        'two checkpoints of one history, with the proof that it is one',
        { ...otherPrefix, notes: [small.note, headOf(LARGE, one).note], prefix_root: fromRoot, path },
        'no_proof',
      ),
      'root-made-up': given(
        'a root that no path leads from',
        { ...otherPrefix, prefix_root: encodeBase64url(sha256('made up')) },
        'no_proof',
      ),
      'nothing-shown': given(
        'two sizes, and nothing that shows that they do not fit',
        forkProof({ ...found, small, large, claim: 'two_roots' }),
        'no_proof',
      ),
      'another-key': given(
        'a note that another key signed',
        { ...twoRoots, notes: [small.note, headOf(SMALL, two, noteKey(key.name, sha256('of bob'))).note] },
        'no_proof',
      ),
      'another-question': given(
        'the kernel was asked about other sizes',
        unproven(exchange(undefined, { from: 4 })),
        'no_proof',
      ),
      'asked-ahead': given(
        'the kernel was asked about entries that it had not signed yet',
        unproven(exchange(undefined, { note: headOf(LARGE - 1, one).note }), one),
        'no_proof',
      ),
      'answer-proves': given(
        'the answer of the kernel proves that it is one history',
        unproven(exchange({ from_root: fromRoot, path }, { note: large.note }), one),
        'no_proof',
      ),
    }),
  ]
}
