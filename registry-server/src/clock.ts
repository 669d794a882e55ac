import type { Clock } from '@hansa/protocols'

/** Adapter: the clock of the machine. Nothing waits for its timers when the process wants to end. */
export const systemClock: Clock = {
  now: () => Date.now(),
  after(delayMs, run) {
    const timer = setTimeout(run, delayMs)
    timer.unref()
    return () => clearTimeout(timer)
  },
}
