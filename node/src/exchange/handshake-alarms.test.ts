import type { Code, EntryDraft } from '@hansa/protocols'
import { manualClock } from '@hansa/protocols/testing'
import { bob, mallory } from '@hansa/trust/testing'
import { describe, expect, it } from 'vitest'
import { HandshakeAlarms } from './handshake-alarms.ts'

const MINUTE = 60_000
const failure = (over: object = {}) => ({
  source: '192.0.2.1',
  claimed: mallory.did,
  code: 'handshake_failed' as Code,
  reason: 'the signature does not verify',
  ...over,
})

function watching() {
  const clock = manualClock(1_800_000_000_000)
  const entries: EntryDraft[] = []
  const lines: unknown[] = []
  const figures: string[] = []
  const alarms = new HandshakeAlarms({
    clock,
    logger: { warn: (event: string, fields: object) => lines.push([event, fields]) } as never,
    append: (draft) => {
      entries.push(draft)
      return { durable: Promise.resolve() } as never
    },
    observer: {
      handshakeRefused: (code) => figures.push(code),
      handshakeAlarm: (by) => figures.push(by),
    },
  })
  const fail = (times: number, over: object = {}) => {
    for (let n = 0; n < times; n++) alarms.failed(failure(over))
  }
  return { clock, alarms, entries, lines, figures, fail }
}

describe('failed handshakes', () => {
  it('raise an alarm at the fifth within ten minutes, for the DID that is claimed and for the address', () => {
    const { entries, lines, figures, fail } = watching()
    fail(4)
    expect(entries).toEqual([])
    fail(1)
    expect(entries).toMatchObject([
      { type: 'handshake.failing', ext: { source: mallory.did, count: 5, code: 'handshake_failed' } },
      { type: 'handshake.failing', ext: { source: '192.0.2.1', count: 5 } },
    ])
    expect(lines).toHaveLength(2)
    expect(figures.filter((one) => one !== 'handshake_failed')).toEqual(['did', 'address'])
  })

  it('do not where they are further apart', () => {
    const { clock, entries, fail } = watching()
    fail(4)
    clock.advance(10 * MINUTE)
    fail(4)
    expect(entries).toEqual([])
  })

  it('raise it once in ten minutes, and again when they go on', () => {
    const { clock, entries, fail } = watching()
    fail(500)
    expect(entries).toHaveLength(2)
    clock.advance(10 * MINUTE)
    fail(500)
    expect(entries).toHaveLength(4)
  })

  it('count for an address when mallory claims to be somebody else each time, and for the DID from many addresses', () => {
    const { entries, fail } = watching()
    for (let n = 0; n < 5; n++) fail(1, { claimed: `did:key:z6Mk${n}` })
    expect(entries).toMatchObject([{ ext: { source: '192.0.2.1' } }])
    for (let n = 0; n < 5; n++) fail(1, { claimed: bob.did, source: `192.0.2.${n + 2}` })
    expect(entries.at(-1)).toMatchObject({ ext: { source: bob.did } })
    expect(entries).toHaveLength(2)
  })

  it('fill neither memory nor log, however many names mallory has', () => {
    const { entries, fail } = watching()
    for (let n = 0; n < 5_000; n++) fail(5, { claimed: `did:key:z6Mk${n}`, source: `host ${n}` })
    expect(entries).toHaveLength(32)
    expect(entries.at(-1)).toMatchObject({ ext: { source: 'many sources' } })
  })

  it.each<Code>(['busy', 'rate_limited', 'internal', 'log_full'])(
    'do not count as such when this kernel is %s',
    (code) => {
      const { entries, figures, fail } = watching()
      fail(50, { code })
      expect(entries).toEqual([])
      expect(figures).toHaveLength(50)
    },
  )

  it('do not fail themselves when the log takes nothing', () => {
    const { lines, alarms } = watching()
    const full = new HandshakeAlarms({
      clock: manualClock(0),
      logger: { warn: (...line: unknown[]) => lines.push(line) } as never,
      append: () => {
        throw new Error('full')
      },
    })
    for (let n = 0; n < 5; n++) full.failed(failure())
    expect(lines).toHaveLength(2)
    expect(alarms).toBeDefined()
  })
})
