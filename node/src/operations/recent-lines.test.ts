import { manualClock } from '@hansa/protocols/testing'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { MAX_LINE_BYTES, RecentLines, type RecentLinesInit } from './recent-lines.ts'

const CALL = 'C'.repeat(22)
const at = (ms: number) => new Date(ms).toISOString()

type Given = { level?: string; time?: string; event?: string; [name: string]: unknown }

const text = ({ level = 'info', time = at(0), event = 'x', ...fields }: Given = {}) =>
  `${JSON.stringify({ level, time, ...fields, event })}\n`

function linesOf(events: readonly string[], init?: RecentLinesInit): RecentLines {
  const lines = new RecentLines(init)
  for (const event of events) lines.write(text({ event }))
  return lines
}

const eventsIn = ({ lines }: { lines: { event: string }[] }) => lines.map(({ event }) => event)
const never = new AbortController().signal

describe(RecentLines, () => {
  it('gives the last lines, oldest first', () => {
    expect(eventsIn(linesOf(['a', 'b', 'c']).read({ limit: 2 }))).toEqual(['b', 'c'])
    expect(linesOf([]).read({})).toEqual({ lines: [], next: 0, missed: 0 })
  })

  it('goes on where an answer ended, without a gap and without a line twice', () => {
    const lines = linesOf(['a', 'b'])
    const first = lines.read({})
    lines.write(text({ event: 'c' }))
    lines.write(text({ event: 'd' }))
    const second = lines.read({ after: first.next, limit: 1 })
    expect([eventsIn(second), eventsIn(lines.read({ after: second.next }))]).toEqual([['c'], ['d']])
    expect(lines.read({ after: 4 })).toEqual({ lines: [], next: 4, missed: 0 })
  })

  it.each([
    ['by number', { maxLines: 3 }],
    ['by bytes', { maxBytes: 3 * text().length }],
  ])('forgets the oldest beyond its bound %s, and says how many somebody missed', (_bound, init) => {
    const lines = linesOf(['a', 'b', 'c', 'd', 'e'], init)
    expect(eventsIn(lines.read({}))).toEqual(['c', 'd', 'e'])
    expect(lines.read({}).missed).toBe(0)
    expect(lines.read({ after: 1 })).toMatchObject({ missed: 1, next: 5 })
    expect(lines.read({ after: 2 })).toMatchObject({ missed: 0, next: 5 })
  })

  it('gives everything to whoever comes with a number of an earlier process', () => {
    expect(eventsIn(linesOf(['a', 'b']).read({ after: 900 }))).toEqual(['a', 'b'])
  })

  it('shortens a line that nobody should have written, and keeps what names it', () => {
    const lines = new RecentLines()
    lines.write(text({ event: 'node.not_reloaded', call_id: CALL, faults: 'x'.repeat(MAX_LINE_BYTES) }))
    expect(lines.read({}).lines).toEqual([
      { level: 'info', time: at(0), event: 'node.not_reloaded', call_id: CALL, shortened: true },
    ])
  })

  it('holds its bounds and the newest lines, whatever comes', () => {
    fc.assert(
      fc.property(
        fc.array(fc.string({ maxLength: 60 }), { maxLength: 60 }),
        fc.integer({ min: 1, max: 9 }),
        fc.integer({ min: 200, max: 900 }),
        (events, maxLines, maxBytes) => {
          const lines = linesOf(events, { maxLines, maxBytes })
          const kept = lines.read({ after: 0, limit: 10_000 })
          expect(kept.lines.length).toBeLessThanOrEqual(maxLines)
          const bytes = eventsIn(kept).map((event) => Buffer.byteLength(text({ event })) - 1)
          expect(bytes.reduce((sum, each) => sum + each, 0)).toBeLessThanOrEqual(maxBytes)
          expect(kept.missed + kept.lines.length).toBe(events.length)
          expect(eventsIn(kept)).toEqual(events.slice(kept.missed))
        },
      ),
    )
  })

  describe('shows only', () => {
    const lines = new RecentLines()
    lines.write(text({ event: 'a', level: 'debug', call_id: CALL, time: at(1) }))
    lines.write(text({ event: 'b', level: 'info', call_id: 'D'.repeat(22), reason: CALL, time: at(2) }))
    lines.write(text({ event: 'c', level: 'warn', time: at(3) }))
    lines.write(text({ event: 'd', level: 'error', call_id: CALL, time: at(4) }))

    it.each([
      ['a level and graver ones', { level: 'warn' }, ['c', 'd']],
      ['one call, and not who only mentions it', { callId: CALL }, ['a', 'd']],
      ['from a moment on', { since: 3 }, ['c', 'd']],
      ['what fits all of these, the last ones of it', { level: 'debug', callId: CALL, limit: 1 }, ['d']],
      ['the first of what comes after a number', { callId: CALL, after: 0, limit: 1 }, ['a']],
    ] as const)('%s', (_what, params, events) => {
      expect(eventsIn(lines.read(params))).toEqual(events)
    })
  })

  describe('lets somebody wait', () => {
    it('until a line comes that fits', async () => {
      const [lines, clock] = [linesOf(['a']), manualClock()]
      const waiting = lines.readOrWait({ after: 1, level: 'warn', waitMs: 30_000 }, clock, never)
      lines.write(text({ event: 'b' }))
      lines.write(text({ event: 'c', level: 'error' }))
      expect(eventsIn(await waiting)).toEqual(['c'])
      expect(clock.waiting).toBe(0)
    })

    it('for as long as it said, and then goes on behind what did not fit', async () => {
      const [lines, clock] = [linesOf(['a']), manualClock()]
      const waiting = lines.readOrWait({ after: 1, level: 'warn', waitMs: 30_000 }, clock, never)
      lines.write(text({ event: 'b' }))
      clock.advance(30_000)
      expect(await waiting).toEqual({ lines: [], next: 2, missed: 0 })
    })

    it('not at all when something was missed, or nobody asked to wait', async () => {
      const clock = manualClock()
      const lines = linesOf(['a', 'b', 'c'], { maxLines: 1 })
      expect(await lines.readOrWait({ after: 0, level: 'error', waitMs: 9 }, clock, never)).toMatchObject({ missed: 2 })
      expect(await lines.readOrWait({ after: 3 }, clock, never)).toMatchObject({ lines: [] })
    })

    it('no longer than its connection stands', async () => {
      const [lines, clock, gone] = [linesOf([]), manualClock(), new AbortController()]
      const waiting = lines.readOrWait({ waitMs: 30_000 }, clock, gone.signal)
      gone.abort()
      expect(await waiting).toEqual({ lines: [], next: 0, missed: 0 })
      expect(clock.waiting).toBe(0)
    })
  })
})
