import { setImmediate } from 'node:timers/promises'
import { type RegistryEntry, registryStreams } from '@hansa/protocols'
import { manualClock } from '@hansa/protocols/testing'
import { signManifest } from '@hansa/trust'
import { aManifest, bob, NOW } from '@hansa/trust/testing'
import { describe, expect, it } from 'vitest'
import type { GuardedStream } from '../fetch/guarded-stream.ts'
import { watchRegistry } from './registry-watcher.ts'

const { hash, jws } = signManifest(bob, aManifest())
const entry = (index: number, event: RegistryEntry['event'] = 'listed', more: object = {}) => {
  const text = JSON.stringify({ v: 1, index, event, kernel_id: bob.did, seq: NOW, hash, at: NOW })
  return frame('entry', { entry: text, ...more })
}
const frame = (event: string, data: object) => `event: ${event}\ndata: ${JSON.stringify(data)}\n\n`
const begin = (cursor: number) => frame('reset', { reason: 'start' }) + frame('synced', { cursor })

/** A registry that answers each connection with the next of `streams`, and then with none. */
async function followed(streams: readonly string[], after?: number) {
  const clock = manualClock(NOW * 1000)
  const asked: string[] = []
  const taken: string[] = []
  const events: number[] = []
  const ends: string[] = []
  const stream: GuardedStream = async (url, { signal }) => {
    asked.push(url.slice(url.indexOf(registryStreams.watch.path) + registryStreams.watch.path.length))
    const text = streams[asked.length - 1]
    async function* chunks() {
      // In pieces that end in the middle of lines and of characters.
      const bytes = Buffer.from(text ?? '')
      for (let at = 0; at < bytes.length; at += 7) yield bytes.subarray(at, at + 7)
      if (text === undefined) await new Promise((resolve) => signal.addEventListener('abort', resolve))
    }
    return { ok: true, status: 200, contentType: 'text/event-stream', chunks: chunks() }
  }
  const watcher = watchRegistry(
    { url: 'https://registry.test/', ...(after === undefined ? {} : { after }) },
    {
      ...{ clock, stream },
      take: async (text) => void taken.push(text),
      entry: async ({ index }) => void events.push(index),
      ended: (reason) => void ends.push(reason),
    },
  )
  const settle = async (count: number) => {
    for (let attempt = 0; asked.length < count; attempt++) {
      if (attempt > 10_000) throw new Error(`only ${asked.length} connections`)
      if (clock.waiting > 0) clock.advance(60_000)
      await setImmediate()
    }
  }
  await settle(streams.length + 1)
  await watcher[Symbol.asyncDispose]()
  return { asked, taken, events, ends, state: watcher.state }
}

describe(watchRegistry, () => {
  it('takes everything that is listed, then every change, and goes on from there', async () => {
    const streams = [
      begin(4).replace(
        'event: synced',
        `${frame('listing', { manifest: jws, state: 'alive', expires: NOW })}event: synced`,
      ) + entry(4, 'listed', { manifest: jws }),
    ]
    const { asked, taken, events, state } = await followed(streams)
    expect(asked).toEqual(['', '?after=5'])
    expect(taken).toEqual([jws, jws])
    expect(events).toEqual([4])
    expect(state).toMatchObject({ cursor: 5, gaps: 0, resets: 1 })
  })

  it('goes on where it was before', async () => {
    const { asked, events } = await followed([entry(7) + entry(8)], 7)
    expect(asked).toEqual(['?after=7', '?after=9'])
    expect(events).toEqual([7, 8])
  })

  it('takes a withdrawal, and not what renews', async () => {
    const { taken } = await followed(
      [entry(0, 'renewed', { statement: 'r' }) + entry(1, 'withdrawn', { statement: 'w' })],
      0,
    )
    expect(taken).toEqual(['w'])
  })

  it('notices an entry that mallory leaves out: asks again from there, and then for everything', async () => {
    const { asked, events, ends, state } = await followed([entry(0) + entry(2), entry(2), begin(3)], 0)
    expect(asked).toEqual(['?after=0', '?after=1', '', '?after=3'])
    expect(events).toEqual([0])
    expect(ends.slice(0, 2)).toEqual(Array(2).fill('entry 2 came where 1 was to come'))
    expect(state).toMatchObject({ cursor: 3, gaps: 2 })
  })

  it('notices by a heartbeat that entries were left out', async () => {
    const { ends } = await followed([frame('heartbeat', { cursor: 5, checkpoint: 'x' })], 4)
    expect(ends).toEqual(['entry 5 came where 4 was to come'])
  })

  it('begins anew where the registry does', async () => {
    const { asked, state } = await followed(
      [entry(0) + frame('reset', { reason: 'unknown' }) + frame('synced', { cursor: 0 })],
      0,
    )
    expect(asked).toEqual(['?after=0', '?after=0'])
    expect(state).toMatchObject({ cursor: 0, resets: 1 })
  })

  it.each([
    ['an event that is not JSON', 'event: entry\ndata: {\n\n'],
    ['an entry that is none', frame('entry', { entry: '{}' })],
    ['an event of another shape', frame('synced', { cursor: -1 })],
    ['an event without end', `event: entry\ndata: ${'x'.repeat(300_000)}`],
    ['lines without end', `${`data: ${'x'.repeat(1_000)}\n`.repeat(300)}`],
  ])('takes no more of a stream with %s', async (_what, text) => {
    const { events, ends } = await followed([text + entry(0)], 0)
    expect(events).toEqual([])
    expect(ends).toHaveLength(1)
    expect(ends).not.toEqual(['the stream ended'])
  })

  it('passes over comments and events of later versions', async () => {
    const { events } = await followed(
      [`: hello\n\n${frame('weather', { sun: 1 })}${entry(0).replaceAll('\n', '\r\n')}`],
      0,
    )
    expect(events).toEqual([0])
  })
})
