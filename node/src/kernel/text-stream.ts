/**
 * A result that is one text, said piece by piece while it is made. Everything so far is screened again with each piece, and
 * the end of it is held back, so that what spans two pieces is seen before either is out (security.md B7, Streaming).
 */

/** Characters of the end that are not said before the result is. */
export const HOLD_BACK = 512
/** Characters after which nothing more is said early: every piece costs a look at all of it. */
export const MAX_STREAMED = 65_536
/** Characters that have to be new before it is looked at again. */
const STEP = 256

export type TextStreamInit = {
  /** @returns the text as it may be said; undefined when nothing of it may be said before the result is. */
  screened(text: string): string | undefined
  /** @param at characters that were said before */
  say(piece: string, at: number): void
}

export class TextStream {
  readonly #init: TextStreamInit
  #text = ''
  #looked = 0
  #said = ''
  #stopped = false

  constructor(init: TextStreamInit) {
    this.#init = init
  }

  get said(): string {
    return this.#said
  }

  /** @param at characters of the text before it; what comes behind a gap waits for the result */
  add(piece: string, at: number): void {
    if (this.#stopped) return
    const gap = at !== this.#text.length
    this.#text += piece
    if (gap || this.#text.length > MAX_STREAMED) this.#stopped = true
    else if (this.#text.length - this.#looked >= STEP) this.#look()
  }

  #look(): void {
    this.#looked = this.#text.length
    const text = this.#init.screened(this.#text)
    // What was said already must not turn out to be something else.
    if (text === undefined || !text.startsWith(this.#said)) {
      this.#stopped = true
      return
    }
    const end = wholeCharacters(text, text.length - HOLD_BACK)
    if (end <= this.#said.length) return
    this.#init.say(text.slice(this.#said.length, end), this.#said.length)
    this.#said = text.slice(0, end)
  }
}

/** @returns `end`, or one less where it would halve a surrogate pair. */
function wholeCharacters(text: string, end: number): number {
  const last = end > 0 ? text.charCodeAt(end - 1) : 0
  return last >= 0xd800 && last <= 0xdbff ? end - 1 : end
}
