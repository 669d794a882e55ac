import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { sha256 } from '../encoding/hash.ts'
import { consistencyPath, verifyConsistency } from './consistency.ts'
import { emptyRoot, leafHash, nodeHash, sameHash } from './hashing.ts'
import { inclusionPath, rootAndPaths, rootFromInclusionProof, verifyInclusion } from './inclusion.ts'
import { rootOf, splitPoint } from './tree.ts'

const leavesOf = (count: number) => Array.from({ length: count }, (_, index) => leafHash(Buffer.from(`leaf ${index}`)))

/** The tree written down as RFC 6962 section 2.1 defines it, over copies of lists. */
function naiveRoot(leaves: Uint8Array[]): Uint8Array {
  if (leaves.length === 0) return sha256()
  const [only] = leaves
  if (leaves.length === 1 && only !== undefined) return only
  let split = 1
  while (split << 1 < leaves.length) split <<= 1
  return sha256(Uint8Array.of(1), naiveRoot(leaves.slice(0, split)), naiveRoot(leaves.slice(split)))
}

const sizeAndIndex = fc
  .integer({ min: 1, max: 300 })
  .chain((size) => fc.tuple(fc.constant(size), fc.integer({ min: 0, max: size - 1 })))

describe('hashes', () => {
  it('puts 0x00 before a leaf and 0x01 before two children', () => {
    const [left, right] = [sha256('left'), sha256('right')]
    expect(leafHash(Buffer.from('data'))).toEqual(sha256(Uint8Array.of(0), 'data'))
    expect(nodeHash(left, right)).toEqual(sha256(Uint8Array.of(1), left, right))
    expect(emptyRoot).toEqual(sha256())
  })

  it('does not take the children of a node for a leaf', () => {
    const [a, b] = [leafHash(Buffer.from('a')), leafHash(Buffer.from('b'))]
    expect(sameHash(leafHash(Buffer.concat([a, b])), nodeHash(a, b))).toBe(false)
  })

  it('keeps what it returned when it hashes again', () => {
    const first = nodeHash(sha256('a'), sha256('b'))
    const copy = Uint8Array.from(first)
    nodeHash(sha256('c'), sha256('d'))
    expect(sameHash(first, copy)).toBe(true)
  })

  it.each([[0], [31], [33]])('refuses a child of %i bytes', (length) => {
    expect(() => nodeHash(new Uint8Array(length), sha256('x'))).toThrow(RangeError)
    expect(sameHash(new Uint8Array(length), new Uint8Array(length))).toBe(false)
  })
})

describe(splitPoint, () => {
  it.each([
    [2, 1],
    [3, 2],
    [4, 2],
    [5, 4],
    [8, 4],
    [9, 8],
    [2 ** 40 + 1, 2 ** 40],
  ])('splits %i at %i', (size, split) => {
    expect(splitPoint(size)).toBe(split)
  })
})

describe('roots and proofs', () => {
  it('has the root of the definition for every size to 130', () => {
    for (let size = 0; size <= 130; size++)
      expect(sameHash(rootOf(leavesOf(size)), naiveRoot(leavesOf(size)))).toBe(true)
  })

  it('proves every leaf of every tree to 40 leaves, and each path is that of all paths at once', () => {
    for (let size = 1; size <= 40; size++) {
      const leaves = leavesOf(size)
      const { root, paths } = rootAndPaths(leaves, (hash) => hash)
      expect(sameHash(root, rootOf(leaves))).toBe(true)
      for (const [index, leaf] of leaves.entries()) {
        const path = inclusionPath(leaves, index)
        expect(paths[index]).toEqual(path)
        expect(verifyInclusion({ index, size, leafHash: leaf, path, root })).toBe(true)
      }
    }
  })

  it('proves that a tree extends each earlier one, for every pair of sizes to 40', () => {
    const all = leavesOf(40)
    for (let toSize = 1; toSize <= 40; toSize++) {
      const leaves = all.slice(0, toSize)
      for (let fromSize = 1; fromSize <= toSize; fromSize++) {
        const path = consistencyPath(leaves, fromSize)
        const roots = { fromRoot: rootOf(all, 0, fromSize), toRoot: rootOf(leaves) }
        expect(verifyConsistency({ fromSize, toSize, path, ...roots })).toBe(true)
      }
    }
  })

  it('refuses a proof of inclusion for another index, size, leaf or root (mallory tries them all)', () => {
    fc.assert(
      fc.property(sizeAndIndex, fc.integer({ min: 0, max: 300 }), ([size, index], other) => {
        const leaves = leavesOf(size)
        const proof = { index, size, leafHash: leaves[index] ?? emptyRoot, path: inclusionPath(leaves, index) }
        const root = rootOf(leaves)
        expect(verifyInclusion({ ...proof, root: sha256('mallory') })).toBe(false)
        expect(verifyInclusion({ ...proof, leafHash: sha256('mallory'), root })).toBe(false)
        if (other !== index) expect(verifyInclusion({ ...proof, index: other, root })).toBe(false)
        expect(verifyInclusion({ ...proof, path: [...proof.path, sha256('mallory')], root })).toBe(false)
        if (proof.path.length > 0) expect(verifyInclusion({ ...proof, path: proof.path.slice(1), root })).toBe(false)
      }),
      { numRuns: 60 },
    )
  })

  it('refuses a proof of consistency with one hash changed, left out or added, and a rewritten past', () => {
    fc.assert(
      fc.property(sizeAndIndex, fc.nat(), ([toSize, from], pick) => {
        const fromSize = from + 1
        const leaves = leavesOf(toSize)
        const path = consistencyPath(leaves, fromSize)
        const proof = { fromSize, toSize, fromRoot: rootOf(leaves, 0, fromSize), toRoot: rootOf(leaves), path }
        expect(verifyConsistency({ ...proof, path: [...path, sha256('mallory')] })).toBe(false)
        expect(verifyConsistency({ ...proof, fromRoot: sha256('mallory') })).toBe(false)
        expect(verifyConsistency({ ...proof, toRoot: sha256('mallory') })).toBe(false)
        if (path.length === 0) return
        const at = pick % path.length
        expect(verifyConsistency({ ...proof, path: path.with(at, sha256('mallory')) })).toBe(false)
        expect(verifyConsistency({ ...proof, path: path.toSpliced(at, 1) })).toBe(false)
      }),
      { numRuns: 60 },
    )
  })

  it.each([
    ['a negative index', { index: -1, size: 2 }],
    ['an index beyond the tree', { index: 2, size: 2 }],
    ['a tree of no leaves', { index: 0, size: 0 }],
    ['a fractional index', { index: 0.5, size: 2 }],
    ['a size that is not a number', { index: 0, size: Number.NaN }],
    ['an unsafe size', { index: 0, size: 2 ** 53 }],
  ])('finds no root for %s', (_what, place) => {
    expect(rootFromInclusionProof({ ...place, leafHash: sha256('a'), path: [sha256('b')] })).toBeUndefined()
  })

  it('finds no root for a path that is longer or shorter than the tree is high', () => {
    const leaf = { index: 4, size: 5, leafHash: sha256('a') }
    expect(rootFromInclusionProof({ ...leaf, path: [] })).toBeUndefined()
    expect(rootFromInclusionProof({ ...leaf, path: [sha256('b')] })).toEqual(nodeHash(sha256('b'), sha256('a')))
    expect(rootFromInclusionProof({ ...leaf, path: [sha256('b'), sha256('c')] })).toBeUndefined()
    expect(rootFromInclusionProof({ ...leaf, path: [new Uint8Array(31)] })).toBeUndefined()
  })

  it.each([
    ['an empty earlier tree', { fromSize: 0, toSize: 2 }],
    ['an earlier tree that is larger', { fromSize: 3, toSize: 2 }],
    ['fractional sizes', { fromSize: 1.5, toSize: 2 }],
  ])('shows nothing about %s', (_what, sizes) => {
    expect(verifyConsistency({ ...sizes, fromRoot: sha256('a'), toRoot: sha256('b'), path: [] })).toBe(false)
  })

  it('names a leaf or a size that is not there', () => {
    expect(() => inclusionPath(leavesOf(2), 2)).toThrow('no leaf 2 in a tree of 2')
    expect(() => consistencyPath(leavesOf(2), 3)).toThrow('no tree of 3 inside a tree of 2')
    expect(() => consistencyPath(leavesOf(2), 0)).toThrow(RangeError)
  })
})
