import type { Did } from '@hansa/protocols'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { InFlight, type Place } from './in-flight.ts'

const a = 'did:key:a' as Did
const b = 'did:key:b' as Did
const call = (over: Partial<Place> = {}): Place => ({ principal: 'agent:a', capability: 'echo', ...over })
const enteredOf = (places: InFlight, calls: Place[]) => calls.filter((place) => places.enter(place) === undefined)

describe('places', () => {
  it.each([
    ['of one principal and capability', { perPrincipal: 2 }, {}, 2],
    ['as the capability says, when it says', { perPrincipal: 2 }, { concurrent: 5 }, 5],
    ['of one peer', { perPeer: 3 }, { from: a }, 3],
    ['of one peer, when the capability says more', { perPeer: 3 }, { from: a, concurrent: 5 }, 5],
    ['to one peer', { perPeer: 3 }, { to: a }, 3],
    ['to one peer, when the capability says more', { perPeer: 3 }, { to: a, concurrent: 5 }, 5],
    ['of everybody', { perPrincipal: 64, all: 4 }, {}, 4],
    ['of peers altogether', { perPrincipal: 64, all: 8, reserved: 0.25 }, { from: a }, 6],
  ])('%s are bounded', (_what, limits, over, expected) => {
    const places = new InFlight(limits)
    expect(
      enteredOf(
        places,
        Array.from({ length: 20 }, () => call(over)),
      ),
    ).toHaveLength(expected)
    expect(places.size).toBe(expected)
    expect(places.enter(call(over))).toMatch(/\d+ calls .*under way/)
  })

  it('of one peer are bounded over all of its pseudonyms and capabilities', () => {
    const places = new InFlight({ perPeer: 10 })
    const calls = Array.from({ length: 100 }, (_, at) =>
      call({ principal: `${a}#${at}`, capability: `c${at}`, from: a }),
    )
    expect(enteredOf(places, calls)).toHaveLength(10)
    expect(places.enter(call({ principal: `${b}#1`, from: b }))).toBeUndefined()
  })

  it('to a peer that hangs leave those to others free', () => {
    const places = new InFlight({ perPeer: 10 })
    const calls = Array.from({ length: 100 }, (_, at) => call({ principal: `agent:${at}`, to: a }))
    expect(enteredOf(places, calls)).toHaveLength(10)
    expect(places.enter(call({ principal: 'agent:0', capability: 'other', to: b }))).toBeUndefined()
  })

  it('are left for own principals when mallory floods under a thousand identities', () => {
    const places = new InFlight({ all: 100, reserved: 0.25 })
    const flood = Array.from({ length: 1_000 }, (_, at) => {
      const from = `did:key:m${at}` as Did
      return call({ principal: `${from}#1`, from })
    })
    expect(enteredOf(places, flood)).toHaveLength(75)
    const own = Array.from({ length: 30 }, (_, at) => call({ principal: `agent:${at}` }))
    expect(enteredOf(places, own)).toHaveLength(25)
  })

  it('that were refused are not taken, neither of the principal nor of the peer', () => {
    const places = new InFlight({ perPrincipal: 1, perPeer: 2 })
    for (let again = 0; again < 5; again++) places.enter(call({ principal: 'p#1', from: a }))
    expect(places.size).toBe(1)
    expect(places.enter(call({ principal: 'p#2', from: a }))).toBeUndefined()
  })

  it('all come back, in any order, and leave nothing behind', () => {
    const peer = fc.option(fc.constantFrom(a, b), { nil: undefined })
    const who = fc.record({
      principal: fc.constantFrom('a', 'b'),
      capability: fc.constantFrom('x', 'y'),
      from: peer,
      to: peer,
    })
    fc.assert(
      fc.property(fc.array(who, { maxLength: 60 }), (calls) => {
        const places = new InFlight({ perPrincipal: 4, perPeer: 6, all: 20 })
        const inside = enteredOf(places, calls)
        expect(places.size).toBe(inside.length)
        for (const place of inside.reverse()) places.leave(place)
        expect(places.size).toBe(0)
        for (let again = 0; again < 4; again++)
          expect(places.enter({ principal: 'a', capability: 'x', from: a, to: b })).toBeUndefined()
      }),
    )
  })
})
