import { describe, expect, it } from 'vitest'
import { controlScopeOf, methodFacts } from './method-facts.ts'
import { controlMethods, controlPaths } from './methods.ts'
import { controlResults } from './results.ts'

describe('the methods of the control interface', () => {
  it('have each a scope and a result, and nothing else has', () => {
    expect(Object.keys(methodFacts).sort()).toEqual(Object.keys(controlMethods).sort())
    expect(Object.keys(controlResults).sort()).toEqual(Object.keys(controlMethods).sort())
  })

  it('leave an agent exactly what it needs', () => {
    const open = Object.keys(controlMethods).filter((name) => controlScopeOf(controlPaths.method + name) === 'agent')
    expect(open.sort()).toEqual(['capabilities', 'explain', 'importAgreed', 'invoke', 'search', 'whoami'])
  })

  it.each([
    '/control/v1/steal',
    '/control/v1/constructor',
    '/control/v1/__proto__',
    '/control/v1/',
    '/control/v1/invoke/',
    '/control/v1/invoke?x',
    '/control/v2/invoke',
    'invoke',
    '',
  ])('%j is none that is known, so it is the operator who may ask', (path) => {
    expect(controlScopeOf(path)).toBe('operator')
  })
})
