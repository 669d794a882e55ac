/**
 * Which counters of a session have been used: a sliding window below the highest one (wire.md, replay; the scheme of
 * RFC 6479). What is older than the window counts as used. Constant memory, no clock.
 */

/** Counters that may arrive out of order: more than two kernels keep in flight on one session. */
export const REPLAY_WINDOW = 4096

const WORD_BITS = 32
/** One word more than the window, so that clearing a word never forgets a counter inside it. */
const WORDS = REPLAY_WINDOW / WORD_BITS + 1

export class ReplayWindow {
  readonly #words = new Uint32Array(WORDS)
  #highest = 0

  /** The highest counter that was taken; 0 before the first. */
  get highest(): number {
    return this.#highest
  }

  /** Whether `take` would succeed; changes nothing. For refusing cheaply before a signature is checked. */
  isFresh(ctr: number): boolean {
    if (!Number.isSafeInteger(ctr) || ctr < 1) return false
    if (ctr > this.#highest) return true
    if (ctr <= this.#highest - REPLAY_WINDOW) return false
    return ((this.#words[wordOf(ctr)] ?? 0) & bitOf(ctr)) === 0
  }

  /** Uses a counter. Only for what has been authenticated: a forged high counter would shut out the honest ones below it. */
  take(ctr: number): boolean {
    if (!this.isFresh(ctr)) return false
    if (ctr > this.#highest) this.#advance(ctr)
    const word = wordOf(ctr)
    this.#words[word] = (this.#words[word] ?? 0) | bitOf(ctr)
    return true
  }

  #advance(ctr: number): void {
    const from = Math.floor(this.#highest / WORD_BITS)
    const to = Math.floor(ctr / WORD_BITS)
    for (let word = Math.max(from + 1, to - WORDS + 1); word <= to; word++) this.#words[word % WORDS] = 0
    this.#highest = ctr
  }
}

function wordOf(ctr: number): number {
  return Math.floor(ctr / WORD_BITS) % WORDS
}

function bitOf(ctr: number): number {
  return 1 << (ctr % WORD_BITS)
}
