/** What entries of the log do not say, and projections that replay them ask for. */
import type { CapabilityRef } from '@hansa/protocols'
import type { CompiledPolicy } from '@hansa/trust'
import type { ImportDesk } from './import-desk.ts'

export type ReplayFacts = {
  /** Seconds of the window of a rule that sets a limit. */
  ruleWindow(rule: string): number | undefined
  /** Whether all that an imported capability can do is read; false for one that is not known any more. */
  reads(capability: string): boolean
  /** All of them, as they are now. */
  listed(): ListedFacts
}

/** As values, for another thread. */
export type ListedFacts = {
  ruleWindows: readonly (readonly [rule: string, seconds: number])[]
  reads: readonly string[]
}

export function replayFacts(
  imports: Pick<ImportDesk, 'descriptorOf' | 'described'>,
  inForce: () => Pick<CompiledPolicy, 'rules'>,
): ReplayFacts {
  return {
    ruleWindow: (rule) => inForce().rules.find(({ id }) => id === rule)?.limit?.per_seconds,
    reads: (ref) => imports.descriptorOf(ref as CapabilityRef)?.safety === 'READ',
    listed: () => ({
      ruleWindows: inForce().rules.flatMap(({ id, limit }) => (limit === undefined ? [] : [[id, limit.per_seconds]])),
      reads: imports.described().flatMap(({ info, descriptor }) => (descriptor.safety === 'READ' ? [info.ref] : [])),
    }),
  }
}

export function factsFrom(listed: ListedFacts): ReplayFacts {
  const windows = new Map(listed.ruleWindows)
  const reads = new Set(listed.reads)
  return { ruleWindow: (rule) => windows.get(rule), reads: (ref) => reads.has(ref), listed: () => listed }
}
