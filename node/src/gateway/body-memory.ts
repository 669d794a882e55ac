/**
 * How much of this process strangers may fill with the bodies of their requests. A body counts from its first byte until
 * its request is answered; beyond the bound further bytes are refused as `busy` (security.md B13).
 */
export class BodyMemory {
  readonly #maxBytes: number
  #held = 0

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes
  }

  /** @returns whether there was room; then it is taken. */
  take(bytes: number): boolean {
    if (this.#held + bytes > this.#maxBytes) return false
    this.#held += bytes
    return true
  }

  give(bytes: number): void {
    this.#held -= bytes
  }
}
