import { parseCapabilityRef } from '@hansa/protocols'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { hashedName, MAX_NAME_CHARS, refOfName, toolNameOf } from './tool-name.ts'

const segment = fc.string({ unit: fc.constantFrom('a', 'u', 'z', '0', '_', '_', '-'), minLength: 1, maxLength: 6 })
const id = fc.array(segment, { minLength: 1, maxLength: 5 }).map((segments) => segments.join('.'))
const alias = fc.string({ unit: fc.constantFrom('a', '_', '-'), maxLength: 5 }).map((rest) => `b${rest}`)
const ref = fc.oneof(
  id,
  fc.tuple(alias, id).map(([peer, rest]) => `${peer}/${rest}`),
)

describe(toolNameOf, () => {
  it.each([
    ['echo', 'echo'],
    ['files.read_text_file', 'files__read_text_file'],
    ['orgb/files.read', 'orgb___files__read'],
    ['org-b/get-weather', 'org-b___get-weather'],
    ['a_.b', 'aU__b'],
    ['a._b', 'a__Ub'],
    ['a__b', 'aUUb'],
    ['a._x5fx55.b', 'a__Ux5fx55__b'],
  ])('makes %s %s', (given, name) => {
    expect(parseCapabilityRef(given)).toBeDefined()
    expect(toolNameOf(given)).toBe(name)
  })

  it('gives every reference a name that hosts take', () => {
    fc.assert(fc.property(ref, (given) => /^[A-Za-z0-9_-]{1,64}$/.test(toolNameOf(given))))
  })

  it('never gives two references one name, whatever mallory calls hers', () => {
    fc.assert(
      fc.property(ref, ref, (one, other) => {
        fc.pre(one !== other)
        expect(toolNameOf(one)).not.toBe(toolNameOf(other))
      }),
    )
  })

  it('can be read back as long as it is not cut', () => {
    fc.assert(
      fc.property(ref, (given) => {
        const name = toolNameOf(given)
        expect(refOfName(name)).toBe(name.includes('Z') ? undefined : given)
      }),
    )
  })

  it.each(['', 'Files', 'a b', '__a', 'a____b', 'a__', 'aUb', hashedName('echo')])(
    'is none of a reference: %s',
    (name) => {
      expect(refOfName(name)).toBeUndefined()
    },
  )

  it('keeps long ones apart that begin alike, and from short ones', () => {
    const long = `orgb/${'segment.'.repeat(14)}`
    const names = [toolNameOf(`${long}a`), toolNameOf(`${long}b`), hashedName('echo')]
    expect(new Set(names).size).toBe(3)
    for (const name of names) {
      expect(name.length).toBeLessThanOrEqual(MAX_NAME_CHARS)
      expect(name).toMatch(/^[a-z0-9_-]*Z[A-Za-z0-9_-]{22}$/)
    }
  })
})
