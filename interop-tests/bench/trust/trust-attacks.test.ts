import { describe, expect, it } from 'vitest'
import { eigenTrust } from './eigen-trust.ts'
import { plainAverage } from './plain-average.ts'
import { type TrustAttack, trustAttacks } from './trust-attacks.ts'

const attacks = new Map(trustAttacks({ rings: [10, 1_000] }).map((attack) => [attack.name, attack]))
const of = (name: string): TrustAttack => {
  const found = [...attacks.values()].find((attack) => attack.name.includes(name))
  if (found === undefined) throw new RangeError(`no attack ${name}`)
  return found
}

describe('what an attack gains', () => {
  it.each(['ring of 10', 'ring of 1,000'])('is nothing under our score by a %s, whatever it is elsewhere', (name) => {
    expect(of(name).gain).toBe(0)
    expect(of(name).plainAverageGain).toBeGreaterThan(50)
  })

  it('is less than nothing by a new key, unless the old one was proven false: then it is a newcomer again', () => {
    expect(of('one high violation').gain).toBeLessThan(-300)
    expect(of('proven fork').gain).toBe(200)
  })

  it('is not kept after a good name was used up', () => {
    expect(of('on-off').gain).toBeLessThan(0)
    expect(of('on-off').plainAverageGain).toBeGreaterThan(700)
  })

  it('is a loss by wrong labels and by replays among good calls, which an average hardly sees', () => {
    expect(of('wrong label').gain).toBeLessThan(-300)
    expect(of('signed replay').gain).toBeLessThan(-700)
    expect(of('signed replay').plainAverageGain).toBeGreaterThan(-100)
  })

  it('is a day of probation by ten thousand calls, and 140 by a trusted kernel', () => {
    expect(of('ballot stuffing').gain).toBe(40)
    expect(of('mallory holds').gain).toBe(140)
  })

  it('is nothing by slander', () => {
    expect(of('slander').gain).toBe(0)
    expect(of('slander').plainAverageGain).toBeGreaterThan(500)
  })
})

describe('what ours is compared with', () => {
  const ratings = [
    { from: 'a', to: 'b', good: 3, bad: 1 },
    { from: 'b', to: 'c', good: 1, bad: 0 },
  ]

  it('a plain average is the part of calls that went well', () => {
    expect(plainAverage('b', ratings)).toBe(750)
    expect(plainAverage('nobody', ratings)).toBe(200)
  })

  it('EigenTrust lets trust flow from the pre-trusted, and less with each step', () => {
    const points = eigenTrust({ preTrusted: ['a'] })
    expect(points('a', ratings)).toBe(1000)
    expect(points('b', ratings)).toBe(850)
    expect(points('c', ratings)).toBeLessThan(points('b', ratings))
    expect(points('nobody', ratings)).toBe(0)
  })
})
