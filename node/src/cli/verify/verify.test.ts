import { describe, expect, it } from 'vitest'
import { readSince } from './since.ts'
import { barText } from './verify-progress.ts'
import { timingOf, timingText } from './verify-timing.ts'

describe(readSince, () => {
  it.each([
    ['0', { seq: 0 }],
    ['120345', { seq: 120_345 }],
    ['2026-11-01', { tMs: Date.UTC(2026, 10, 1) }],
    ['2026-11-01T08:30Z', { tMs: Date.UTC(2026, 10, 1, 8, 30) }],
    ['2d', { tMs: Date.UTC(2026, 10, 1) }],
  ])('reads %s', (text, since) => {
    expect(readSince(text)(Date.UTC(2026, 10, 3))).toEqual(since)
  })

  it.each(['', '-1', '1e3', 'yesterday', '2026-13-01', '01.11.2026', '2026-11-01 08:30'])('refuses %j', (text) => {
    expect(() => readSince(text)).toThrow('number of an entry')
  })
})

describe(barText, () => {
  it('shows how much is done, and no more than all of it', () => {
    expect(barText(0, 0)).toBe('Verifying  0.0 MiB')
    expect(barText(52_428_800, 104_857_600)).toBe('Verifying  ████████████░░░░░░░░░░░░  50 %  of 100.0 MiB')
    expect(barText(9, 8)).toContain('100 %')
  })
})

describe(timingOf, () => {
  it('adds up the logs, and tells what one thread does in a second', () => {
    const spentMs = { framing: 1, chain: 3, tree: 1, form: 10, signatures: 4, checkpoints: 0 }
    const log = { size: 1000, evidence: 20, spentMs } as never
    const timing = timingOf([log, log], { elapsedMs: 25.4, threads: 2, bytes: 1_048_576 })
    expect(timing).toMatchObject({
      elapsedMs: 25,
      entries: 2000,
      spentMs: { chain: 6, form: 20 },
      perSecondPerCore: { chained: 200_000, forms: 100_000, signatures: 5000 },
    })
    expect(timingText(timing)).toContain('0.03 s in 3 threads: 2 000 entries, 1.0 MiB')
  })
})
