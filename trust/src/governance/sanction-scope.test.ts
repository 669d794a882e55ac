import type { SanctionScope } from '@hansa/protocols'
import { sanctionScopeSchema } from '@hansa/protocols'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { mallory } from '../testing/index.ts'
import { isMilder } from './effects.ts'
import { isInScope, liesWithin, type ScopedCall, scopeFault } from './sanction-scope.ts'

const kernel = mallory.did
const inbound: ScopedCall = { id: 'files.read', ref: 'files.read', caller: `${kernel}#p`, direction: 'inbound' }
const outbound: ScopedCall = { id: 'files.read', ref: 'orgb/files.read', caller: 'agent:a', direction: 'outbound' }

describe('a scope', () => {
  it.each<[string, SanctionScope | undefined, ScopedCall, boolean]>([
    ['none is about everything', undefined, inbound, true],
    ['the id', { capabilities: ['files.read'] }, inbound, true],
    ['a prefix', { capabilities: ['files.*'] }, inbound, true],
    ['a prefix of another segment', { capabilities: ['file.*'] }, inbound, false],
    ['part of a segment', { capabilities: ['files.rea'] }, inbound, false],
    ['one of several', { capabilities: ['notes.*', 'files.*'] }, inbound, true],
    ['the direction', { direction: 'inbound' }, inbound, true],
    ['the other direction', { direction: 'outbound' }, inbound, false],
    ['the caller', { agents: [`${kernel}#p`] }, inbound, true],
    ['another caller', { agents: [`${kernel}#q`] }, inbound, false],
    ['every part has to fit', { capabilities: ['files.*'], direction: 'outbound' }, inbound, false],
    ['what this kernel calls there, under its alias', { capabilities: ['orgb/*'] }, outbound, true],
    [
      'what this kernel calls there, as it names it',
      { capabilities: ['files.*'], direction: 'outbound' },
      outbound,
      true,
    ],
  ])('%s', (_what, scope, call, applies) => {
    expect(isInScope(scope, kernel, call)).toBe(applies)
  })

  it('of an own principal names capabilities of others with their alias', () => {
    expect(isInScope({ capabilities: ['files.*'] }, 'agent:a', outbound)).toBe(false)
    expect(isInScope({ capabilities: ['orgb/files.*'] }, 'agent:a', outbound)).toBe(true)
  })

  it.each([{}, { capabilities: [] }, { capabilities: ['files*'] }, { capabilities: ['../x'] }, { agents: ['x'] }])(
    'that is %j is none',
    (scope) => {
      expect(sanctionScopeSchema.safeParse(scope).success).toBe(false)
    },
  )

  it.each<[string, string, SanctionScope, boolean]>([
    ['an own agent, called by nobody', 'agent:a', { direction: 'inbound' }, false],
    ['an own agent and other callers', 'agent:a', { agents: ['agent:b'] }, false],
    ['a kernel and its own agent', kernel, { agents: [`${kernel}#p`] }, true],
    ['a kernel and who calls it', kernel, { agents: ['agent:a'] }, true],
    [
      'a kernel and an agent of ours, for what it calls here',
      kernel,
      { agents: ['agent:a'], direction: 'inbound' },
      false,
    ],
    ['a kernel and the agent of another one', kernel, { agents: ['did:key:z6MkOther#p'] }, false],
  ])('of %s: possible or not', (_what, subject, scope, possible) => {
    expect(scopeFault(subject, scope) === undefined).toBe(possible)
  })

  const capability = fc.constantFrom('*', 'files.*', 'files.read', 'files.read.*', 'notes.*', 'orgb/*', 'orgb/files.*')
  const part = <T>(values: fc.Arbitrary<T>) => fc.option(values, { nil: undefined })
  const scopes = fc
    .record({
      capabilities: part(fc.uniqueArray(capability, { minLength: 1, maxLength: 3 })),
      agents: part(fc.uniqueArray(fc.constantFrom(`${kernel}#p`, `${kernel}#q`, 'agent:a'), { minLength: 1 })),
      direction: part(fc.constantFrom('inbound' as const, 'outbound' as const)),
    })
    .map(
      (scope) => Object.fromEntries(Object.entries(scope).filter(([, value]) => value !== undefined)) as SanctionScope,
    )
    .map((scope) => (Object.keys(scope).length === 0 ? undefined : scope))
  const calls = fc.record({
    id: fc.constantFrom('files.read', 'files.read.all', 'notes.write', 'files'),
    caller: fc.constantFrom(`${kernel}#p`, `${kernel}#q`, 'agent:a'),
    direction: fc.constantFrom('inbound' as const, 'outbound' as const, 'local' as const),
  })

  it('that lies within another is about no call that the other is not about', () => {
    fc.assert(
      fc.property(scopes, scopes, calls, (outer, inner, { id, caller, direction }) => {
        if (!liesWithin(outer, inner)) return
        const call = { id, ref: direction === 'outbound' ? `orgb/${id}` : id, caller, direction }
        expect(isInScope(inner, kernel, call) && !isInScope(outer, kernel, call)).toBe(false)
      }),
    )
  })

  it('makes a sanction milder when it is narrower, and never when it is wider or another one', () => {
    const whole = { kind: 'suspend', until: 100 } as const
    const files = { ...whole, scope: { capabilities: ['files.*'] } }
    expect(isMilder(whole, files)).toBe(true)
    expect(isMilder(files, whole)).toBe(false)
    expect(isMilder(files, { ...whole, scope: { capabilities: ['notes.*'] } })).toBe(false)
    expect(isMilder(files, { ...files, kind: 'quarantine', scope: { capabilities: ['*'] } })).toBe(false)
    expect(isMilder(files, files)).toBe(false)
    expect(isMilder(files, { kind: 'warn', until: null })).toBe(true)
  })
})
