/**
 * Notices that the other side of a channel is gone although the channel is open: a cable was pulled, a machine was
 * stopped, a firewall forgot the connection. Whatever is heard counts; only silence is asked about.
 */
import type { Clock } from '@hansa/protocols'
import { ANSWER_MS, IDLE_SILENCE_MS, SILENCE_MS, STALL_MS, UNUSED_MS } from './constants.ts'

export type KeepAliveComponents = {
  clock: Clock
  /** Whether anything is under way. */
  isBusy(): boolean
  /** Asks the other side whether it is there. */
  ask(): void
  gone(reason: string): void
  /** Nothing has been under way for a long time. */
  unused(): void
}

export class KeepAlive {
  readonly #c: KeepAliveComponents
  #heardAt: number
  #busyAt: number
  /** Since it was last asked. */
  #heardSince = false
  #cancel: () => void

  constructor(components: KeepAliveComponents) {
    this.#c = components
    this.#heardAt = components.clock.now()
    this.#busyAt = this.#heardAt
    this.#cancel = this.#lookLater()
  }

  /** Anything came from the other side. */
  heard(): void {
    this.#heardAt = this.#c.clock.now()
    this.#heardSince = true
  }

  close(): void {
    this.#cancel()
  }

  #lookLater(): () => void {
    return this.#c.clock.after(SILENCE_MS, () => this.#look())
  }

  #look(): void {
    const now = this.#c.clock.now()
    const busy = this.#c.isBusy()
    if (busy) this.#busyAt = now
    else if (now - this.#busyAt >= UNUSED_MS) {
      this.#c.unused()
      return
    }
    if (now - this.#heardAt < (busy ? SILENCE_MS : IDLE_SILENCE_MS)) {
      this.#cancel = this.#lookLater()
      return
    }
    this.#heardSince = false
    this.#awaitAnswer()
    this.#c.ask()
  }

  #awaitAnswer(): void {
    const { clock } = this.#c
    const due = clock.now() + ANSWER_MS
    this.#cancel = clock.after(ANSWER_MS, () => {
      if (this.#heardSince) this.#cancel = this.#lookLater()
      // What arrived while this process stood still waits behind this timer.
      else if (clock.now() - due >= STALL_MS) this.#awaitAnswer()
      else this.#c.gone(`the other side has said nothing for ${ANSWER_MS / 1000} s`)
    })
  }
}
