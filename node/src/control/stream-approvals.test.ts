import type { WatchLine } from '@hansa/protocols'
import { manualClock } from '@hansa/protocols/testing'
import { describe, expect, it } from 'vitest'
import { fakeKernel } from '../testing/fake-kernel.ts'
import { PING_INTERVAL_MS } from './event-stream.ts'
import { streamApprovals } from './stream-approvals.ts'

describe(streamApprovals, () => {
  it('sends what is told and a ping in between, until the reader has gone', async () => {
    const [kernel, clock, closed] = [fakeKernel(), manualClock(), new AbortController()]
    const lines: WatchLine[] = []
    let ended = 0
    const stream = { closed: closed.signal, send: (line: WatchLine) => void lines.push(line), end: () => void ended++ }
    const streaming = streamApprovals(stream, { kernel, clock })
    await expect.poll(() => lines).toEqual(kernel.watched)
    clock.advance(2 * PING_INTERVAL_MS)
    expect(lines.slice(kernel.watched.length)).toEqual([{ type: 'ping' }, { type: 'ping' }])
    closed.abort()
    await streaming
    expect([clock.waiting, ended]).toEqual([0, 1])
  })
})
