/** Lines that are drawn over themselves while something changes. */

const CLEAR_BELOW = '\r\u001b[J'
const up = (lines: number) => `\u001b[${lines}A`

export class LiveTable {
  readonly #write: (text: string) => void
  #drawn = 0

  constructor(write: (text: string) => void) {
    this.#write = write
  }

  /** In the place of what was shown before. */
  show(lines: readonly string[]): void {
    this.clear()
    this.#write(lines.map((line) => `${line}\n`).join(''))
    this.#drawn = lines.length
  }

  clear(): void {
    if (this.#drawn === 0) return
    this.#write(`${up(this.#drawn)}${CLEAR_BELOW}`)
    this.#drawn = 0
  }
}
