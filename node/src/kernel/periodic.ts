import type { Clock } from '@hansa/protocols'

/**
 * Runs a job again and again on a clock, the next time only after the last one has ended, so that a slow job never
 * overlaps itself. The first run is one period from now.
 * @param failed told what a run threw; the job goes on.
 * @returns ends it; a run that is under way is not interrupted.
 */
export function periodic(
  clock: Clock,
  periodMs: number,
  job: () => Promise<unknown>,
  failed: (error: unknown) => void,
): () => void {
  let cancel = () => {}
  let ended = false
  const schedule = () => {
    if (ended) return
    cancel = clock.after(periodMs, () => {
      job().catch(failed).finally(schedule)
    })
  }
  schedule()
  return () => {
    ended = true
    cancel()
  }
}
