/** Says on stderr what is being measured: one line that changes on a terminal, one line per step elsewhere. */
export class ProgressLine {
  readonly #stream: NodeJS.WriteStream
  readonly #totalMs: number
  readonly #started = performance.now()

  /** @param totalMs how long all of it will take. */
  constructor(totalMs: number, stream: NodeJS.WriteStream = process.stderr) {
    this.#totalMs = totalMs
    this.#stream = stream
  }

  /** @param step what a line of its own is worth; @param detail shown on a terminal only. */
  show(step: string, detail = ''): void {
    if (this.#stream.isTTY) this.#rewrite(`${step}${detail === '' ? '' : `: ${detail}`}  ${this.#left()}`)
    else if (detail === '') this.#stream.write(`${step}  ${this.#left()}\n`)
  }

  /** Leaves nothing behind on a terminal. */
  end(): void {
    if (this.#stream.isTTY) this.#rewrite('')
  }

  #rewrite(text: string): void {
    this.#stream.write(`\r\x1b[2K${text.slice(0, Math.max(20, this.#stream.columns - 1))}`)
  }

  #left(): string {
    const seconds = Math.ceil((this.#totalMs - (performance.now() - this.#started)) / 1000)
    return seconds > 0 ? `(about ${seconds} s left)` : '(nearly done)'
  }
}
