/** Adapter: Ctrl+C and SIGTERM while something is under way that has to be taken back. */
import process from 'node:process'
import { failed } from './errors.ts'

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
