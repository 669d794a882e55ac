/**
 * Room for what arrives on one channel. What finds none waits for its turn, and the next one does not overtake it: so a
 * large body gets its room at last, and every body that has begun to come has room for its end.
 */
export class BufferBudget {
  readonly #maxBytes: number
  readonly #waiting = new Map<symbol, { bytes: number; granted: () => void }>()
  #taken = 0

  /** @param maxBytes at least the largest body. */
  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes
  }

  /** @param granted called once there is room, perhaps at once. @returns gives it back, or the place in line; once. */
  take(bytes: number, granted: () => void): () => void {
    const place = Symbol('place')
    let held = false
    const grant = () => {
      held = true
      granted()
    }
    this.#waiting.set(place, { bytes, granted: grant })
    this.#serve()
    return () => {
      if (held) this.#taken -= bytes
      held = false
      this.#waiting.delete(place)
      this.#serve()
    }
  }

  #serve(): void {
    for (const [place, { bytes, granted }] of this.#waiting) {
      if (this.#taken + bytes > this.#maxBytes) return
      this.#waiting.delete(place)
      this.#taken += bytes
      granted()
    }
  }
}
