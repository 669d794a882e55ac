import { type ChannelBinding, exchangePaths, type InboundReply, type PeerRequest } from '@hansa/protocols'
import { manualClock } from '@hansa/protocols/testing'
import { bob, carol } from '@hansa/trust/testing'
import { describe, expect, it, vi } from 'vitest'
import { MEMORY_ENDPOINT, memorySessions } from '../testing/memory-sessions.ts'
import { RETIRING_MS } from './constants.ts'

const ok: InboundReply = { status: 200, contentType: '', body: Buffer.from('ok') }
/** Another one for each connection, as TLS exports it. */
const exporter = (opened: number): ChannelBinding => ({ kind: 'exporter', value: Buffer.alloc(32, opened) })
const call = (path: string = exchangePaths.call): PeerRequest => ({
  ...{ endpoint: MEMORY_ENDPOINT, peer: bob.did, path, method: 'POST', maxReplyBytes: 1_000 },
})

function reaching(binding = exporter) {
  const clock = manualClock()
  const handle = vi.fn(async () => ok)
  return { clock, handle, ...memorySessions({ handle }, { clock, binding }) }
}

describe('the transport of sessions', () => {
  it('opens one channel for everything that goes to a peer', async () => {
    const { transport, opened, single } = reaching()
    const paths = Object.values(exchangePaths)
    await Promise.all(paths.map((path) => transport.send(call(path))))
    expect([opened.length, single.length]).toEqual([1, 0])
    expect(transport.channels()).toMatchObject([{ peer: bob.did, proto: 'hansa-ws/1', kind: 'exporter' }])
  })

  it.each<[string, Partial<PeerRequest>]>([
    ['a peer whose manifest names no channel', { peer: carol.did }],
    ['a place that the manifest does not name', { endpoint: 'https://elsewhere.example' }],
  ])('sends single requests to %s', async (_whom, more) => {
    const { transport, opened, single } = reaching()
    await expect(transport.send({ ...call(), ...more })).rejects.toThrow()
    expect([opened.length, single.length]).toEqual([0, 1])
  })

  it('sends single requests when no channel can be opened, and tries again after a while', async () => {
    const { transport, opened, single, refusals, clock } = reaching()
    refusals.push('the upgrade was answered with 403')
    for (let n = 0; n < 3; n++) await expect(transport.send(call())).rejects.toThrow()
    expect([opened.length, single.length]).toEqual([0, 3])
    refusals.length = 0
    clock.advance(30_000)
    await transport.send(call())
    expect([opened.length, single.length]).toEqual([1, 3])
  })

  it('opens another channel when the one before has closed', async () => {
    const { transport, opened } = reaching()
    await transport.send(call(exchangePaths.acks))
    opened[0]?.far.close('a restart')
    await expect.poll(() => transport.channels()).toEqual([])
    await transport.send(call(exchangePaths.acks))
    expect(opened.length).toBe(2)
  })

  it('takes a request that was not looked at to another channel', async () => {
    const { transport, opened, handle } = reaching()
    await transport.send(call(exchangePaths.acks))
    const [first] = opened
    first?.far.pause()
    const sent = transport.send(call(exchangePaths.acks))
    const drained = first?.link.drain()
    first?.far.resume()
    expect(await sent).toMatchObject({ status: 200 })
    await drained
    expect([opened.length, handle.mock.calls.length]).toEqual([2, 2])
  })

  it('sends no call of a session over another connection than the one it is bound to', async () => {
    const { transport, opened, handle } = reaching()
    const unbound = vi.fn()
    transport.onUnbound(unbound)
    expect(await transport.binding(MEMORY_ENDPOINT, bob.did)).toEqual(exporter(0))
    await transport.send(call())
    opened[0]?.far.close('mallory cut it')
    await expect.poll(() => unbound.mock.calls).toEqual([[bob.did]])
    for (const path of [exchangePaths.call, exchangePaths.decide, exchangePaths.hello, exchangePaths.proof])
      await expect(transport.send(call(path))).rejects.toMatchObject({ detail: { code: 'unreachable' } })
    expect([opened.length, handle.mock.calls.length]).toEqual([1, 1])
    // What belongs to no session goes its way, and the next handshake is bound to the new connection.
    await transport.send(call(exchangePaths.acks))
    expect(await transport.binding(MEMORY_ENDPOINT, bob.did)).toEqual(exporter(1))
    expect(await transport.send(call())).toMatchObject({ status: 200 })
  })

  it('opens another channel when it is asked to, and ends the session on the one before without a failed call', async () => {
    const { transport, opened, handle, clock } = reaching()
    const unbound = vi.fn()
    transport.onUnbound(unbound)
    await transport.binding(MEMORY_ENDPOINT, bob.did)
    opened[0]?.link.retire()
    await expect.poll(() => unbound.mock.calls).toEqual([[bob.did]])
    // A call that was signed for the session before still goes where it is bound to, and all else goes the new way.
    expect(await transport.send(call())).toMatchObject({ status: 200 })
    expect([opened.length, handle.mock.calls.length]).toEqual([1, 1])
    expect(await transport.binding(MEMORY_ENDPOINT, bob.did)).toEqual(exporter(1))
    await transport.send(call())
    expect([opened.length, transport.channels().length]).toEqual([2, 1])
    clock.advance(RETIRING_MS)
    expect(await opened[0]?.link.closed).toBe('done')
  })

  it('keeps a session that is not bound to one connection', async () => {
    const local = { kind: 'local', value: Buffer.alloc(32, 7) } as const
    const { transport, opened } = reaching(() => local)
    expect(await transport.binding(MEMORY_ENDPOINT, bob.did)).toEqual(local)
    opened[0]?.far.close('a restart')
    await expect.poll(() => transport.channels()).toEqual([])
    expect(await transport.send(call())).toMatchObject({ status: 200 })
  })

  it('binds to the single way while no channel can be opened', async () => {
    const { transport, refusals } = reaching()
    refusals.push('no')
    expect(await transport.binding(MEMORY_ENDPOINT, bob.did)).toMatchObject({ kind: 'spki' })
  })

  it('stops waiting for a channel that is being opened when the request is given up', async () => {
    const { transport } = reaching()
    const sent = transport.send({ ...call(), signal: AbortSignal.abort() })
    await expect(sent).rejects.toMatchObject({ detail: { reason: 'the request was cancelled' } })
    expect(await transport.send(call())).toMatchObject({ status: 200 })
  })

  it('uses a channel that a peer has opened, once the peer has proven itself on it', async () => {
    const { transport, opened, single } = reaching()
    const other = reaching()
    await other.transport.send(call(exchangePaths.acks))
    other.transport.serve({ handle: async () => ({ ...ok, body: Buffer.from('from carol') }) })
    const [channel] = other.opened
    if (channel === undefined) throw new Error('a channel was to be opened')
    transport.adopt(carol.did, channel.link)
    const reply = await transport.send({ ...call(exchangePaths.revocations), peer: carol.did })
    expect(Buffer.from(reply.body).toString()).toBe('from carol')
    expect([opened.length, single.length]).toEqual([0, 0])
  })
})
