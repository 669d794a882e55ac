/**
 * How many more calls of one principal a peer may deny. Each denial takes a turn, and turns come back with time. While few
 * are left, a call takes its turn before it is sent, stands in line where there is none, and gives it back when it was not
 * denied.
 */
import type { Clock } from '@hansa/protocols'

export type DenialRate = {
  /** Denials that cost nothing. */
  denials: number
  /** How many of them come back in a second. */
  perSecond: number
}

/** What was under way together can be denied together; what that is too much is paid off in a minute. */
const DEBT_SECONDS = 60

export class DenialTurns {
  readonly #clock: Clock
  readonly #rate: () => DenialRate
  readonly #line = new Set<() => void>()
  #left: number
  #atMs: number
  #cancelServing = () => {}

  /** @param rate may change */
  constructor(clock: Clock, rate: () => DenialRate) {
    this.#clock = clock
    this.#rate = rate
    this.#left = rate().denials
    this.#atMs = clock.now()
  }

  /** Whether calls have to take theirs before they are sent. */
  areFew(): boolean {
    this.#regain()
    return this.#left < this.#rate().denials / 2
  }

  inLine(): number {
    return this.#line.size
  }

  /** @returns whether there was one. */
  take(): boolean {
    this.#regain()
    if (this.#left < 1 || this.#line.size > 0) return false
    this.#left -= 1
    return true
  }

  /** A call was denied that had taken none. */
  denied(): void {
    this.#regain()
    this.#left = Math.max(this.#left - 1, -DEBT_SECONDS * this.#rate().perSecond)
  }

  /** A call that had taken one was not denied. */
  giveBack(): void {
    this.#regain()
    this.#left = Math.min(this.#left + 1, this.#rate().denials)
    this.#serve()
  }

  /** Stands in line. @returns whether it was its turn within the time */
  wait(ms: number, signal?: AbortSignal): Promise<boolean> {
    return new Promise((resolve) => {
      const end = (hasTurn: boolean) => {
        cancel()
        signal?.removeEventListener('abort', leave)
        this.#line.delete(go)
        resolve(hasTurn)
      }
      const go = () => end(true)
      const leave = () => end(false)
      const cancel = this.#clock.after(ms, leave)
      if (signal?.aborted === true) return leave()
      signal?.addEventListener('abort', leave, { once: true })
      this.#line.add(go)
      this.#serve()
    })
  }

  #serve(): void {
    this.#cancelServing()
    this.#regain()
    for (const go of this.#line) {
      if (this.#left < 1) break
      this.#left -= 1
      go()
    }
    if (this.#line.size === 0) return
    const nextMs = Math.ceil(((1 - this.#left) * 1000) / this.#rate().perSecond)
    this.#cancelServing = this.#clock.after(nextMs, () => this.#serve())
  }

  #regain(): void {
    const { denials, perSecond } = this.#rate()
    const now = this.#clock.now()
    const passedMs = Math.max(0, now - this.#atMs)
    this.#atMs = now
    this.#left = Math.min(denials, this.#left + (passedMs * perSecond) / 1000)
  }
}
