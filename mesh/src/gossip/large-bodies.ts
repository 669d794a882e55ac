/**
 * What is too large to be passed on whole is passed on as its hash and length, and fetched from whoever passed it on: that
 * neighbour has it, because it accepted it itself. The wire form of a message is `00 ‖ object` or `01 ‖ SHA-256 ‖ u32be length`.
 */
import { sha256 } from '@hansa/trust'
import { MAX_BODY_BYTES, MAX_GOSSIP_BYTES, MAX_KEPT_BODIES_BYTES } from './limits.ts'

const WHOLE = 0
const BY_HASH = 1
export const HASH_BYTES = 32
const REFERENCE_BYTES = 1 + HASH_BYTES + 4

export type ReadMessage = { whole: Uint8Array } | { hash: Uint8Array; bytes: number }

/** @throws RangeError for an object above the bound. */
export function gossipMessage(object: Uint8Array): Uint8Array {
  if (object.length > MAX_BODY_BYTES) throw new RangeError(`at most ${MAX_BODY_BYTES} bytes are passed on`)
  if (object.length < MAX_GOSSIP_BYTES) return Buffer.concat([Buffer.from([WHOLE]), object])
  const message = Buffer.alloc(REFERENCE_BYTES)
  message[0] = BY_HASH
  message.set(sha256(object), 1)
  message.writeUInt32BE(object.length, 1 + HASH_BYTES)
  return message
}

/** @returns undefined for what is neither form, or says of a small object that it is large. */
export function readMessage(message: Uint8Array): ReadMessage | undefined {
  if (message[0] === WHOLE && message.length > 1 && message.length <= MAX_GOSSIP_BYTES)
    return { whole: message.subarray(1) }
  if (message[0] !== BY_HASH || message.length !== REFERENCE_BYTES) return undefined
  const bytes = Buffer.from(message).readUInt32BE(1 + HASH_BYTES)
  if (bytes < MAX_GOSSIP_BYTES || bytes > MAX_BODY_BYTES) return undefined
  return { hash: message.slice(1, 1 + HASH_BYTES), bytes }
}

/** Large objects that were accepted here, for the neighbours they are passed on to; the oldest go first. */
export class KeptBodies {
  readonly #bodies = new Map<string, Uint8Array>()
  #bytes = 0

  keep(body: Uint8Array): void {
    const key = keyOf(sha256(body))
    if (this.#bodies.has(key)) return
    this.#bodies.set(key, body)
    this.#bytes += body.length
    for (const [oldest, { length }] of this.#bodies) {
      if (this.#bytes <= MAX_KEPT_BODIES_BYTES) break
      this.#bodies.delete(oldest)
      this.#bytes -= length
    }
  }

  get(hash: Uint8Array): Uint8Array | undefined {
    return this.#bodies.get(keyOf(hash))
  }
}

/** Whether the bytes are those that the hash names. */
export function isBody(body: Uint8Array, { hash, bytes }: { hash: Uint8Array; bytes: number }): boolean {
  return body.length === bytes && Buffer.from(sha256(body)).equals(hash)
}

function keyOf(hash: Uint8Array): string {
  return Buffer.from(hash).toString('base64url')
}
