/**
 * The right edge of a growing RFC 6962 tree: the roots of its complete subtrees, at most one per level. Enough to
 * append and to know the root; memory is logarithmic.
 */
import { emptyRoot, HASH_BYTES, nodeHash, writeNodeHash } from '../merkle/hashing.ts'
import { storedCount } from './stored-hashes.ts'

export class Frontier {
  /** Largest subtree first. */
  readonly #peaks: Uint8Array[] = []
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
    const count = leaves.length / HASH_BYTES
    const bytes = (storedCount(this.#size + count) - storedCount(this.#size)) * HASH_BYTES
    // A byte in front, and behind it room for two children that do not stand one behind the other.
    const memory = Buffer.allocUnsafeSlow(1 + bytes + 2 * HASH_BYTES)
    const apart = 1 + bytes
    /** Peaks that stand in `memory`. */
    const here: number[] = []
    let at = 1
    for (let leaf = 0; leaf < count; leaf++) {
      memory.set(leaves.subarray(leaf * HASH_BYTES, (leaf + 1) * HASH_BYTES), at)
      let hash = at
      at += HASH_BYTES
      for (let below = this.#size; below % 2 === 1; below = Math.floor(below / 2)) {
        const left = here.pop() ?? this.#copyPeak(memory, apart)
        writeNodeHash(memory, beside(memory, left, hash, apart), at)
        hash = at
        at += HASH_BYTES
      }
      here.push(hash)
      this.#size++
    }
    // What is given away is its owner's.
    for (const peak of here) this.#peaks.push(Uint8Array.from(memory.subarray(peak, peak + HASH_BYTES)))
    return memory.subarray(1, apart)
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

  /** @returns where it was copied to. */
  #copyPeak(memory: Buffer, to: number): number {
    const peak = this.#peaks.pop()
    if (peak === undefined) throw new Error('a frontier without a peak for a complete subtree')
    memory.set(peak, to)
    return to
  }
}

/** Where two hashes stand one behind the other: as they are, or at `apart`. */
function beside(memory: Buffer, left: number, right: number, apart: number): number {
  if (left + HASH_BYTES === right) return left
  if (left !== apart) memory.copyWithin(apart, left, left + HASH_BYTES)
  memory.copyWithin(apart + HASH_BYTES, right, right + HASH_BYTES)
  return apart
}
