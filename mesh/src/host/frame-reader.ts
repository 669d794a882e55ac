/** Messages in a stream of bytes: `u32be length ‖ message`. Pure. */
import { MAX_CHANNEL_MESSAGE_BYTES } from './limits.ts'

const LENGTH_BYTES = 4

export function frameOf(message: Uint8Array): Uint8Array {
  const frame = Buffer.allocUnsafe(LENGTH_BYTES + message.length)
  frame.writeUInt32BE(message.length)
  frame.set(message, LENGTH_BYTES)
  return frame
}

/** Cuts what arrives, in whatever pieces, into messages. */
export class FrameReader {
  #chunks: Uint8Array[] = []
  #bytes = 0
  #failed = false
  readonly #maxBytes: number

  constructor(maxBytes = MAX_CHANNEL_MESSAGE_BYTES) {
    this.#maxBytes = maxBytes
  }

  /** @returns why nothing more is read, if so. */
  push(chunk: Uint8Array, take: (message: Uint8Array) => void): string | undefined {
    if (this.#failed) return undefined
    this.#chunks.push(chunk)
    this.#bytes += chunk.length
    for (;;) {
      if (this.#bytes < LENGTH_BYTES) return undefined
      const length = this.#length()
      if (length > this.#maxBytes) {
        this.#failed = true
        this.#chunks = []
        return `a message of ${length} bytes was announced`
      }
      if (this.#bytes < LENGTH_BYTES + length) return undefined
      take(this.#cut(LENGTH_BYTES + length).subarray(LENGTH_BYTES))
    }
  }

  #length(): number {
    const [first] = this.#chunks
    if (first !== undefined && first.length >= LENGTH_BYTES)
      return new DataView(first.buffer, first.byteOffset, LENGTH_BYTES).getUint32(0)
    this.#join()
    return this.#length()
  }

  #cut(bytes: number): Uint8Array {
    const whole = this.#join()
    this.#bytes -= bytes
    this.#chunks = this.#bytes === 0 ? [] : [whole.subarray(bytes)]
    return whole.subarray(0, bytes)
  }

  #join(): Uint8Array {
    const [first] = this.#chunks
    const whole = this.#chunks.length === 1 && first !== undefined ? first : Buffer.concat(this.#chunks)
    this.#chunks = [whole]
    return whole
  }
}
