/** SHA-256 and the two forms in which it is used: with a domain tag, and as a salted commitment (wire.md: hashes). */
import { createHash, hash } from 'node:crypto'

/** SHA-256 of the parts one after another; text counts as UTF-8. */
export function sha256(...parts: (string | Uint8Array)[]): Uint8Array {
  const digest = createHash('sha256')
  for (const part of parts) digest.update(part)
  return digest.digest()
}

/**
 * base64url of SHA-256("hansa/<kind>/v1\n" ‖ bytes). The tag keeps the hash of one kind of object from being taken for
 * another's.
 * @param kind lower-case word without a slash, such as `manifest`.
 */
export function taggedHash(kind: string, bytes: Uint8Array | string): string {
  if (typeof bytes === 'string') return hash('sha256', `hansa/${kind}/v1\n${bytes}`, 'base64url')
  return digestOf(tagOf(kind), bytes)
}

/** Kinds are words of this code, a few dozen. */
const tags = new Map<string, Uint8Array>()

function tagOf(kind: string): Uint8Array {
  const known = tags.get(kind)
  if (known !== undefined) return known
  const tag = Buffer.from(`hansa/${kind}/v1\n`, 'latin1')
  tags.set(kind, tag)
  return tag
}

/** base64url of SHA-256(salt ‖ bytes): hides the bytes from whoever lacks the salt. @param salt 32 bytes, see `newSalt`. */
export function commitTo(salt: Uint8Array, bytes: Uint8Array): string {
  return digestOf(salt, bytes)
}

/** Above this the copy costs more than the second step of an incremental hash, bytes. */
const ONE_SHOT_BYTES = 16_384

/** Reused, because hashing is synchronous; a head is a salt or a short tag. */
const MAX_HEAD_BYTES = 256
const input = Buffer.alloc(MAX_HEAD_BYTES + ONE_SHOT_BYTES)

function digestOf(head: Uint8Array, bytes: Uint8Array): string {
  if (bytes.length <= ONE_SHOT_BYTES && head.length <= MAX_HEAD_BYTES) {
    input.set(head)
    input.set(bytes, head.length)
    return hash('sha256', input.subarray(0, head.length + bytes.length), 'base64url')
  }
  return createHash('sha256').update(head).update(bytes).digest('base64url')
}
