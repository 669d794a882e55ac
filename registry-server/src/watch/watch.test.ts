import { once } from 'node:events'
import { connect } from 'node:net'
import { setImmediate } from 'node:timers/promises'
import { type RegistryEntry, registryEntrySchema, registryStreams } from '@hansa/protocols'
import { describeOnBoth } from '@hansa/storage/testing'
import { alice, bob, carol, NOW } from '@hansa/trust/testing'
import { describe, expect, it } from 'vitest'
import { type ReadEvent, readEvents } from '../testing/read-events.ts'
import { manifestOf, renewalOf, testRegistry, withdrawalOf } from '../testing/test-registry.ts'

const entryOf = (event: ReadEvent | undefined): RegistryEntry => {
  if (event?.name !== 'entry') throw new Error(`no entry but ${event?.name}`)
  return registryEntrySchema.parse(JSON.parse(event.data.entry))
}

/** Passes over what says only that the stream lives. */
async function nextChange(events: Pick<Awaited<ReturnType<typeof readEvents>>, 'next'>) {
  for (;;) {
    const event = await events.next()
    if (event?.name !== 'heartbeat') return event
  }
}

const bounds = { maxBehind: 10_000, maxReaders: 256, maxPerSource: 32, turnMs: 30_000, stallMs: 30_000 }

describeOnBoth('the watch stream', (_open, { url: place }) => {
  it('begins with all that is listed, and goes on with every change, once and in order', async () => {
    await using registry = await testRegistry({ database: await place() })
    await registry.ask.register(manifestOf(alice))
    using events = await readEvents(registry.registry.url)
    expect([events.status, events.type]).toEqual([200, 'text/event-stream'])
    expect(await events.next()).toEqual({ name: 'reset', data: { reason: 'start' } })
    expect(await events.next()).toMatchObject({
      name: 'listing',
      data: { manifest: manifestOf(alice), state: 'alive' },
    })
    expect(await events.next()).toEqual({ name: 'synced', id: '1', data: { cursor: 1 } })

    await registry.ask.register(manifestOf(bob))
    const listed = await events.next()
    expect(entryOf(listed)).toMatchObject({ index: 1, event: 'listed', kernel_id: bob.did, seq: NOW })
    expect(listed).toMatchObject({ id: '2', data: { manifest: manifestOf(bob) } })

    registry.clock.advance(90_000)
    await registry.registry.tick()
    expect(entryOf(await nextChange(events))).toMatchObject({ index: 2, event: 'unreachable' })
    expect(entryOf(await events.next())).toMatchObject({ index: 3, event: 'unreachable' })
    await registry.ask.renew(renewalOf(bob, { iat: NOW + 90 }))
    const renewed = await events.next()
    expect(entryOf(renewed)).toMatchObject({ index: 4, event: 'renewed', kernel_id: bob.did })
    expect(renewed).toMatchObject({ data: { statement: renewalOf(bob, { iat: NOW + 90 }) } })
    await registry.ask.withdraw(withdrawalOf(bob, { seq: NOW + 5 }))
    expect(entryOf(await events.next())).toMatchObject({ index: 5, event: 'withdrawn', seq: NOW + 5 })
    registry.clock.advance(900_000)
    await registry.registry.tick()
    expect(entryOf(await nextChange(events))).toMatchObject({ index: 6, event: 'dead', kernel_id: alice.did })
  })

  it('goes on from a cursor, in either spelling, and says no heartbeat that changed nothing', async () => {
    await using registry = await testRegistry({ database: await place() })
    for (const kernel of [alice, bob, carol]) await registry.ask.register(manifestOf(kernel))
    await registry.ask.register(manifestOf(alice))
    await registry.ask.renew(renewalOf(bob))
    for (const init of [{ after: 1 }, { lastEventId: '1' }]) {
      using events = await readEvents(registry.registry.url, init)
      expect(entryOf(await events.next())).toMatchObject({ index: 1, kernel_id: bob.did })
      expect(entryOf(await events.next())).toMatchObject({ index: 2, kernel_id: carol.did })
      await registry.ask.register(manifestOf(alice, { seq: NOW + (init.after ?? 7) }))
      expect(entryOf(await events.next())).toMatchObject({ event: 'listed', kernel_id: alice.did })
    }
  })
})

describe('a reader of the watch stream', () => {
  it('that was away for too long, or is ahead of this log, begins anew', async () => {
    await using registry = await testRegistry({ watch: { ...bounds, maxBehind: 1 } })
    await registry.ask.register(manifestOf(alice))
    using ahead = await readEvents(registry.registry.url, { after: 2 })
    expect(await ahead.next()).toEqual({ name: 'reset', data: { reason: 'unknown' } })
    for (const kernel of [bob, carol]) await registry.ask.register(manifestOf(kernel))
    using behind = await readEvents(registry.registry.url, { after: 1 })
    expect(await behind.next()).toEqual({ name: 'reset', data: { reason: 'behind' } })
  })

  it('gets a manifest only while it is the newest: the later entry brings the later one', async () => {
    await using registry = await testRegistry()
    await registry.ask.register(manifestOf(bob))
    await registry.ask.register(manifestOf(bob, { seq: NOW + 1 }))
    using events = await readEvents(registry.registry.url, { after: 0 })
    expect((await events.next())?.data).not.toHaveProperty('manifest')
    expect((await events.next())?.data).toMatchObject({ manifest: manifestOf(bob, { seq: NOW + 1 }) })
  })

  it('hears every fifteen seconds that the stream lives, with the signed head of the log', async () => {
    await using registry = await testRegistry()
    using events = await readEvents(registry.registry.url, { after: 0 })
    while (registry.clock.waiting < 3) await setImmediate()
    registry.clock.advance(15_000)
    const beat = await events.next()
    expect(beat).toMatchObject({ name: 'heartbeat', id: '0', data: { cursor: 0 } })
    expect(beat?.data).toMatchObject({ checkpoint: (await registry.registry.log.checkpoint()).note })
  })

  it('hears nothing of kernels that only say that they live, however many do', async () => {
    await using registry = await testRegistry()
    await registry.ask.register(manifestOf(alice))
    using events = await readEvents(registry.registry.url, { after: 0 })
    expect(entryOf(await events.next())).toMatchObject({ event: 'listed', kernel_id: alice.did })
    for (let second = 1; second < 10; second++) {
      registry.clock.advance(1_000)
      await registry.ask.renew(renewalOf(alice, { iat: NOW + second }))
    }
    await registry.ask.register(manifestOf(bob))
    expect(await events.next()).toMatchObject({ name: 'entry', id: '2' })
  })

  it.each(['-1', '1.5', 'x', '01', '9'.repeat(16)])('with the cursor %s is refused', async (cursor) => {
    await using registry = await testRegistry()
    const reply = await registry.ask.send('GET', `${registryStreams.watch.path}?after=${cursor}`)
    expect(reply).toEqual({ status: 400, body: { code: 'invalid_request' } })
  })

  it('is told busy when its address has enough of them, and let in when one has gone', async () => {
    await using registry = await testRegistry({ watch: { ...bounds, maxPerSource: 1 } })
    const first = await readEvents(registry.registry.url)
    await first.next()
    const busy = await registry.ask.send('GET', registryStreams.watch.path)
    expect(busy).toEqual({ status: 503, body: { code: 'busy' } })
    first[Symbol.dispose]()
    for (;;) {
      using again = await readEvents(registry.registry.url)
      if (again.status === 200) break
    }
  })

  it('gives its place to one who waits, once it has had it for half a minute, and goes on from its cursor', async () => {
    await using registry = await testRegistry({ watch: { ...bounds, maxPerSource: 1 } })
    await registry.ask.register(manifestOf(alice))
    using first = await readEvents(registry.registry.url, { after: 0 })
    expect(entryOf(await first.next())).toMatchObject({ index: 0, kernel_id: alice.did })
    registry.clock.advance(30_000)
    using second = await readEvents(registry.registry.url, { after: 0 })
    expect(entryOf(await second.next())).toMatchObject({ index: 0, kernel_id: alice.did })
    expect((await nextChange(first)) ?? 'ended').toBe('ended')
    expect(registry.registry.readers).toBe(1)
    await registry.ask.register(manifestOf(bob))
    registry.clock.advance(30_000)
    using again = await readEvents(registry.registry.url, { after: 1 })
    expect(entryOf(await again.next())).toMatchObject({ index: 1, kernel_id: bob.did })
  })

  it('is counted by the address that a trusted proxy names', async () => {
    const proxied = { trustProxy: ['127.0.0.1'], watch: { ...bounds, maxPerSource: 1 } }
    await using registry = await testRegistry(proxied)
    using first = await readEvents(registry.registry.url, { sender: '198.51.100.1' })
    const busy = await registry.ask.send('GET', registryStreams.watch.path, {
      headers: { 'x-forwarded-for': '198.51.100.1' },
    })
    using other = await readEvents(registry.registry.url, { sender: '198.51.100.2' })
    expect([first.status, busy.status, other.status]).toEqual([200, 503, 200])
    await Promise.all([first.next(), other.next()])
  })

  it('keeps its place until it has all that is listed: without a cursor it would begin anew', async () => {
    const two = { maxReaders: 2, maxPerSource: 2, stallMs: 300_000 }
    await using registry = await testRegistry({ watch: { ...bounds, ...two } })
    await listMuch(registry)
    using slow = await readEvents(registry.registry.url)
    expect(await slow.next()).toMatchObject({ name: 'reset' })
    using other = await readEvents(registry.registry.url, { after: 0 })
    registry.clock.advance(30_000)
    using third = await readEvents(registry.registry.url, { after: 0 })
    expect([other.status, third.status]).toEqual([200, 200])
    expect((await nextChange(other)) ?? 'ended').toBe('ended')
    let event = await slow.next()
    while (event?.name === 'listing') event = await slow.next()
    expect(event).toMatchObject({ name: 'synced' })
    registry.clock.advance(30_000)
    using fourth = await readEvents(registry.registry.url, { after: 0 })
    expect(fourth.status).toBe(200)
    expect((await nextChange(slow)) ?? 'ended').toBe('ended')
  })

  it('that takes nothing is cut off, and holds up neither others nor the end', async () => {
    await using registry = await testRegistry({ watch: { ...bounds, stallMs: 1_000 } })
    await listMuch(registry)
    const socket = connect(Number(new URL(registry.registry.url).port), '127.0.0.1')
    socket.on('error', () => {})
    socket.write(`GET ${registryStreams.watch.path} HTTP/1.1\r\nhost: x\r\n\r\n`)
    await once(socket, 'readable')
    socket.pause()
    expect((await registry.ask.health()).status).toBe(200)
    expect(registry.registry.readers).toBe(1)
    while (registry.registry.readers > 0) {
      registry.clock.advance(1_000)
      await setImmediate()
    }
    socket.destroy()
  })
})

/** More than the buffers between a registry and a reader take. */
async function listMuch({ registry }: Pick<Awaited<ReturnType<typeof testRegistry>>, 'registry'>): Promise<void> {
  const [seq, expires, keepUntil] = [NOW, NOW + 100_000, NOW + 200_000]
  const record = {
    kind: 'list',
    source: '',
    seq,
    hash: 'h',
    terms: [],
    manifestExp: expires,
    expires,
    keepUntil,
  } as const
  for (let at = 0; at < 100; at++) {
    const change = { ...record, manifest: 'x'.repeat(250_000) }
    await registry.records.change(`did:key:z${at}`, () => ({ answer: undefined, change }))
  }
}
