import { INITIAL_CREDIT } from '@hansa/protocols'

/** A body that arrives in pieces, none of which may come before there is credit for it. */
export class IncomingBody {
  readonly length: number
  readonly #chunks: Uint8Array[] = []
  #received = 0
  #allowed: number

  constructor(length: number) {
    this.length = length
    this.#allowed = Math.min(length, INITIAL_CREDIT)
  }

  get isComplete(): boolean {
    return this.#received === this.length
  }

  /** Bytes that may still come without further credit. */
  get outstanding(): number {
    return this.#allowed - this.#received
  }

  /** Bytes for which there is no credit yet. */
  get withheld(): number {
    return this.length - this.#allowed
  }

  /** @returns false when more came than may. */
  take(bytes: Uint8Array): boolean {
    if (bytes.length > this.outstanding) return false
    this.#received += bytes.length
    this.#chunks.push(bytes)
    return true
  }

  /** @returns the credit to give: for all the rest. */
  allowRest(): number {
    const { withheld } = this
    this.#allowed = this.length
    return withheld
  }

  /** Of a complete one. */
  bytes(): Uint8Array {
    const [only] = this.#chunks
    return this.#chunks.length === 1 && only !== undefined ? only : Buffer.concat(this.#chunks)
  }
}
