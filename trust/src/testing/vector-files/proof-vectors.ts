/** Proofs of entries as they travel: a tlog-proof, the entry beside it, and the key of the log. */
import type { EntryDraft } from '@hansa/protocols'
import { encodeBase64url } from '../../encoding/base64url.ts'
import { sha256 } from '../../encoding/hash.ts'
import { formatCheckpoint } from '../../ledger/checkpoint.ts'
import { cosignerKey } from '../../ledger/cosignature.ts'
import { chainHash, entryText, GENESIS } from '../../ledger/entry-bytes.ts'
import { noteKey } from '../../ledger/note.ts'
import { formatTlogProof, parseTlogProof, type TlogProof } from '../../ledger/proof/tlog-proof.ts'
import { leafHash } from '../../merkle/hashing.ts'
import { inclusionPath } from '../../merkle/inclusion.ts'
import { rootOf } from '../../merkle/tree.ts'
import { NOW } from '../manifests.ts'
import { filesOf, type VectorFile } from './vector-file.ts'

const ORIGIN = 'b.example/hansa/log/1'
const key = noteKey(ORIGIN, sha256('hansa test log key'))
const malloryKey = noteKey(ORIGIN, sha256('mallory test log key'))
const witness = cosignerKey('w.example/witness', sha256('hansa test witness'))

const entries = entriesOf(7, ORIGIN)
const leaves = entries.map(leafHash)

function entriesOf(count: number, origin: string): Buffer[] {
  const all: Buffer[] = []
  for (let seq = 0; seq < count; seq++) {
    const last = all.at(-1)
    const place = { origin, seq, tMs: NOW * 1000 + seq, prev: last === undefined ? GENESIS : chainHash(last) }
    all.push(Buffer.from(entryText(seq === 0 ? { type: 'log.opened' } : callOf(seq), place)))
  }
  return all
}

function callOf(seq: number): EntryDraft {
  return {
    type: 'outcome',
    call_id: encodeBase64url(sha256(`hansa test id call ${seq}`).subarray(0, 16)),
    actor: 'agent:alice',
    cap: 'files.read',
    decision: 'permit',
    ext: { status: 'ok' },
  }
}

const headOf = (size: number) => ({ origin: ORIGIN, size, root: encodeBase64url(rootOf(leaves, 0, size)) })

function proofOf(index: number, size: number, by = key): TlogProof {
  const path = inclusionPath(leaves.slice(0, size), index)
  return { index, path, checkpoint: by.sign(formatCheckpoint(headOf(size))) }
}

function valid(description: string, proof: TlogProof) {
  const { index } = proof
  const size = Number(proof.checkpoint.split('\n')[1])
  const entry = encodeBase64url(entries[index] ?? new Uint8Array())
  return { description, vkey: key.vkey, proof: formatTlogProof(proof), entry, index, size, root: headOf(size).root }
}

function invalid(description: string, proof: TlogProof | string, reason: string, of?: Uint8Array) {
  const text = typeof proof === 'string' ? proof : formatTlogProof(proof)
  const entry = encodeBase64url(of ?? entries[parseTlogProof(text)?.index ?? 0] ?? new Uint8Array())
  return { description, vkey: key.vkey, proof: text, entry, reason }
}

export function proofVectors(): VectorFile[] {
  const middle = proofOf(3, 7)
  const text = formatTlogProof(middle)
  const body = formatCheckpoint(headOf(7))
  const other = entriesOf(1, 'c.example/hansa/log/1')[0] ?? new Uint8Array()
  return [
    ...filesOf('proof/valid', {
      middle: valid('an entry in the middle of a tree of seven', middle),
      only: valid('the only entry: the path is empty', proofOf(0, 1)),
      'right-edge': valid('the last entry, which has no sibling on its level', proofOf(6, 7)),
      'power-of-two': valid('the last entry of a full tree', proofOf(3, 4)),
      'extra-data': valid('with extra data, which prove nothing', { ...middle, extra: Buffer.from('order 4711') }),
      cosigned: valid('under a checkpoint that a witness cosigned, whose key is not known', {
        ...middle,
        checkpoint: `${middle.checkpoint}${witness.cosign(body, NOW)}`,
      }),
    }),
    ...filesOf('proof/invalid', {
      'other-entry': invalid('with the entry before it', middle, 'inclusion_broken', entries[2]),
      'other-index': invalid('at the place of its sibling', { ...middle, index: 2 }, 'inclusion_broken', entries[3]),
      'index-outside': invalid(
        'at a place that the tree does not have',
        { ...middle, index: 7 },
        'inclusion_broken',
        entries[3],
      ),
      'path-shorter': invalid('without the first hash', { ...middle, path: middle.path.slice(1) }, 'inclusion_broken'),
      'path-longer': invalid(
        'with a hash too many',
        { ...middle, path: [...middle.path, leaves[0] ?? new Uint8Array()] },
        'inclusion_broken',
      ),
      'inner-node': invalid(
        'two hashes of the tree in place of an entry',
        { ...middle, index: 1, path: middle.path.slice(1) },
        'inclusion_broken',
        Buffer.concat([leaves[2] ?? new Uint8Array(), leaves[3] ?? new Uint8Array()]),
      ),
      'signed-by-another': invalid(
        'the same tree under a key of mallory',
        proofOf(3, 7, malloryKey),
        'checkpoint_forged',
      ),
      'signature-of-another-size': invalid(
        'the signature of a smaller tree',
        { ...middle, checkpoint: `${body}\n${proofOf(3, 4).checkpoint.split('\n').at(-2)}\n` },
        'checkpoint_forged',
      ),
      'cosigned-only': invalid(
        'a witness signed it, and the log did not',
        { ...middle, checkpoint: `${body}\n${witness.cosign(body, NOW)}` },
        'checkpoint_forged',
      ),
      'extension-line': invalid(
        'the checkpoint has a fourth line',
        { ...middle, checkpoint: key.sign(`${body}extension\n`) },
        'checkpoint_damaged',
      ),
      'entry-of-another-log': invalid(
        'an entry that names another log',
        {
          index: 0,
          path: [],
          checkpoint: key.sign(formatCheckpoint({ origin: ORIGIN, size: 1, root: encodeBase64url(leafHash(other)) })),
        },
        'origin_changed',
        other,
      ),
      'entry-elsewhere': invalid(
        'an entry that says that it is another one',
        {
          index: 0,
          path: [],
          checkpoint: key.sign(
            formatCheckpoint({ origin: ORIGIN, size: 1, root: encodeBase64url(leafHash(entries[5] ?? other)) }),
          ),
        },
        'record_order',
        entries[5],
      ),
      'other-version': invalid('another version of the format', text.replace('@v1', '@v2'), 'proof_malformed'),
      'index-with-zero': invalid(
        'an index that begins with a zero',
        text.replace('index 3', 'index 03'),
        'proof_malformed',
        entries[3],
      ),
      base64url: invalid(
        'hashes in the other alphabet',
        text.replaceAll('+', '-').replaceAll('/', '_'),
        'proof_malformed',
        entries[3],
      ),
      'carriage-return': invalid(
        'lines that end in two characters',
        text.replaceAll('\n', '\r\n'),
        'proof_malformed',
        entries[3],
      ),
      'no-empty-line': invalid('without the empty line', text.replace('\n\n', '\n'), 'proof_malformed', entries[3]),
    }),
  ]
}
