import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { DEFAULT_CALLS_PER_MINUTE, RateWindow } from './rate-window.ts'

const T0 = 1_795_189_029_123

/** Most admissions in any stretch of `windowMs`, the end exclusive. Counts every pair: slow and obvious. */
function busiest(times: readonly number[], windowMs: number): number {
  return Math.max(0, ...times.map((start) => times.filter((time) => time >= start && time < start + windowMs).length))
}

const gaps = fc.array(fc.oneof(fc.nat(3), fc.nat(400), fc.nat(4_000)), { maxLength: 120 })

describe(RateWindow, () => {
  it('admits the limit at once and then refuses', () => {
    const rates = new RateWindow()
    const admitted = Array.from({ length: 70 }, () => rates.admit('k', DEFAULT_CALLS_PER_MINUTE.READ, 60, T0))
    expect(admitted.filter(Boolean)).toHaveLength(60)
    expect(admitted.indexOf(false)).toBe(60)
  })

  it('admits again when the window has passed, at the latest a sixtieth of it later', () => {
    const rates = new RateWindow()
    rates.admit('k', 1, 60, T0)
    expect(rates.admit('k', 1, 60, T0 + 59_999)).toBe(false)
    expect(rates.admit('k', 1, 60, T0 + 61_000)).toBe(true)
  })

  it('never admits more than the limit in any window', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 6 }), fc.integer({ min: 1, max: 5 }), gaps, (limit, seconds, steps) => {
        const rates = new RateWindow()
        const admitted: number[] = []
        let now = T0
        for (const step of steps) {
          now += step
          if (rates.admit('k', limit, seconds, now)) admitted.push(now)
        }
        expect(busiest(admitted, seconds * 1000)).toBeLessThanOrEqual(limit)
      }),
    )
  })

  it('admits whatever keeps the limit with a sixtieth to spare', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 6 }), fc.integer({ min: 1, max: 5 }), gaps, (limit, seconds, steps) => {
        const rates = new RateWindow()
        const admitted: number[] = []
        let now = T0
        for (const step of steps) {
          now += step
          const reach = seconds * 1000 * (1 + 1 / 60)
          const fits = admitted.filter((time) => time > now - reach).length < limit
          const admits = rates.admit('k', limit, seconds, now)
          if (fits) expect(admits).toBe(true)
          if (admits) admitted.push(now)
        }
      }),
    )
  })

  it('decides after a restart as it would have without one, in whatever order the ledger is read', () => {
    fc.assert(
      fc.property(gaps, fc.nat(3_000), fc.infiniteStream(fc.nat()), (steps, pause, shuffle) => {
        const rates = new RateWindow()
        const admitted: number[] = []
        let now = T0
        for (const step of steps) {
          now += step
          if (rates.admit('k', 5, 2, now)) admitted.push(now)
        }
        const order = admitted.map((time) => ({ time, at: shuffle.next().value ?? 0 })).sort((a, b) => a.at - b.at)
        const restarted = new RateWindow()
        for (const { time } of order) restarted.record('k', 2, time)
        for (let call = 0; call < 7; call++) {
          expect(restarted.admit('k', 5, 2, now + pause)).toBe(rates.admit('k', 5, 2, now + pause))
        }
      }),
    )
  })

  it('does not let a clock that steps back empty a window', () => {
    const rates = new RateWindow()
    for (let call = 0; call < 2; call++) rates.admit('k', 2, 60, T0)
    expect(rates.admit('k', 2, 60, T0 - 3_600_000)).toBe(false)
    expect(rates.admit('k', 2, 60, T0 - 3_600_000 + 59_000)).toBe(false)
  })

  it('does not make a caller wait for a clock that stepped back to catch up', () => {
    const rates = new RateWindow()
    for (let call = 0; call < 2; call++) rates.admit('k', 2, 60, T0)
    rates.admit('k', 2, 60, T0 - 3_600_000)
    expect(rates.admit('k', 2, 60, T0 - 3_600_000 + 61_000)).toBe(true)
  })

  it('never admits more than the limit in a window of real time while the clock steps back', () => {
    const step = fc.record({ gap: fc.nat(800), back: fc.oneof(fc.constant(0), fc.constant(0), fc.nat(10_000)) })
    fc.assert(
      fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
        const rates = new RateWindow()
        const admitted: number[] = []
        let real = T0
        let offset = 0
        for (const { gap, back } of steps) {
          real += gap
          offset -= back
          if (rates.admit('k', 3, 2, real + offset)) admitted.push(real)
        }
        expect(busiest(admitted, 2000)).toBeLessThanOrEqual(3)
      }),
    )
  })

  it('counts a call against all of its limits or against none', () => {
    const rates = new RateWindow()
    const wide = { key: 'wide', calls: 3, perSeconds: 60 }
    const tight = { key: 'tight', calls: 1, perSeconds: 10 }
    expect(rates.admitAll([wide, tight], T0)).toEqual({ ok: true })
    for (let call = 0; call < 5; call++) {
      expect(rates.admitAll([wide, tight], T0)).toEqual({ ok: false, key: 'tight', reason: 'limit_reached' })
    }
    expect(rates.admitAll([wide], T0).ok).toBe(true)
    expect(rates.admitAll([wide], T0).ok).toBe(true)
    expect(rates.admitAll([wide], T0)).toEqual({ ok: false, key: 'wide', reason: 'limit_reached' })
  })

  it('keeps the windows of different lengths of one key apart', () => {
    const rates = new RateWindow()
    expect(rates.admit('k', 1, 10, T0)).toBe(true)
    expect(rates.admit('k', 1, 20, T0)).toBe(true)
    expect(rates.admit('k', 1, 10, T0 + 11_000)).toBe(true)
    expect(rates.admit('k', 1, 20, T0 + 11_000)).toBe(false)
  })

  it('gives two agents of one principal one budget, and two principals two', () => {
    const rates = new RateWindow()
    expect(rates.admit('agent:a files.read', 1, 60, T0)).toBe(true)
    expect(rates.admit('agent:a files.read', 1, 60, T0)).toBe(false)
    expect(rates.admit('agent:b files.read', 1, 60, T0)).toBe(true)
  })

  it('refuses a new key while all that it may hold are live, rather than forget one', () => {
    const rates = new RateWindow({ maxKeys: 3 })
    for (const key of ['a', 'b', 'c']) expect(rates.admit(key, 1, 60, T0)).toBe(true)
    expect(rates.admitAll([{ key: 'mallory', calls: 1, perSeconds: 60 }], T0)).toEqual({
      ok: false,
      key: 'mallory',
      reason: 'too_many_keys',
    })
    expect(rates.admit('a', 1, 60, T0)).toBe(false)
    expect(rates.size).toBe(3)
  })

  it('makes room for a new key by forgetting those whose window has passed, of every length', () => {
    const rates = new RateWindow({ maxKeys: 3 })
    rates.admit('short', 5, 10, T0)
    rates.admit('long', 5, 3_600, T0)
    rates.admit('middle', 1, 60, T0 + 30_000)
    expect(rates.admit('new', 1, 60, T0 + 40_000)).toBe(true)
    expect(rates.size).toBe(3)
    expect(rates.admit('middle', 1, 60, T0 + 40_000)).toBe(false)
  })

  it('holds a bounded number of keys, whoever comes', () => {
    const rates = new RateWindow({ maxKeys: 100 })
    for (let at = 0; at < 5_000; at++) rates.admit(`k${at}`, 10, 60, T0 + at * 1_000)
    expect(rates.size).toBeLessThanOrEqual(100)
  })
})
