import type { Exception, Way } from './exceptions.ts'
import type { ScenarioResult } from './kit.ts'
import type { Revision, Role } from './requirements.ts'

/** One role under one revision, one way. */
export type Leg = { way: Way; role: Role; revision: Revision }

export type LegResult = Leg & {
  passed: number
  required: number
  /** Scenarios that do not pass or are warned of, and are not excepted, with why. */
  failing: readonly ScenarioResult[]
  /** Exceptions for scenarios that do pass, without a warning. */
  stale: readonly Exception[]
  /** Scenarios that do not pass or are warned of, and are excepted. */
  excepted: readonly Exception[]
}

export function judge(leg: Leg, results: readonly ScenarioResult[], exceptions: readonly Exception[]): LegResult {
  const own = exceptions.filter(
    ({ way, role, revision }) => way === leg.way && role === leg.role && revision === leg.revision,
  )
  const isClean = ({ passed, warnings }: ScenarioResult) => passed && warnings.length === 0
  const unclean = results.filter((one) => !isClean(one))
  const isExcepted = (name: string) => own.some(({ scenario }) => scenario === name)
  return {
    ...leg,
    passed: results.filter(({ passed }) => passed).length,
    required: results.length,
    failing: unclean.filter(({ scenario }) => !isExcepted(scenario)),
    stale: own.filter(({ scenario }) => results.some((one) => one.scenario === scenario && isClean(one))),
    excepted: own.filter(({ scenario }) => unclean.some((one) => one.scenario === scenario)),
  }
}

/** Whether everything passes without a warning that is not excepted, and nothing is excepted that passes. */
export function isAsExpected({ failing, stale }: LegResult): boolean {
  return failing.length === 0 && stale.length === 0
}
