import type { Clock } from '@hansa/protocols'

/** Runs it again and again, each time so long after the last run has ended. @returns stops it, and waits for the run that is under way. */
export function every(clock: Clock, intervalMs: number, run: () => Promise<void>): () => Promise<void> {
  let running = Promise.resolve()
  let cancel = () => {}
  const schedule = () => {
    cancel = clock.after(intervalMs, () => {
      running = run().then(schedule)
    })
  }
  schedule()
  return async () => {
    cancel()
    await running
    // The run that was under way has scheduled the next one.
    cancel()
  }
}
