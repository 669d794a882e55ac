/** Adapter: Ctrl+C and SIGTERM while something is under way that has to be taken back. */
import process from 'node:process'
import { failed } from './errors.ts'

/** The longest that a timer takes. */
const MAX_TIMER_MS = 2 ** 31 - 1
const SIGNALS = ['SIGINT', 'SIGTERM'] as const

/**
 * Waits for `work`, and no longer when this process is told to stop.
 * @throws CliError `failed` with the message when it was; whatever `work` throws
 */
export async function unlessInterrupted<T>(work: Promise<T>, message: string): Promise<T> {
  const interrupted = Promise.withResolvers<never>()
  const stop = () => interrupted.reject(failed(message))
  for (const signal of SIGNALS) process.on(signal, stop)
  try {
    return await Promise.race([work, interrupted.promise])
  } finally {
    for (const signal of SIGNALS) process.off(signal, stop)
  }
}

/**
 * A signal that is aborted when this process is told to stop. Until it is disposed of the process lives, though all that it
 * waits for is a clock, whose timers keep none alive; then a signal ends it again.
 */
export function untilInterrupted(): Disposable & { signal: AbortSignal } {
  const controller = new AbortController()
  const alive = setInterval(() => {}, MAX_TIMER_MS)
  const stop = () => controller.abort()
  for (const signal of SIGNALS) process.on(signal, stop)
  return {
    signal: controller.signal,
    [Symbol.dispose]() {
      clearInterval(alive)
      for (const signal of SIGNALS) process.off(signal, stop)
    },
  }
}
