/**
 * Roots of lists that fit in memory (RFC 6962 section 2.1), and the split that the proofs follow. A log that does not
 * fit keeps its own frontier and tiles and uses the same hashes.
 */
import { emptyRoot, nodeHash } from './hashing.ts'

/** The largest power of two below `size`. @param size at least 2, below 2^53. */
export function splitPoint(size: number): number {
  let split = 1
  while (split * 2 < size) split *= 2
  return split
}

/** MTH of `leafHashes[from, to)`. @param to exclusive; the length of the list when left out. */
export function rootOf(leafHashes: readonly Uint8Array[], from = 0, to = leafHashes.length): Uint8Array {
  const first = leafHashes[from]
  if (to <= from || first === undefined) return emptyRoot
  if (to - from === 1) return first
  const middle = from + splitPoint(to - from)
  return nodeHash(rootOf(leafHashes, from, middle), rootOf(leafHashes, middle, to))
}
