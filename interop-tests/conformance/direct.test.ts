import { describe, expect, it } from 'vitest'
import { directLegs } from './direct-legs.ts'
import { readExceptions } from './exceptions.ts'
import { judge } from './leg.ts'
import { requiredScenarios, revisions, roles } from './requirements.ts'

/** Milliseconds; a leg takes some seconds on an idle machine. */
const WITHIN_MS = 180_000

describe('the fixtures pass the conformance kit of MCP by themselves', () => {
  const legs = roles.flatMap((role) => revisions.map((revision) => ({ role, revision })))

  it.each(legs)(
    'as a $role of $revision',
    async ({ role, revision }) => {
      const leg = judge({ way: 'direct', role, revision }, await directLegs[role](revision), readExceptions())
      expect(leg.failing, 'scenarios that fail').toEqual([])
      expect(leg.stale, 'exceptions that are not needed').toEqual([])
      expect(leg.passed).toBe(requiredScenarios(revision, role).length)
    },
    WITHIN_MS,
  )
})
