/** One line that is drawn again and again while something is waited for. */

const FRAMES = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏']
const FRAME_MS = 80
const CLEAR = '\r\u001b[2K'

export class LiveLine {
  readonly #write: (text: string) => void
  #timer: NodeJS.Timeout | undefined

  constructor(write: (text: string) => void) {
    this.#write = write
  }

  show(text: string): void {
    this.clear()
    let frame = 0
    const draw = () => this.#write(`${CLEAR}  ${FRAMES[frame++ % FRAMES.length]} ${text}`)
    draw()
    this.#timer = setInterval(draw, FRAME_MS).unref()
  }

  clear(): void {
    if (this.#timer === undefined) return
    clearInterval(this.#timer)
    this.#timer = undefined
    this.#write(CLEAR)
  }
}
