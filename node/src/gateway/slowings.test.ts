import { type LogFields, silentLogger } from '@hansa/protocols'
import { manualClock } from '@hansa/protocols/testing'
import { describe, expect, it, vi } from 'vitest'
import { Slowings } from './slowings.ts'

function told() {
  const clock = manualClock()
  const lines: [string, LogFields | undefined][] = []
  const logger = { ...silentLogger, warn: (event: string, fields?: LogFields) => void lines.push([event, fields]) }
  const slowed = vi.fn()
  return { clock, lines, slowed, slowings: new Slowings({ clock, logger, observer: { slowed } }) }
}

const session = { source: '192.0.2.1', path: '/hansa/v1/heads', status: 429, waitMs: 250 }

describe(Slowings, () => {
  it('counts each, and names a source once in ten minutes', () => {
    const { clock, lines, slowed, slowings } = told()
    slowings.atGateway('connection', '192.0.2.1')
    slowings.atGateway('address', '192.0.2.1')
    slowings.atGateway('connection', '192.0.2.2')
    expect(lines).toEqual([
      ['gateway.slowed', { source: '192.0.2.1' }],
      ['gateway.slowed', { source: '192.0.2.2' }],
    ])
    clock.advance(600_000)
    slowings.atGateway('address', '192.0.2.1')
    expect(lines).toHaveLength(3)
    expect(slowed.mock.calls.flat()).toEqual(['connection', 'address', 'connection', 'address'])
  })

  it('says of a session what was refused in it last, beside what is said of its address', () => {
    const { lines, slowed, slowings } = told()
    slowings.atGateway('address', session.source)
    slowings.inSession(session)
    slowings.inSession({ ...session, waitMs: 500 })
    expect(lines.slice(1)).toEqual([
      ['session.slowed', { source: '192.0.2.1', path: '/hansa/v1/heads', reason: 'status 429', after_ms: 250 }],
    ])
    expect(slowed.mock.calls.flat()).toEqual(['address', 'session', 'session'])
  })
})
