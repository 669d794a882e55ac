import { describe, expect, it } from 'vitest'
import { exceptedOf, readExceptions } from './exceptions.ts'
import { kernelLegs } from './kernel-legs.ts'
import { judge } from './leg.ts'
import { requiredScenarios, revisions, roles } from './requirements.ts'

/** Milliseconds; a leg takes ten to forty seconds on an idle machine. */
const WITHIN_MS = 300_000

describe('a node that permits everything passes the conformance kit of MCP', () => {
  const legs = roles.flatMap((role) => revisions.map((revision) => ({ role, revision })))

  it.each(legs)(
    'as a $role of $revision',
    async ({ role, revision }) => {
      const which = { way: 'throughKernel', role, revision } as const
      const exceptions = readExceptions()
      const leg = judge(which, await kernelLegs[role](revision, exceptedOf(which, exceptions)), exceptions)
      expect(leg.failing, 'scenarios that fail').toEqual([])
      expect(leg.stale, 'exceptions that are not needed').toEqual([])
      expect(leg.passed + leg.excepted.length).toBe(requiredScenarios(revision, role).length)
    },
    WITHIN_MS,
  )
})
