import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type PrincipalTemplate, principalFor, principalTemplate, templatesOverlap } from './principal-template.ts'

function made(text: string): PrincipalTemplate {
  const reading = principalTemplate(text)
  if (!reading.ok) throw new Error(reading.reason)
  return reading.template
}

describe(principalTemplate, () => {
  it.each([
    ['agent:{sub}', { sub: 'reporter' }, 'agent:reporter'],
    ['agent:corp-{sub}.x', { sub: 'r-1' }, 'agent:corp-r-1.x'],
    ['person:{sub}', { sub: 'olga' }, 'person:olga'],
    ['agent:{ns}.{sa}', { ns: 'ops', sa: 'a.b' }, 'agent:ops.a.b'],
  ])('%s makes of %j %s', (text, claims, principal) => {
    expect(principalFor(made(text), claims)).toBe(principal)
  })

  it.each([
    'agent:reporter',
    'agent:',
    '{sub}',
    'did:key:{sub}',
    'peer:{sub}',
    'agent:{sub',
    'agent:{}',
    'agent:{a.b}',
    'agent:{__proto__}',
    'agent:Corp-{sub}',
    'agent:{sub} ',
    'agent:{a}{b}',
    'agent:{email}',
    'agent:x-{preferred_username}',
    'agent:{a}-{b}-{c}-{d}-{e}',
  ])('%s is not one', (text) => {
    expect(principalTemplate(text)).toMatchObject({ ok: false })
  })

  it.each<[string, unknown]>([
    ['no claim', undefined],
    ['a number', 7],
    ['a list', ['reporter']],
    ['nothing', ''],
    ['upper case', 'Reporter'],
    ['a colon', 'x:y'],
    ['a character that looks like another', 'rероrter'],
    ['a line end', 'reporter\n'],
    ['65 characters', 'a'.repeat(65)],
    ['a beginning that no name has', '-a'],
  ])('makes nothing of %s', (_what, sub) => {
    expect(principalFor(made('agent:{sub}'), { sub })).toBeUndefined()
  })

  it('takes no claim from the prototype', () => {
    expect(principalFor(made('agent:{toString}'), {})).toBeUndefined()
  })

  it('never makes one principal of two subjects', () => {
    const value = fc.stringMatching(/^[a-c.-]{1,4}$/)
    const template = made('agent:{ns}.{sa}')
    fc.assert(
      fc.property(value, value, value, value, (ns, sa, ns2, sa2) => {
        const one = principalFor(template, { ns, sa })
        const other = principalFor(template, { ns: ns2, sa: sa2 })
        return one === undefined || one !== other || (ns === ns2 && sa === sa2)
      }),
      { numRuns: 2_000 },
    )
  })
})

it.each([
  ['agent:{sub}', 'agent:mesh-{sa}', true],
  ['agent:a-{sub}', 'agent:b-{sub}', false],
  ['agent:{sub}', 'person:{sub}', false],
  ['agent:corp-{sub}', 'agent:{a}-{b}', true],
])('%s and %s could make the same principal: %s', (one, other, overlap) => {
  expect(templatesOverlap(made(one), made(other))).toBe(overlap)
  expect(templatesOverlap(made(other), made(one))).toBe(overlap)
})
