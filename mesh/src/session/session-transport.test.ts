import { type ChannelBinding, exchangePaths, type InboundReply, type PeerRequest } from '@hansa/protocols'
import { manualClock } from '@hansa/protocols/testing'
import { bob, carol } from '@hansa/trust/testing'
import { describe, expect, it, vi } from 'vitest'
import { MEMORY_ENDPOINT, memorySessions } from '../testing/memory-sessions.ts'
import { RETIRING_MS } from './constants.ts'

/** As long as a busy machine takes. */
const eventually = <T>(read: () => T) => expect.poll(read, { timeout: 20_000 })

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

/** After the look at the channel with which a handshake begins. */
async function met(binding = exporter) {
  const reached = reaching(binding)
  await reached.transport.binding(MEMORY_ENDPOINT, bob.did)
  return reached
}

describe('the transport of sessions', () => {
  it('opens one channel for everything that goes to a peer', async () => {
    const { transport, opened, single } = await met()
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
    const request = { ...call(), ...more }
    expect(await transport.binding(request.endpoint, request.peer)).toMatchObject({ kind: 'spki' })
    await expect(transport.send(request)).rejects.toThrow()
    expect([opened.length, single.length]).toEqual([0, 1])
  })

  it('opens no channel for what belongs to no session', async () => {
    const { transport, opened, single } = reaching()
    await expect(transport.send(call(exchangePaths.acks))).rejects.toThrow()
    expect([opened.length, single.length]).toEqual([0, 1])
  })

  it('sends single requests when no channel can be opened, and tries again after a while', async () => {
    const { transport, opened, single, refusals, clock } = reaching()
    refusals.push('the upgrade was answered with 403')
    for (let n = 0; n < 3; n++) {
      expect(await transport.binding(MEMORY_ENDPOINT, bob.did)).toMatchObject({ kind: 'spki' })
      await expect(transport.send(call())).rejects.toThrow()
    }
    refusals.length = 0
    await transport.binding(MEMORY_ENDPOINT, bob.did)
    expect([opened.length, single.length]).toEqual([0, 3])
    clock.advance(30_000)
    await transport.binding(MEMORY_ENDPOINT, bob.did)
    await transport.send(call())
    expect([opened.length, single.length]).toEqual([1, 3])
  })

  it('looks for a channel while calls go singly, and has the session opened again on the one it finds', async () => {
    const { transport, opened, single, refusals, clock } = reaching()
    const unbound = vi.fn()
    transport.onUnbound(unbound)
    refusals.push('the connection was refused')
    await transport.binding(MEMORY_ENDPOINT, bob.did)
    const callSingly = () => expect(transport.send(call())).rejects.toThrow('only channels lead there')
    await callSingly()
    refusals.length = 0
    clock.advance(29_999)
    await callSingly()
    expect([opened.length, unbound.mock.calls]).toEqual([0, []])
    clock.advance(1)
    // It waits for no channel.
    await callSingly()
    await eventually(() => unbound.mock.calls).toEqual([[bob.did]])
    expect([opened.length, single.length]).toEqual([1, 3])
    expect(await transport.binding(MEMORY_ENDPOINT, bob.did)).toEqual(exporter(0))
    expect(await transport.send(call())).toMatchObject({ status: 200 })
  })

  it('looks for one less and less often where none can be opened', async () => {
    const { transport, single, refusals, clock } = reaching()
    let dialled = 0
    Object.defineProperty(refusals, 0, { get: () => `no upgrade ${++dialled}` })
    await transport.binding(MEMORY_ENDPOINT, bob.did)
    for (let second = 0; second < 900; second++) {
      clock.advance(1_000)
      await expect(transport.send(call())).rejects.toThrow('only channels lead there')
    }
    expect([single.length, dialled]).toEqual([900, 1 + 4])
  })

  it('takes a request that was not looked at another way', async () => {
    const { transport, opened, single, handle } = await met()
    const [first] = opened
    first?.far.pause()
    const sent = expect(transport.send(call(exchangePaths.acks))).rejects.toThrow('only channels lead there')
    const drained = first?.link.drain()
    first?.far.resume()
    await sent
    await drained
    expect([single.length, handle.mock.calls.length]).toEqual([1, 0])
  })

  it.each<[string, (opened: number) => ChannelBinding]>([
    ['a TLS connection', exporter],
    ['this machine', () => ({ kind: 'local', value: Buffer.alloc(32, 7) })],
  ])('sends no call of a session that is bound to %s over another channel', async (_what, binding) => {
    const { transport, opened, single, handle } = reaching(binding)
    const unbound = vi.fn()
    transport.onUnbound(unbound)
    expect(await transport.binding(MEMORY_ENDPOINT, bob.did)).toEqual(binding(0))
    await transport.send(call())
    opened[0]?.far.close('mallory cut it')
    await eventually(() => unbound.mock.calls).toEqual([[bob.did]])
    for (const path of [exchangePaths.call, exchangePaths.decide, exchangePaths.hello, exchangePaths.proof])
      await expect(transport.send(call(path))).rejects.toMatchObject({ detail: { code: 'unreachable' } })
    expect([opened.length, single.length, handle.mock.calls.length]).toEqual([1, 0, 1])
    // What belongs to no session goes its way, and the next handshake is bound to the new channel.
    await expect(transport.send(call(exchangePaths.acks))).rejects.toThrow('only channels lead there')
    expect(await transport.binding(MEMORY_ENDPOINT, bob.did)).toEqual(binding(1))
    expect(await transport.send(call())).toMatchObject({ status: 200 })
  })

  it('opens another channel when it is asked to, and ends the session on the one before without a failed call', async () => {
    const { transport, opened, handle, clock } = reaching()
    const unbound = vi.fn()
    transport.onUnbound(unbound)
    await transport.binding(MEMORY_ENDPOINT, bob.did)
    opened[0]?.link.retire()
    await eventually(() => unbound.mock.calls).toEqual([[bob.did]])
    // A call that was signed for the session before still goes where it is bound to, and all else goes the new way.
    expect(await transport.send(call())).toMatchObject({ status: 200 })
    expect([opened.length, handle.mock.calls.length]).toEqual([1, 1])
    expect(await transport.binding(MEMORY_ENDPOINT, bob.did)).toEqual(exporter(1))
    await transport.send(call())
    expect([opened.length, transport.channels().length]).toEqual([2, 1])
    clock.advance(RETIRING_MS)
    expect(await opened[0]?.link.closed).toBe('done')
  })

  it('uses a channel that a peer has opened, once the peer has proven itself on it', async () => {
    const { transport, opened, single } = reaching()
    const other = reaching()
    await other.transport.binding(MEMORY_ENDPOINT, bob.did)
    other.transport.serve({ handle: async () => ({ ...ok, body: Buffer.from('from carol') }) })
    const [channel] = other.opened
    if (channel === undefined) throw new Error('a channel was to be opened')
    transport.adopt(carol.did, channel.link)
    const reply = await transport.send({ ...call(exchangePaths.revocations), peer: carol.did })
    expect(Buffer.from(reply.body).toString()).toBe('from carol')
    expect([opened.length, single.length]).toEqual([0, 0])
  })
})
