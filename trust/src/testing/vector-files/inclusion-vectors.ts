/** What a receipt promises, the question about it, and the answer of the kernel that promised (protocols: inclusion). */
import { INCLUSION_TYP } from '@hansa/protocols'
import { encodeBase64url } from '../../encoding/base64url.ts'
import { sha256 } from '../../encoding/hash.ts'
import { formatCheckpoint } from '../../ledger/checkpoint.ts'
import { noteKey } from '../../ledger/note.ts'
import { consistencyPath } from '../../merkle/consistency.ts'
import { leafHash } from '../../merkle/hashing.ts'
import { inclusionPath } from '../../merkle/inclusion.ts'
import { rootOf } from '../../merkle/tree.ts'
import { signJws } from '../../signed/jws.ts'
import { alice, bob } from '../actors.ts'
import { NOW } from '../manifests.ts'
import { filesOf, type VectorFile } from './vector-file.ts'

const ORIGIN = 'b.example/hansa/log/1'
const key = noteKey(ORIGIN, sha256('hansa test log key'))
const leaves = Array.from({ length: 7 }, (_, at) => leafHash(Buffer.from(`entry ${at}`)))
const [INDEX, SEEN] = [4, 3]

const texts = (hashes: readonly Uint8Array[]) => hashes.map(encodeBase64url)
const noteOf = (size: number, signer = key) =>
  signer.sign(formatCheckpoint({ origin: ORIGIN, size, root: encodeBase64url(rootOf(leaves.slice(0, size))) }))

const question = {
  v: 1,
  iss: alice.did,
  aud: bob.did,
  sid: 'S'.repeat(22),
  origin: ORIGIN,
  seen: SEEN,
  entries: [INDEX],
  iat: NOW,
  exp: NOW + 60,
}
const common = {
  now: NOW,
  vkey: key.vkey,
  promise: { origin: ORIGIN, index: INDEX, leaf_hash: encodeBase64url(leaves[INDEX] ?? new Uint8Array()) },
  seen: { origin: ORIGIN, size: SEEN, root: encodeBase64url(rootOf(leaves.slice(0, SEEN))) },
  question: signJws(alice, INCLUSION_TYP, question).jws,
}
const good = {
  v: 1,
  note: noteOf(7),
  consistency: texts(consistencyPath(leaves, SEEN)),
  proofs: [texts(inclusionPath(leaves, INDEX))],
}

export function inclusionVectors(): VectorFile[] {
  return [
    ...filesOf('inclusion/valid', {
      kept: {
        description: 'the promised entry is under a checkpoint that extends the one that was seen',
        ...common,
        answer: good,
      },
    }),
    ...filesOf('inclusion/invalid', {
      'no-proof': {
        description: 'no proof of the entry',
        ...common,
        answer: { ...good, proofs: [null] },
        reason: 'no_proof',
      },
      'another-entry': {
        description: 'the proof of another entry',
        ...common,
        answer: { ...good, proofs: [texts(inclusionPath(leaves, INDEX + 1))] },
        reason: 'another_entry',
      },
      'too-short': {
        description: 'a checkpoint that ends before the entry',
        ...common,
        answer: { ...good, note: noteOf(4), consistency: texts(consistencyPath(leaves.slice(0, 4), SEEN)) },
        reason: 'too_short',
      },
      'does-not-extend': {
        description: 'nothing proves that the log extends what was seen of it',
        ...common,
        answer: { ...good, consistency: [] },
        reason: 'checkpoint',
      },
      'another-key': {
        description: 'a checkpoint that another key signed',
        ...common,
        answer: { ...good, note: noteOf(7, noteKey(ORIGIN, sha256('mallory test log key'))) },
        reason: 'checkpoint',
      },
    }),
  ]
}
