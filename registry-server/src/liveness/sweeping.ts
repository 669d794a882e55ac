/** What time does to a registry: kernels that are not heard of any more, records that end, requests that were turned away. */
import type { Events } from '../events.ts'
import type { RecordComponents } from '../records/admission.ts'
import { observeLiveness } from './observe.ts'

export type SweepingComponents = RecordComponents & { events: Events }

export function sweeping(components: SweepingComponents) {
  const { now, records, events } = components
  let requests = 0
  return {
    /** A request was turned away by the rate; they are told of together. */
    turnedAway: () => {
      requests += 1
    },
    /** Never rejects. */
    async tick(): Promise<void> {
      if (requests > 0) events.rateLimited(requests)
      requests = 0
      try {
        const { unreachable, dead } = await observeLiveness(components)
        const forgotten = await records.forget(now())
        if (unreachable + dead + forgotten > 0) events.swept(unreachable, dead, forgotten)
      } catch (error) {
        events.failed('sweep', error)
      }
    },
  }
}
