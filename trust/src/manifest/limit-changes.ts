import type { Limits } from '@hansa/protocols'
import type { FieldChange } from './change.ts'

const NAMES = [
  'max_rows',
  'max_bytes',
  'timeout_ms',
  'calls_per_minute',
  'concurrent',
] as const satisfies readonly (keyof Limits)[]

/** A bound that is new or lower may be taken over; one that is higher or gone lets more through than was imported. */
export function limitChanges(was: Limits, is: Limits): FieldChange[] {
  return NAMES.flatMap((name): FieldChange[] => {
    const before = was[name] ?? Number.POSITIVE_INFINITY
    const after = is[name] ?? Number.POSITIVE_INFINITY
    if (before === after) return []
    const detail = `${name}: ${was[name] ?? 'none'} to ${is[name] ?? 'none'}`
    return [
      after < before
        ? { action: 'apply', what: 'limit_lowered', detail }
        : { action: 'suspend', what: 'limit_raised', detail },
    ]
  })
}
