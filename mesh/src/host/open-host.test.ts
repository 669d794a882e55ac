import type { Did } from '@hansa/protocols'
import { peerIdsBinding } from '@hansa/trust'
import { alice, bob, mallory } from '@hansa/trust/testing'
import { afterEach, describe, expect, it, vi } from 'vitest'
import type { FramedChannel } from '../session/framed-channel.ts'
import { openTestHost, type TestHostInit, testPointer } from '../testing/test-host.ts'
import type { MeshHost } from './mesh-host.ts'

const open: MeshHost[] = []
afterEach(async () => {
  await Promise.all(open.splice(0).map((host) => host[Symbol.asyncDispose]()))
})
const host = async (...args: Parameters<typeof openTestHost>) => {
  const opened = await openTestHost(...args)
  open.push(opened)
  return opened
}
const addressOf = (of: MeshHost) => of.addresses()[0] ?? ''
const loopback: TestHostInit = { network: 'internet', listen: ['/ip4/127.0.0.1/tcp/0'], allowPrivate: true }
const overWebSocket: TestHostInit = { ...loopback, listen: ['/ip4/127.0.0.1/tcp/0/ws'] }

/** Everything that arrives, as text. */
function collect(channel: FramedChannel): string[] {
  const texts: string[] = []
  channel.onMessage((message) => texts.push(Buffer.from(message).toString()))
  return texts
}

async function channelBetween(a: MeshHost, b: MeshHost): Promise<{ near: FramedChannel; far: FramedChannel }> {
  const far = new Promise<FramedChannel>((settle) => b.onChannel(settle))
  return { near: await a.openChannel(addressOf(b)), far: await far }
}

describe('two hosts', () => {
  it.each([
    ['in memory', {}],
    ['over TCP', loopback],
    ['over WebSocket', overWebSocket],
  ])('%s know whose host is at the other end', async (_, init) => {
    const a = await host(alice, init)
    const b = await host(bob, init)
    expect(await a.dial(addressOf(b))).toMatchObject({ did: bob.did, direction: 'outbound', relayed: false })
    await vi.waitFor(() =>
      expect(b.peers()).toMatchObject([{ did: alice.did, peerId: a.peerId, direction: 'inbound' }]),
    )
  })

  it('are found by their DID once they are connected', async () => {
    const a = await host(alice)
    const b = await host(bob)
    await a.dial(addressOf(b))
    expect(await a.dial(bob.did)).toMatchObject({ peerId: b.peerId })
    await expect(a.dial(mallory.did)).rejects.toMatchObject({ detail: { code: 'unreachable', endpoint: mallory.did } })
  })

  it('tell who came, who it was and who went', async () => {
    const a = await host(alice)
    const b = await host(bob)
    const changes: [string, Did | undefined][] = []
    b.onPeer(({ kind, peer }) => changes.push([kind, peer.did]))
    await a.dial(addressOf(b))
    await vi.waitFor(() => expect(changes).toContainEqual(['identified', alice.did]))
    await a[Symbol.asyncDispose]()
    await vi.waitFor(() => expect(changes.at(-1)).toEqual(['disconnected', alice.did]))
    expect(b.peers()).toEqual([])
  })
})

describe('mallory', () => {
  it("is nobody with bob's record, which does not list her host", async () => {
    const a = await host(alice)
    const posing = await host(mallory, {}, { pointer: async () => testPointer(bob) })
    const peer = await a.dial(addressOf(posing))
    expect(peer).toMatchObject({ did: undefined, refused: 'binding: peer_id_not_in_the_document' })
    await expect(a.dial(bob.did)).rejects.toMatchObject({ detail: { code: 'unreachable' } })
  })

  it("is nobody with a record of her own that lists bob's host", async () => {
    const b = await host(bob)
    const a = await host(alice)
    const posing = await host(mallory, {}, { pointer: async () => testPointer(mallory, { peer_ids: [b.peerId] }) })
    expect(await a.dial(addressOf(posing))).toMatchObject({ did: undefined })
  })

  it('is not dialled at an address with the PeerId of another', async () => {
    const a = await host(alice, loopback)
    const b = await host(bob, loopback)
    const m = await host(mallory, loopback)
    const lured = addressOf(m).replace(m.peerId, b.peerId)
    await expect(a.dial(lured)).rejects.toMatchObject({ detail: { code: 'unreachable' } })
    expect(a.peers()).toEqual([])
  })

  it('gets no dial to an address of this network that nobody allowed', async () => {
    const a = await host(alice, { ...loopback, allowPrivate: false })
    const b = await host(bob, loopback)
    await expect(a.dial(addressOf(b))).rejects.toThrow(/loopback address, which the operator has not allowed/)
    await expect(a.openChannel(addressOf(b))).rejects.toMatchObject({ detail: { code: 'unreachable' } })
  })

  it('gets none by a name that resolves to such an address', async () => {
    const a = await host(
      alice,
      { ...loopback, allowPrivate: false },
      { resolve: async () => ['93.184.215.14', '10.0.0.7'] },
    )
    const { peerId } = await host(bob)
    await expect(a.dial(`/dns4/b.example/tcp/7401/p2p/${peerId}`)).rejects.toThrow(/10\.0\.0\.7 is a private address/)
  })
})

describe('a framed channel', () => {
  it.each([
    ['in memory', {}],
    ['over TCP', loopback],
  ])('%s carries messages both ways, whole and in order', async (_, init) => {
    const a = await host(alice, init)
    const b = await host(bob, init)
    const { near, far } = await channelBetween(a, b)
    const [atA, atB] = [collect(near), collect(far)]
    const sent = Array.from({ length: 200 }, (_, at) => `${at} ${'x'.repeat((at * 37) % 5_000)}`)
    for (const text of sent) if (!near.send(Buffer.from(text))) await near.drained()
    far.send(Buffer.from('back'))
    await vi.waitFor(() => expect(atB).toHaveLength(200))
    expect(atB).toEqual(sent)
    await vi.waitFor(() => expect(atA).toEqual(['back']))
  })

  it.each([
    ['in memory', {}],
    ['over TCP', loopback],
  ])('%s that is paused hands over nothing until it goes on, and then all of it', async (_, init) => {
    const { near, far } = await channelBetween(await host(alice, init), await host(bob, init))
    const [atA, atB] = [collect(near), collect(far)]
    far.pause()
    near.send(Buffer.from('one'))
    near.send(Buffer.from('two'))
    // What comes the other way shows that the first two have had their time.
    far.send(Buffer.from('back'))
    await vi.waitFor(() => expect(atA).toEqual(['back']))
    expect(atB).toEqual([])
    far.resume()
    await vi.waitFor(() => expect(atB).toEqual(['one', 'two']))
  })

  it('keeps what arrives before anybody listens, also empty and large messages', async () => {
    const { near, far } = await channelBetween(await host(alice, loopback), await host(bob, loopback))
    near.send(new Uint8Array())
    near.send(new Uint8Array(1_000_000).fill(65))
    near.send(Buffer.from('last'))
    const lengths: number[] = []
    far.onMessage((message) => lengths.push(message.length))
    await vi.waitFor(() => expect(lengths).toEqual([0, 1_000_000, 4]))
  })

  it('is bound to the two hosts, the same from both ends', async () => {
    const a = await host(alice)
    const b = await host(bob)
    const { near, far } = await channelBetween(a, b)
    const binding = { kind: 'peer-ids', value: peerIdsBinding(a.peerId, b.peerId) }
    expect(near.binding).toEqual(binding)
    expect(far.binding).toEqual(binding)
    expect(near.binding?.value).not.toEqual(peerIdsBinding(a.peerId, a.peerId))
  })

  it('ends at both ends with one of them, and drops what is sent after', async () => {
    const { near, far } = await channelBetween(await host(alice, loopback), await host(bob, loopback))
    near.close('enough')
    expect(await near.closed).toBe('enough')
    await far.closed
    expect(far.send(Buffer.from('too late'))).toBe(true)
    await far.drained()
  })

  it('ends with the connection', async () => {
    const a = await host(alice, loopback)
    const { far } = await channelBetween(a, await host(bob, loopback))
    await a[Symbol.asyncDispose]()
    await far.closed
  })

  it('says when no more should be sent, and when there is room again', async () => {
    const { near, far } = await channelBetween(await host(alice, loopback), await host(bob, loopback))
    const block = new Uint8Array(1_000_000)
    let sent = 0
    while (near.send(block) && sent < 64) sent++
    expect(sent).toBeLessThan(64)
    let received = 0
    far.onMessage(({ length }) => {
      received += length
    })
    await near.drained()
    await vi.waitFor(() => expect(received).toBe((sent + 1) * block.length))
  })

  it('has room and none again and again, and loses nothing of what is far more than it holds', async () => {
    const { near, far } = await channelBetween(await host(alice, loopback), await host(bob, loopback))
    const block = new Uint8Array(1_000_000)
    let received = 0
    far.onMessage(({ length }) => {
      received += length
    })
    let waits = 0
    for (let sent = 0; sent < 60; sent++) {
      if (near.send(block)) continue
      waits += 1
      await near.drained()
    }
    await vi.waitFor(() => expect(received).toBe(60 * block.length), { timeout: 10_000 })
    expect(waits).toBeGreaterThan(1)
  })

  it('is refused where nobody takes any', async () => {
    const a = await host(alice, loopback)
    const b = await host(bob, loopback)
    const channel = await a.openChannel(addressOf(b))
    await channel.closed
  })
})
