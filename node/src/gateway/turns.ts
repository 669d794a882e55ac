/**
 * Lets one request begin per turn of the event loop. Requests that arrive together would otherwise all be worked on
 * before the first of them reaches the disk, and the whole crowd would go on in step: this kernel, its disk and the
 * kernel that called would each wait while the others work. One at a time, all three work at once.
 */
export class Turns {
  readonly #waiting: (() => void)[] = []
  #scheduled = false

  /** Resolves when it is this caller's turn; in order. */
  next(): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting.push(resolve)
      this.#schedule()
    })
  }

  #schedule(): void {
    if (this.#scheduled) return
    this.#scheduled = true
    setImmediate(() => {
      this.#scheduled = false
      this.#waiting.shift()?.()
      if (this.#waiting.length > 0) this.#schedule()
    })
  }
}
