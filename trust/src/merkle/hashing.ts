/**
 * The hashes of an RFC 6962 tree (section 2.1): 0x00 in front of a leaf, 0x01 in front of two children, so that no leaf
 * can pass for an inner node.
 */
import { hash } from 'node:crypto'

/** Bytes of every hash in a tree. */
export const HASH_BYTES = 32

/** 0x01 and room for two children. Reused, because hashing is synchronous and a one-shot hash is the fast one. */
const nodeInput = new Uint8Array(1 + 2 * HASH_BYTES)
nodeInput[0] = 1

/** MTH of the tree of size 0: SHA-256 of nothing. */
export const emptyRoot: Uint8Array = hash('sha256', '', 'buffer')

/** SHA-256(0x00 ‖ bytes). */
export function leafHash(bytes: Uint8Array): Uint8Array {
  const input = Buffer.allocUnsafe(1 + bytes.length)
  input[0] = 0
  input.set(bytes, 1)
  return Buffer.from(hash('sha256', input, 'binary'), 'latin1')
}

/** SHA-256(0x01 ‖ left ‖ right). @throws RangeError when a child is not 32 bytes. */
export function nodeHash(left: Uint8Array, right: Uint8Array): Uint8Array {
  if (left.length !== HASH_BYTES || right.length !== HASH_BYTES) throw new RangeError('a hash in a tree is 32 bytes')
  nodeInput.set(left, 1)
  nodeInput.set(right, 1 + HASH_BYTES)
  // Through text: almost twice as fast as a buffer that the hash allocates.
  return Buffer.from(hash('sha256', nodeInput, 'binary'), 'latin1')
}

/**
 * The same of two hashes that stand one behind the other at `left`, behind at least one other byte; written to `at`.
 * What is hashed in front of them is put there meanwhile, so that nothing is copied.
 */
export function writeNodeHash(memory: Buffer, left: number, at: number): void {
  const before = memory[left - 1] ?? 0
  memory[left - 1] = 1
  const text = hash('sha256', viewOf(memory, left - 1, left + 2 * HASH_BYTES), 'binary')
  memory[left - 1] = before
  memory.write(text, at, 'latin1')
}

/** Cheaper than `subarray`, which a verifier would call several times for each entry. */
export function viewOf(memory: Buffer, from: number, to: number): Uint8Array {
  return new Uint8Array(memory.buffer, memory.byteOffset + from, to - from)
}

/** Whether two hashes are the same; false when either is not 32 bytes. Not constant time: hashes in proofs are public. */
export function sameHash(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== HASH_BYTES || b.length !== HASH_BYTES) return false
  for (let index = 0; index < HASH_BYTES; index++) if (a[index] !== b[index]) return false
  return true
}
