import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { sourceKey, tokenBuckets } from './token-buckets.ts'

describe(tokenBuckets, () => {
  const spend = (buckets: ReturnType<typeof tokenBuckets>, source: string, times: number, at: number) =>
    Array.from({ length: times }, () => buckets.take(source, at)).filter((granted) => granted).length

  it('grants a burst, then what comes back', () => {
    const buckets = tokenBuckets({ burst: 3, perSecond: 2 })
    expect(spend(buckets, 'a', 10, 0)).toBe(3)
    expect(spend(buckets, 'a', 10, 499)).toBe(0)
    expect(spend(buckets, 'a', 10, 500)).toBe(1)
    expect(spend(buckets, 'a', 10, 60_000)).toBe(3)
  })

  it('counts each source by itself', () => {
    const buckets = tokenBuckets({ burst: 1, perSecond: 1 })
    expect([buckets.take('a', 0), buckets.take('b', 0), buckets.take('a', 0)]).toEqual([true, true, false])
  })

  it('gives nothing for a clock that was set back', () => {
    const buckets = tokenBuckets({ burst: 1, perSecond: 1 })
    expect(buckets.take('a', 10_000)).toBe(true)
    expect(buckets.take('a', 0)).toBe(false)
    expect(buckets.take('a', 999)).toBe(false)
    expect(buckets.take('a', 1000)).toBe(true)
  })

  it('forgets the source that was silent longest, however many there are', () => {
    const buckets = tokenBuckets({ burst: 1, perSecond: 0, maxSources: 2 })
    buckets.take('old', 0)
    buckets.take('kept', 0)
    buckets.take('old', 0)
    buckets.take('new', 0)
    expect([buckets.take('old', 0), buckets.take('kept', 0)]).toEqual([false, true])
  })

  it('never grants more than the burst and what comes back', () => {
    const arrivals = fc.array(fc.nat({ max: 5000 }), { maxLength: 200 })
    fc.assert(
      fc.property(
        arrivals,
        fc.integer({ min: 1, max: 20 }),
        fc.integer({ min: 1, max: 50 }),
        (gaps, burst, perSecond) => {
          const buckets = tokenBuckets({ burst, perSecond })
          let at = 0
          let granted = 0
          for (const gap of gaps) {
            at += gap
            if (buckets.take('a', at)) granted += 1
          }
          expect(granted).toBeLessThanOrEqual(burst + (at * perSecond) / 1000 + 1e-6)
        },
      ),
    )
  })
})

describe(sourceKey, () => {
  it.each([
    ['192.0.2.7', '192.0.2.7'],
    ['::ffff:192.0.2.7', '192.0.2.7'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2'],
    ['2001:0db8:0001:0002::6', '2001:db8:1:2'],
    ['2001:db8::1', '2001:db8:0:0'],
    ['::1', '0:0:0:0'],
    ['fe80::1%eth0', 'fe80:0:0:0'],
    ['unknown', 'unknown'],
  ])('counts %s as %s', (address, key) => {
    expect(sourceKey(address)).toBe(key)
  })
})
