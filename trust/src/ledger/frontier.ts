/**
 * The right edge of a growing RFC 6962 tree: the roots of its complete subtrees, at most one per level. Enough to
 * append and to know the root; memory is logarithmic.
 */
import { emptyRoot, HASH_BYTES, nodeHash, writeNodeHash } from '../merkle/hashing.ts'
import { storedCount } from './stored-hashes.ts'

export class Frontier {
  /** Largest subtree first. */
  #peaks: Uint8Array[] = []
  #size = 0

  /**
   * The edge of a tree of `size` leaves.
   * @param peaks roots of its complete subtrees, largest first
   * @returns undefined when a tree of that size has another number of them.
   */
  static of(size: number, peaks: readonly Uint8Array[]): Frontier | undefined {
    let ones = 0
    for (let left = size; left > 0; left = Math.floor(left / 2)) ones += left % 2
    if (ones !== peaks.length) return undefined
    const frontier = new Frontier()
    frontier.#peaks.push(...peaks)
    frontier.#size = size
    return frontier
  }

  /** Roots of the complete subtrees, largest first. */
  peaks(): Uint8Array[] {
    return [...this.#peaks]
  }

  /** Leaves so far. */
  get size(): number {
    return this.#size
  }

  /**
   * @param emit called with the leaf and then with every inner node that it completes, upwards: the order in which
   * `StoredHashes` keeps them.
   */
  append(leaf: Uint8Array, emit?: (hash: Uint8Array) => void): void {
    let hash = leaf
    emit?.(hash)
    for (let below = this.#size; below % 2 === 1; below = Math.floor(below / 2)) {
      const left = this.#peaks.pop()
      if (left === undefined) throw new Error('a frontier without a peak for a complete subtree')
      hash = nodeHash(left, hash)
      emit?.(hash)
    }
    this.#peaks.push(hash)
    this.#size++
  }

  /**
   * Appends many at once. @param leaves hashes that stand one behind the other
   * @returns what `append` would have emitted, in this order.
   */
  grow(leaves: Uint8Array): Buffer<ArrayBuffer> {
    const to = this.#size + leaves.length / HASH_BYTES
    const grown = Buffer.allocUnsafeSlow((storedCount(to) - storedCount(this.#size)) * HASH_BYTES)
    let at = 0
    for (let from = 0; from < leaves.length; from += HASH_BYTES) {
      let hash = grown.subarray(at, at + HASH_BYTES)
      hash.set(leaves.subarray(from, from + HASH_BYTES))
      at += HASH_BYTES
      for (let below = this.#size; below % 2 === 1; below = Math.floor(below / 2)) {
        const left = this.#peaks.pop()
        if (left === undefined) throw new Error('a frontier without a peak for a complete subtree')
        writeNodeHash(grown, at, left, hash)
        hash = grown.subarray(at, at + HASH_BYTES)
        at += HASH_BYTES
      }
      this.#peaks.push(hash)
      this.#size++
    }
    // What was given away is its owner's.
    this.#peaks = this.#peaks.map((peak) => Uint8Array.from(peak))
    return grown
  }

  root(): Uint8Array {
    let root = this.#peaks.at(-1)
    if (root === undefined) return emptyRoot
    for (let at = this.#peaks.length - 2; at >= 0; at--) {
      const left = this.#peaks[at]
      if (left !== undefined) root = nodeHash(left, root)
    }
    return root
  }
}
