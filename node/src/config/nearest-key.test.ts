import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { nearestKey } from './nearest-key.ts'

const known = ['name', 'listen', 'public_url', 'policies', 'url']

describe(nearestKey, () => {
  it.each([
    ['policys', 'policies'],
    ['lisetn', 'listen'],
    ['publicUrl', 'public_url'],
    ['public-url', 'public_url'],
    ['ulr', 'url'],
    ['Name', 'name'],
    ['frobnicate', undefined],
    ['', undefined],
    ['x', undefined],
  ])('takes %j for %s', (written, meant) => {
    expect(nearestKey(written, known)).toBe(meant)
  })

  it('finds a key again after one slip', () => {
    fc.assert(
      fc.property(
        fc.constantFrom('listen', 'public_url', 'policies'),
        fc.nat(),
        fc.constantFrom('q', ''),
        (key, at, typed) => {
          const slip = at % key.length
          expect(nearestKey(key.slice(0, slip) + typed + key.slice(slip + 1), known)).toBe(key)
        },
      ),
    )
  })
})
