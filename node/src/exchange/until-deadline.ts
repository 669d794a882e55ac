import { ExchangeCancelled } from '@hansa/mesh'
import type { Clock } from '@hansa/protocols'
import type { Begun } from '../kernel/stages.ts'

/** Runs with a signal that is aborted at the deadline of the call, or when whoever made it gives up. */
export async function untilDeadline<T>(
  call: Pick<Begun, 'deadlineMs' | 'signal'>,
  clock: Clock,
  run: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const stop = new AbortController()
  const cancelTimer = clock.after(Math.max(1, call.deadlineMs - clock.now()), () => stop.abort())
  const cancel = () => stop.abort(new ExchangeCancelled('the caller cancelled'))
  call.signal?.addEventListener('abort', cancel, { once: true })
  if (call.signal?.aborted === true) cancel()
  try {
    return await run(stop.signal)
  } finally {
    cancelTimer()
    call.signal?.removeEventListener('abort', cancel)
  }
}
