import { describe, expect, it } from 'vitest'
import { readExceptions } from './exceptions.ts'
import { verdict } from './kit.ts'
import { isAsExpected, judge } from './leg.ts'
import { requiredScenarios } from './requirements.ts'

const leg = { way: 'direct', role: 'server', revision: '2026-07-28' } as const
const excepted = { ...leg, scenario: 'caching', reason: 'a reason that is long enough' }
const success = { id: 'a', status: 'SUCCESS' }

describe('the verdict on a scenario', () => {
  it('needs a check that succeeded: the kit also passes what nothing was checked of', () => {
    expect(verdict('server', 'ping', [])).toMatchObject({ passed: false, faults: ['nothing was checked'] })
    expect(verdict('server', 'ping', [{ id: 'a', status: 'INFO' }])).toMatchObject({ passed: false })
    expect(verdict('server', 'ping', [success])).toMatchObject({ passed: true, successes: 1 })
  })

  it('keeps what a server is warned of apart, and counts it as a fault of a client, as the kit does', () => {
    const checks = [success, { id: 'b', status: 'WARNING', errorMessage: 'should not' }]
    expect(verdict('server', 'ping', checks)).toMatchObject({ passed: true, faults: [], warnings: ['b: should not'] })
    expect(verdict('client', 'ping', checks)).toMatchObject({ passed: false, faults: ['b: should not'], warnings: [] })
  })
})

describe('the verdict on a leg', () => {
  const fails = { scenario: 'caching', passed: false, successes: 0, faults: ['no'], warnings: [] }
  const passes = { scenario: 'caching', passed: true, successes: 1, faults: [], warnings: [] }

  it('is as expected when all pass', () => {
    expect(isAsExpected(judge(leg, [passes], []))).toBe(true)
  })

  it('fails for a scenario that does not pass', () => {
    expect(judge(leg, [fails], [])).toMatchObject({ passed: 0, required: 1, failing: [fails] })
    expect(isAsExpected(judge(leg, [fails], []))).toBe(false)
  })

  it('admits what is excepted, for this leg alone, and counts it as not passed', () => {
    const judged = judge(leg, [fails], [excepted])
    expect(judged).toMatchObject({ passed: 0, required: 1, excepted: [excepted] })
    expect(isAsExpected(judged)).toBe(true)
    expect(isAsExpected(judge({ ...leg, role: 'client' }, [fails], [excepted]))).toBe(false)
  })

  it('fails for a warning that is not excepted, and counts the scenario as passed', () => {
    const warned = { ...passes, warnings: ['should not'] }
    expect(judge(leg, [warned], [])).toMatchObject({ passed: 1, failing: [warned] })
    expect(isAsExpected(judge(leg, [warned], [excepted]))).toBe(true)
  })

  it('fails for an exception of what passes', () => {
    expect(judge(leg, [passes], [excepted])).toMatchObject({ stale: [excepted] })
    expect(isAsExpected(judge(leg, [passes], [excepted]))).toBe(false)
  })
})

describe('what is required', () => {
  it('is the frozen list of the kit', () => {
    expect(requiredScenarios('2025-11-25', 'server')).toHaveLength(30)
    expect(requiredScenarios('2025-11-25', 'client')).toHaveLength(18)
    expect(requiredScenarios('2026-07-28', 'server')).toHaveLength(37)
    expect(requiredScenarios('2026-07-28', 'client')).toHaveLength(32)
  })

  it('is what exceptions are for', () => {
    expect(() => readExceptions()).not.toThrow()
  })
})
