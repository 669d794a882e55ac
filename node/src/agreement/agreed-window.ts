/** Where the calls of an agreement are counted, for each direction on its own. */
import type { Did } from '@hansa/protocols'
import type { RateLimit } from '@hansa/trust'
import type { Permitted } from '../kernel/stages.ts'

const DAY_SECONDS = 86_400

/** @param caller the other kernel when it is the one that calls */
export function agreedWindow(id: string, caller: Did | undefined): Pick<RateLimit, 'key' | 'perSeconds'> {
  return { key: `${caller ?? 'own'}\nagreement ${id}`, perSeconds: DAY_SECONDS }
}

/** Under which name what is used up under an agreement is counted, beside the links of chains. */
export function agreedBudget(id: string): string {
  return `agreement ${id}`
}

/** The window of the agreement that covers a call: without a limit it counts too, as a replay of the log does. */
export function agreedWindows({ agreement, caller }: Pick<Permitted, 'agreement' | 'caller'>): RateLimit[] {
  const covering = agreement?.covering
  if (covering === undefined) return []
  const window = agreedWindow(covering.id, caller.kind === 'peer' ? caller.did : undefined)
  return [{ ...window, calls: covering.callsPerDay ?? Number.POSITIVE_INFINITY }]
}
