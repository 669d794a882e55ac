/** Proof that a tree extends an earlier one (RFC 6962 section 2.1.2; verification as RFC 9162 section 2.1.4.2). */
import { HASH_BYTES, nodeHash, sameHash } from './hashing.ts'
import { rootOf, splitPoint } from './tree.ts'

export type ConsistencyProof = {
  fromSize: number
  toSize: number
  fromRoot: Uint8Array
  toRoot: Uint8Array
  path: readonly Uint8Array[]
}

/**
 * PROOF(fromSize, leafHashes); empty when the sizes are equal.
 * @throws RangeError when `fromSize` is 0 or beyond the list: nothing is proven about an empty tree.
 */
export function consistencyPath(leafHashes: readonly Uint8Array[], fromSize: number): Uint8Array[] {
  if (!Number.isSafeInteger(fromSize) || fromSize < 1 || fromSize > leafHashes.length) {
    throw new RangeError(`no tree of ${fromSize} inside a tree of ${leafHashes.length}`)
  }
  const path: Uint8Array[] = []
  let from = 0
  let to = leafHashes.length
  let wholeFromStart = true
  while (to !== fromSize) {
    const middle = from + splitPoint(to - from)
    if (fromSize <= middle) {
      path.push(rootOf(leafHashes, middle, to))
      to = middle
    } else {
      path.push(rootOf(leafHashes, from, middle))
      from = middle
      wholeFromStart = false
    }
  }
  if (!wholeFromStart) path.push(rootOf(leafHashes, from, to))
  return path.reverse()
}

/**
 * Whether the tree of `toSize` leaves extends the one of `fromSize`. False for anything malformed, and for `fromSize`
 * 0, which every tree extends and no proof shows; never throws.
 */
export function verifyConsistency(proof: ConsistencyProof): boolean {
  const { fromSize, toSize, fromRoot, toRoot, path } = proof
  if (!Number.isSafeInteger(fromSize) || !Number.isSafeInteger(toSize) || fromSize < 1 || fromSize > toSize)
    return false
  if (fromRoot.length !== HASH_BYTES || toRoot.length !== HASH_BYTES) return false
  if (fromSize === toSize) return path.length === 0 && sameHash(fromRoot, toRoot)
  const hashes = isPowerOfTwo(fromSize) ? [fromRoot, ...path] : path
  return leadsToBoth(hashes, proof)
}

function leadsToBoth(hashes: readonly Uint8Array[], proof: ConsistencyProof): boolean {
  const [start, ...rest] = hashes
  if (start === undefined || start.length !== HASH_BYTES) return false
  let position = proof.fromSize - 1
  let last = proof.toSize - 1
  while (isOdd(position)) {
    position = half(position)
    last = half(last)
  }
  let older = start
  let newer = start
  for (const sibling of rest) {
    if (last === 0 || sibling.length !== HASH_BYTES) return false
    if (isOdd(position) || position === last) {
      older = nodeHash(sibling, older)
      newer = nodeHash(sibling, newer)
      while (!isOdd(position) && position !== 0) {
        position = half(position)
        last = half(last)
      }
    } else {
      newer = nodeHash(newer, sibling)
    }
    position = half(position)
    last = half(last)
  }
  return last === 0 && sameHash(older, proof.fromRoot) && sameHash(newer, proof.toRoot)
}

// Sizes may pass 2^31, where the bit operators of JavaScript stop.
const isOdd = (value: number) => value % 2 === 1
const half = (value: number) => Math.floor(value / 2)

function isPowerOfTwo(value: number): boolean {
  let power = 1
  while (power < value) power *= 2
  return power === value
}
