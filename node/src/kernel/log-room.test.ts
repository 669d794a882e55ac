import type { LogFields } from '@hansa/protocols'
import { silentLogger } from '@hansa/protocols'
import { describe, expect, it } from 'vitest'
import { logWatch } from './log-room.ts'

function watched(maxBytes?: number) {
  const lines: [string, LogFields | undefined][] = []
  const note = (event: string, fields?: LogFields) => void lines.push([event, fields])
  const state = { full: false, bytes: 0 }
  const ledger = {
    get full() {
      return state.full
    },
    get room() {
      return { bytes: state.bytes, maxBytes, used: maxBytes === undefined ? undefined : state.bytes / maxBytes }
    },
  }
  return { state, lines, look: logWatch(ledger, { ...silentLogger, warn: note, error: note }) }
}

describe(logWatch, () => {
  it('says once each at which part of its limit a log is, and that it is full', () => {
    const { state, lines, look } = watched(1000)
    for (const bytes of [0, 799, 800, 850, 899, 900, 940, 960, 999]) {
      state.bytes = bytes
      look()
    }
    state.full = true
    look()
    look()
    expect(lines).toEqual([
      ['log.fills', { used: 80, bytes: 800, max_bytes: 1000 }],
      ['log.fills', { used: 90, bytes: 900, max_bytes: 1000 }],
      ['log.fills', { used: 96, bytes: 960, max_bytes: 1000 }],
      ['log.full', { bytes: 999, max_bytes: 1000 }],
    ])
  })

  it('says nothing of what only the disk limits, until the disk is full', () => {
    const { state, lines, look } = watched()
    state.bytes = 1e15
    look()
    expect(lines).toEqual([])
    state.full = true
    look()
    expect(lines).toEqual([['log.full', { bytes: 1e15, max_bytes: undefined }]])
  })
})
