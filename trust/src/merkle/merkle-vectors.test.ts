import { expect, it } from 'vitest'
import { describeVectors, vectorFiles, vectorJson } from '../testing/published-vectors.ts'
import { verifyConsistency } from './consistency.ts'
import { leafHash } from './hashing.ts'
import { verifyInclusion } from './inclusion.ts'
import { rootOf } from './tree.ts'

type Inclusion = {
  leafIdx: number
  treeSize: number
  root: string
  leafHash: string
  proof: string[] | null
  wantErr: boolean
}
type Consistency = {
  size1: number
  size2: number
  root1: string
  root2: string
  proof: string[] | null
  wantErr: boolean
}
type KnownAnswers = {
  rfc6962: { leaves_hex: string[]; roots_hex: string[] }
  tlog: { record: string; leaf_hash_b64: string }[]
}

const bytes = (base64: string) => Buffer.from(base64, 'base64')

describeVectors('published Merkle tree vectors', () => {
  const answers = vectorJson<KnownAnswers>('known-answers.json')

  it('gives the 9 roots of RFC 6962 reference trees', () => {
    const leaves = answers.rfc6962.leaves_hex.map((hex) => leafHash(Buffer.from(hex, 'hex')))
    const roots = answers.rfc6962.roots_hex.map((_root, size) => rootOf(leaves.slice(0, size)))
    expect(roots.map((root) => Buffer.from(root).toString('hex'))).toEqual(answers.rfc6962.roots_hex)
    expect(roots).toHaveLength(9)
  })

  it('gives the leaf hash of the Go checksum database', () => {
    for (const { record, leaf_hash_b64 } of answers.tlog) {
      expect(Buffer.from(leafHash(Buffer.from(record))).toString('base64')).toBe(leaf_hash_b64)
    }
  })

  it('agrees with all 98 inclusion proofs', () => {
    const files = vectorFiles('merkle-rfc6962/testdata/inclusion')
    const wrong = files.filter((file) => {
      const { leafIdx, treeSize, root, leafHash: leaf, proof, wantErr } = vectorJson<Inclusion>(file)
      const path = (proof ?? []).map(bytes)
      return (
        verifyInclusion({ index: leafIdx, size: treeSize, leafHash: bytes(leaf), path, root: bytes(root) }) === wantErr
      )
    })
    expect(files).toHaveLength(98)
    expect(wrong).toEqual([])
  })

  it('agrees with 97 of 98 consistency proofs; the other has roots that are not hashes', () => {
    const files = vectorFiles('merkle-rfc6962/testdata/consistency')
    const wrong = files.filter((file) => {
      const { size1, size2, root1, root2, proof, wantErr } = vectorJson<Consistency>(file)
      const path = (proof ?? []).map(bytes)
      const init = { fromSize: size1, toSize: size2, fromRoot: bytes(root1), toRoot: bytes(root2), path }
      return verifyConsistency(init) === wantErr
    })
    expect(files).toHaveLength(98)
    expect(wrong).toEqual([
      'merkle-rfc6962/testdata/consistency/additional/sizes-are-equal-one-and-proof-is-empty.json',
    ])
  })
})
