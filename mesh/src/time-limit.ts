import type { Clock } from '@hansa/protocols'

/**
 * Runs something that heeds a signal, which is aborted after `limitMs` with `tooLate`, or together with `outer`.
 * Everything outbound has such a limit: a peer that hangs must not hold what waits for it.
 */
export async function withTimeLimit<T>(
  {
    clock,
    limitMs,
    tooLate,
    outer,
  }: { clock: Clock; limitMs: number; tooLate: Error; outer?: AbortSignal | undefined },
  run: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const stop = new AbortController()
  const cancel = clock.after(limitMs, () => stop.abort(tooLate))
  try {
    return await run(outer === undefined ? stop.signal : AbortSignal.any([stop.signal, outer]))
  } finally {
    cancel()
  }
}
