import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { DEFAULT_BREAKER } from './breaker-settings.ts'
import { CircuitBreaker } from './circuit-breaker.ts'

const SECOND = 1_000
const never = { failuresInARow: 1_000_000 }
const breaker = (over: Partial<typeof DEFAULT_BREAKER> = {}) => new CircuitBreaker({ ...DEFAULT_BREAKER, ...over })

describe(CircuitBreaker, () => {
  it.each([
    ['half of twenty', 10, 10, true],
    ['less than half of twenty', 11, 9, false],
    ['all of nineteen', 0, 19, false],
    ['a hundred among a thousand', 900, 100, false],
  ])('with %s failed: %i good, %i bad, opens: %s', (_what, good, bad, opens) => {
    const one = breaker(never)
    for (let n = 0; n < good; n++) one.good(n)
    for (let n = 0; n < bad; n++) one.bad(n)
    expect(one.state).toBe(opens ? 'open' : 'closed')
  })

  it('opens by the fifth failure in a row, however far apart they are', () => {
    const one = breaker()
    const whys = [0, 60, 120, 180, 240].map((seconds) => one.bad(seconds * SECOND))
    expect(whys).toEqual([undefined, undefined, undefined, undefined, '5 exchanges in a row failed'])
  })

  it('forgets what is older than the window', () => {
    const one = breaker(never)
    for (let n = 0; n < 19; n++) one.bad(0)
    one.bad(40 * SECOND)
    expect(one.state).toBe('closed')
    for (let n = 0; n < 19; n++) one.bad(50 * SECOND)
    expect(one.state).toBe('open')
  })

  it('is not closed by an answer that was under way when it opened', () => {
    const one = breaker()
    for (let n = 0; n < 5; n++) one.bad(n)
    expect(one.good(10)).toBe(false)
    expect(one.state).toBe('open')
  })

  it('tries a peer that was found again, and gives it up by its first failure', () => {
    const one = breaker()
    for (let n = 0; n < 5; n++) one.bad(n)
    one.looked(true)
    expect(one.state).toBe('half_open')
    expect(one.bad(100)).toContain('found again')
    one.looked(true)
    expect(one.good(200)).toBe(true)
    expect(one.state).toBe('closed')
  })

  it('doubles the pause with each look in vain, and with each return that did not last', () => {
    const one = breaker()
    for (let n = 0; n < 5; n++) one.bad(n)
    const pauses = [one.pauseMs]
    for (let n = 0; n < 4; n++) {
      one.looked(false)
      pauses.push(one.pauseMs)
    }
    expect(pauses).toEqual([1_000, 2_000, 4_000, 8_000, 10_000])
    one.looked(true)
    one.bad(100)
    expect(one.pauseMs).toBe(10_000)
    one.looked(true)
    one.good(200)
    for (let n = 0; n < 5; n++) one.bad(300)
    expect(one.pauseMs).toBe(1_000)
  })

  it('never lets anything through between opening and a look that found it, in any order of events', () => {
    const event = fc.constantFrom('good', 'bad', 'found', 'missed')
    fc.assert(
      fc.property(fc.array(event, { maxLength: 200 }), (events) => {
        const one = breaker()
        let now = 0
        for (const what of events) {
          const before = one.state
          now += 100
          if (what === 'good') one.good(now)
          else if (what === 'bad') one.bad(now)
          else one.looked(what === 'found')
          if (before === 'open') expect(one.state).toBe(what === 'found' ? 'half_open' : 'open')
          if (before === 'closed') expect(one.state).not.toBe('half_open')
          expect(one.pauseMs).toBeGreaterThanOrEqual(1_000)
          expect(one.pauseMs).toBeLessThanOrEqual(10_000)
        }
      }),
    )
  })
})
