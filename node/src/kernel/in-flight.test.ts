import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { InFlight } from './in-flight.ts'

describe('places', () => {
  it.each([
    ['of one principal and capability', { perPrincipal: 2, perPeer: 64 }, undefined, undefined, 2],
    ['as the capability says, when it says', { perPrincipal: 2, perPeer: 64 }, undefined, 5, 5],
    ['of one peer', { perPrincipal: 8, perPeer: 3 }, 'did:key:a', undefined, 3],
    ['of one peer, when the capability says more', { perPrincipal: 8, perPeer: 3 }, 'did:key:a', 5, 5],
  ])('%s are bounded', (_what, limits, peer, concurrent, expected) => {
    const places = new InFlight(limits)
    const entered = Array.from({ length: 20 }, () => places.enter('agent:a', 'echo', peer, concurrent))
    expect(entered.filter(Boolean)).toHaveLength(expected)
    expect(places.size).toBe(expected)
  })

  it('of one peer are bounded over all of its pseudonyms and capabilities', () => {
    const places = new InFlight({ perPrincipal: 8, perPeer: 10 })
    const entered = Array.from({ length: 100 }, (_, at) =>
      places.enter(`did:key:a#${at}`, `cap${at}`, 'did:key:a', undefined),
    )
    expect(entered.filter(Boolean)).toHaveLength(10)
    expect(places.enter('did:key:b#1', 'cap1', 'did:key:b', undefined)).toBe(true)
  })

  it('that were refused are not taken, neither of the principal nor of the peer', () => {
    const places = new InFlight({ perPrincipal: 1, perPeer: 2 })
    places.enter('p#1', 'echo', 'p', undefined)
    for (let again = 0; again < 5; again++) places.enter('p#1', 'echo', 'p', undefined)
    expect(places.enter('p#2', 'echo', 'p', undefined)).toBe(true)
  })

  it('all come back, in any order, and leave nothing behind', () => {
    const who = fc.record({
      principal: fc.constantFrom('a', 'b'),
      capability: fc.constantFrom('x', 'y'),
      peer: fc.option(fc.constantFrom('p', 'q'), { nil: undefined }),
    })
    fc.assert(
      fc.property(fc.array(who, { maxLength: 60 }), (calls) => {
        const places = new InFlight({ perPrincipal: 4, perPeer: 6 })
        const inside = calls.filter(({ principal, capability, peer }) =>
          places.enter(principal, capability, peer, undefined),
        )
        expect(places.size).toBe(inside.length)
        for (const { principal, capability, peer } of inside.reverse()) places.leave(principal, capability, peer)
        expect(places.size).toBe(0)
        for (let again = 0; again < 4; again++) expect(places.enter('a', 'x', 'p', undefined)).toBe(true)
      }),
    )
  })
})
