/** Wakes whoever waits for the next change, at once when it happens here and after a while when it may have elsewhere. */
import type { Clock } from '@hansa/protocols'

export interface Bell {
  ring(): void
  /** Resolves at the next ring, after `ms`, or when `signal` is aborted; at once when it has rung since `heard`. */
  wait(heard: number, ms: number, signal: AbortSignal): Promise<void>
  /** Rings so far. */
  readonly rung: number
}

export function bell(clock: Clock): Bell {
  let rung = 0
  const waiting = new Set<() => void>()
  return {
    get rung() {
      return rung
    },
    ring() {
      rung += 1
      for (const wake of [...waiting]) wake()
    },
    wait(heard, ms, signal) {
      if (heard !== rung || signal.aborted) return Promise.resolve()
      const { promise, resolve } = Promise.withResolvers<void>()
      const wake = () => {
        waiting.delete(wake)
        signal.removeEventListener('abort', wake)
        cancel()
        resolve()
      }
      const cancel = clock.after(ms, wake)
      waiting.add(wake)
      signal.addEventListener('abort', wake)
      return promise
    },
  }
}
