import type { Place } from './in-flight.ts'
import type { Arrived, Target } from './stages.ts'

/** The place that a call takes while it runs. */
export function placeOf({ caller, target }: Pick<Arrived, 'caller'> & { target: Target }): Place {
  return {
    principal: caller.principal,
    capability: target.ref,
    ...(caller.kind === 'peer' ? { from: caller.did } : {}),
    ...(target.kind === 'imported' ? { to: target.peer } : {}),
    concurrent: target.limits.concurrent,
  }
}
