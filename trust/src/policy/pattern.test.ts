import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isPlainId, patternFault, patternKeys } from './pattern.ts'

const matches = (pattern: string, id: string) => patternKeys(id).includes(pattern)

describe('patterns', () => {
  it.each([
    ['*', 'agent:billing'],
    ['agent:billing', 'agent:billing'],
    ['agent:*', 'agent:billing'],
    ['files.*', 'files.read'],
    ['files.*', 'files.read.all'],
    ['orgb/*', 'orgb/files.read'],
    ['orgb/files.*', 'orgb/files.read'],
    ['did:key:*', 'did:key:z6MkabC'],
    ['did:*', 'did:web:example.org'],
  ])('%s matches %s', (pattern, id) => {
    expect(patternFault(pattern)).toBeUndefined()
    expect(matches(pattern, id)).toBe(true)
  })

  it.each([
    ['tool:*', 'toolbox:x'],
    ['agent:*', 'agent'],
    ['agent:*', 'agent:'],
    ['files.*', 'files'],
    ['files.*', 'orgb/files.read'],
    ['orgb/*', 'orgb2/files.read'],
    ['files.read', 'files.Read'],
    ['files.read', 'files.read.all'],
    ['files.read.all', 'files.read'],
    ['person:*', 'agent:person:x'],
  ])('%s does not match %s', (pattern, id) => {
    expect(matches(pattern, id)).toBe(false)
  })

  it.each([
    ['agent:a*', /cuts a segment/],
    ['fi*', /cuts a segment/],
    ['*x', /not its last segment/],
    ['a.*.b', /not its last segment/],
    ['a.**', /not its last segment/],
    ['.*', /empty segment/],
    ['/*', /empty segment/],
    ['agent:bílling', /printable ASCII/],
    ['agent:\u0430dmin', /printable ASCII/],
    ['agent: x', /printable ASCII/],
    ['agent:x\n', /printable ASCII/],
    [`${'a'.repeat(1024)}.*`, /longer than/],
  ])('refuses %s at definition', (pattern, reason) => {
    expect(patternFault(pattern)).toMatch(reason)
  })

  it.each(['agent:*', '*', '', 'agent:ä', 'agent:a b', 'a'.repeat(1025)])('takes %j for no id', (id) => {
    expect(isPlainId(id)).toBe(false)
  })

  it('matches exactly the ids that begin with the prefix and go on', () => {
    const segment = fc.stringMatching(/^[a-c]{1,2}$/)
    const separator = fc.constantFrom(':', '.', '/')
    const id = fc
      .tuple(segment, fc.array(fc.tuple(separator, segment), { maxLength: 3 }))
      .map(([first, rest]) => first + rest.flat().join(''))
    fc.assert(
      fc.property(id, separator, id, (prefix, end, other) => {
        expect(matches(`${prefix}${end}*`, other)).toBe(other.startsWith(prefix + end) && other !== prefix + end)
      }),
    )
  })
})
