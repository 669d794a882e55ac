/** Proof that a leaf is in a tree (RFC 6962 section 2.1.1; verification as RFC 9162 section 2.1.3.2 spells it out). */
import { emptyRoot, HASH_BYTES, nodeHash, sameHash } from './hashing.ts'
import { rootOf, splitPoint } from './tree.ts'

export type InclusionProof = {
  /** Position of the leaf, from 0. */
  index: number
  /** Leaves in the tree. */
  size: number
  leafHash: Uint8Array
  /** Sibling hashes, from the leaf upwards. */
  path: readonly Uint8Array[]
}

/** PATH(index, leafHashes): sibling hashes from the leaf upwards. @throws RangeError when there is no such leaf. */
export function inclusionPath(leafHashes: readonly Uint8Array[], index: number): Uint8Array[] {
  if (!Number.isSafeInteger(index) || index < 0 || index >= leafHashes.length) {
    throw new RangeError(`no leaf ${index} in a tree of ${leafHashes.length}`)
  }
  const path: Uint8Array[] = []
  let from = 0
  let to = leafHashes.length
  while (to - from > 1) {
    const middle = from + splitPoint(to - from)
    if (index < middle) {
      path.push(rootOf(leafHashes, middle, to))
      to = middle
    } else {
      path.push(rootOf(leafHashes, from, middle))
      from = middle
    }
  }
  return path.reverse()
}

/**
 * The root of a list and the path of every leaf in it, hashing each node once.
 * @param label what a path holds for a sibling: the hash itself, or its text, made once per node.
 */
export function rootAndPaths<T>(
  leafHashes: readonly Uint8Array[],
  label: (hash: Uint8Array) => T,
): { root: Uint8Array; paths: T[][] } {
  const paths: T[][] = leafHashes.map(() => [])
  const give = (from: number, to: number, sibling: Uint8Array) => {
    const labelled = label(sibling)
    for (let index = from; index < to; index++) paths[index]?.push(labelled)
  }
  const build = (from: number, to: number): Uint8Array => {
    if (to - from <= 1) return leafHashes[from] ?? emptyRoot
    const middle = from + splitPoint(to - from)
    const left = build(from, middle)
    const right = build(middle, to)
    give(from, middle, right)
    give(middle, to, left)
    return nodeHash(left, right)
  }
  return { root: build(0, leafHashes.length), paths }
}

/** The root that a proof leads to; undefined when its shape fits no tree of that size. */
export function rootFromInclusionProof(proof: InclusionProof): Uint8Array | undefined {
  const { index, size, leafHash, path } = proof
  if (!Number.isSafeInteger(index) || !Number.isSafeInteger(size) || index < 0 || index >= size) return undefined
  if (leafHash.length !== HASH_BYTES) return undefined
  let position = index
  let last = size - 1
  let hash = leafHash
  for (const sibling of path) {
    if (last === 0 || sibling.length !== HASH_BYTES) return undefined
    if (isOdd(position) || position === last) {
      hash = nodeHash(sibling, hash)
      // A right edge without sibling on its level climbs without hashing.
      while (!isOdd(position) && position !== 0) {
        position = half(position)
        last = half(last)
      }
    } else {
      hash = nodeHash(hash, sibling)
    }
    position = half(position)
    last = half(last)
  }
  return last === 0 ? hash : undefined
}

/** Whether the leaf is in the tree with this root. False for anything malformed; never throws. */
export function verifyInclusion(proof: InclusionProof & { root: Uint8Array }): boolean {
  const root = rootFromInclusionProof(proof)
  return root !== undefined && sameHash(root, proof.root)
}

// Sizes may pass 2^31, where the bit operators of JavaScript stop.
const isOdd = (value: number) => value % 2 === 1
const half = (value: number) => Math.floor(value / 2)
