/**
 * Every inner hash of one tree, for many proofs from it: 64 bytes of memory per leaf, and a path costs a look-up per
 * level (RFC 6962 section 2.1).
 */
import { emptyRoot, HASH_BYTES, nodeHash } from './hashing.ts'
import { splitPoint } from './tree.ts'

export class TreeHashes {
  readonly size: number
  /** By level, 0 for leaves: the hashes of all complete subtrees of 2^level leaves. */
  readonly #levels: Uint8Array[]

  /** @param leafHashes one after the other, 32 bytes each. @throws RangeError for another length. */
  constructor(leafHashes: Uint8Array) {
    if (leafHashes.length % HASH_BYTES !== 0) throw new RangeError('not a row of hashes of 32 bytes')
    this.size = leafHashes.length / HASH_BYTES
    this.#levels = [leafHashes]
    for (let below = leafHashes; below.length >= 2 * HASH_BYTES; ) {
      const count = Math.floor(below.length / HASH_BYTES / 2)
      const level = new Uint8Array(count * HASH_BYTES)
      for (let at = 0; at < count; at++) {
        const left = below.subarray(2 * at * HASH_BYTES, (2 * at + 1) * HASH_BYTES)
        const right = below.subarray((2 * at + 1) * HASH_BYTES, (2 * at + 2) * HASH_BYTES)
        level.set(nodeHash(left, right), at * HASH_BYTES)
      }
      this.#levels.push(level)
      below = level
    }
  }

  root(): Uint8Array {
    return this.size === 0 ? emptyRoot : this.#range(0, this.size)
  }

  /** Sibling hashes from the leaf upwards. @throws RangeError when there is no such leaf. */
  path(index: number): Uint8Array[] {
    if (!Number.isSafeInteger(index) || index < 0 || index >= this.size) {
      throw new RangeError(`no leaf ${index} in a tree of ${this.size}`)
    }
    const path: Uint8Array[] = []
    let [from, to] = [0, this.size]
    while (to - from > 1) {
      const middle = from + splitPoint(to - from)
      if (index < middle) {
        path.push(this.#range(middle, to))
        to = middle
      } else {
        path.push(this.#range(from, middle))
        from = middle
      }
    }
    return path.reverse()
  }

  /** MTH of the leaves `[from, to)`, of which `from` begins a subtree. */
  #range(from: number, to: number): Uint8Array {
    const level = Math.log2(to - from)
    if (Number.isInteger(level)) {
      const at = (from / 2 ** level) * HASH_BYTES
      return this.#levels[level]?.subarray(at, at + HASH_BYTES) ?? emptyRoot
    }
    const middle = from + splitPoint(to - from)
    return nodeHash(this.#range(from, middle), this.#range(middle, to))
  }
}
