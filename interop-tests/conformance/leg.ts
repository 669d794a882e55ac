import type { Exception, Way } from './exceptions.ts'
import type { ScenarioResult } from './kit.ts'
import type { Revision, Role } from './requirements.ts'

/** One role under one revision, one way. */
export type Leg = { way: Way; role: Role; revision: Revision }

export type LegResult = Leg & {
  passed: number
  required: number
  /** Scenarios that do not pass and are not excepted, with why. */
  failing: readonly ScenarioResult[]
  /** Exceptions for scenarios that do pass. */
  stale: readonly Exception[]
  /** Scenarios that do not pass and are excepted. */
  excepted: readonly Exception[]
}

export function judge(leg: Leg, results: readonly ScenarioResult[], exceptions: readonly Exception[]): LegResult {
  const own = exceptions.filter(
    ({ way, role, revision }) => way === leg.way && role === leg.role && revision === leg.revision,
  )
  const failed = results.filter(({ passed }) => !passed)
  const isExcepted = (name: string) => own.some(({ scenario }) => scenario === name)
  return {
    ...leg,
    passed: results.length - failed.length,
    required: results.length,
    failing: failed.filter(({ scenario }) => !isExcepted(scenario)),
    stale: own.filter(({ scenario }) => results.some((one) => one.scenario === scenario && one.passed)),
    excepted: own.filter(({ scenario }) => failed.some((one) => one.scenario === scenario)),
  }
}

/** Whether everything passes that is not excepted, and nothing is excepted that passes. */
export function isAsExpected({ failing, stale }: LegResult): boolean {
  return failing.length === 0 && stale.length === 0
}
