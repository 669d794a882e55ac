import { networkInterfaces } from 'node:os'
import { sha256, signerFromSeed } from '@hansa/trust'
import { alice, bob, carol, mallory } from '@hansa/trust/testing'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { openTestHost, type TestHostInit, testPointer } from '../testing/test-host.ts'
import { clockAtNow } from '../testing/test-kernel.ts'
import { BOOTSTRAP_AGAIN_MS } from './limits.ts'
import type { MeshHost } from './mesh-host.ts'

const open: MeshHost[] = []
afterEach(async () => {
  await Promise.all(open.splice(0).map((host) => host[Symbol.asyncDispose]()))
})
const host = async (...[signer, init, over]: Parameters<typeof openTestHost>) => {
  const opened = await openTestHost(signer, { ...loopback, ...init }, over)
  open.push(opened)
  return opened
}
const addressOf = (of: MeshHost) => of.addresses()[0] ?? ''
const loopback: TestHostInit = { network: 'internet', listen: ['/ip4/127.0.0.1/tcp/0'], allowPrivate: true }
const patience = { timeout: 30_000, interval: 100 }

describe('a DHT of hosts', () => {
  it('finds a kernel that nobody here has spoken to, and reaches it', async () => {
    const hub = await host(carol, { dht: 'server' })
    const others = await Promise.all(
      [1, 2, 3].map((n) => host(signerFromSeed(sha256(`dht ${n}`)), { dht: 'server', bootstrap: [addressOf(hub)] })),
    )
    const b = await host(bob, { dht: 'server', bootstrap: [addressOf(hub)] })
    const a = await host(alice, { dht: 'client', bootstrap: [addressOf(hub)] })
    await vi.waitFor(async () => expect(await b.announce()).toBeGreaterThanOrEqual(others.length), patience)
    await vi.waitFor(async () => {
      const found = await a.findInDht(bob.did)
      expect(found.best?.pointer.peer_ids).toEqual([b.peerId])
      expect(found.networks).toBe(1)
      expect(found.enough).toBe(false)
    }, patience)
    expect(await a.dial(bob.did)).toMatchObject({ did: bob.did, peerId: b.peerId })
    expect((await a.findInDht(mallory.did)).best).toBeUndefined()
  })

  it('takes no record that is not its own: neither of another kernel nor a forged one', async () => {
    const hub = await host(carol, { dht: 'server' })
    const forged = { ...testPointer(bob), jws: testPointer(bob).jws.replace(/.{4}$/, 'AAAA') }
    let record = testPointer(mallory)
    const m = await host(mallory, { dht: 'client' }, { pointer: async () => record })
    await m.dial(addressOf(hub))
    await vi.waitFor(async () => expect(await m.announce()).toBe(1), patience)
    record = forged
    expect(await m.announce()).toBe(0)
    expect((await hub.findInDht(bob.did)).best).toBeUndefined()
  })

  it('is nothing to a host without one', async () => {
    const a = await host(alice)
    expect(await a.announce()).toBe(0)
    expect(await a.findInDht(bob.did)).toMatchObject({ best: undefined, responders: 0 })
  })
})

const onLan = Object.values(networkInterfaces())
  .flat()
  .some((one) => one?.family === 'IPv4' && !one.internal)

it.skipIf(!onLan)('hosts of one LAN find each other without being told', async () => {
  const a = await host(alice, { mdns: true, listen: ['/ip4/0.0.0.0/tcp/0'] })
  const b = await host(bob, { mdns: true, listen: ['/ip4/0.0.0.0/tcp/0'] })
  const sees = (one: MeshHost, other: MeshHost) =>
    one.peers().some(({ peerId, did }) => peerId === other.peerId && did !== undefined)
  await vi.waitFor(() => expect([sees(a, b), sees(b, a)]).toEqual([true, true]), patience)
})

it('a host without an address is reached through a relay, and speaks over it', async () => {
  const relay = await host(carol, { relay: 'server' })
  const hidden = await host(bob, { listen: [], relay: 'client', bootstrap: [addressOf(relay)] })
  await vi.waitFor(() => expect(hidden.addresses().join()).toContain('/p2p-circuit'), patience)
  const a = await host(alice, { listen: [] })
  const through = hidden.addresses().find((address) => address.includes('/p2p-circuit')) ?? ''
  expect(await a.dial(through)).toMatchObject({ did: bob.did, relayed: true })
  const heard: string[] = []
  hidden.onChannel((channel) => channel.onMessage((message) => heard.push(Buffer.from(message).toString())))
  const channel = await a.openChannel(through)
  channel.send(Buffer.from('through the relay'))
  await vi.waitFor(() => expect(heard).toEqual(['through the relay']), patience)
})

it.each([
  ['client', 'client'],
  ['client', 'server'],
  ['server', 'server'],
] as const)('a host that is alone starts, and leaves the process to others: relay %s, DHT %s', async (relay, dht) => {
  const alone = await host(alice, { relay, dht })
  expect(alone.addresses()).toHaveLength(1)
  const turn = () => new Promise((settle) => setImmediate(settle))
  for (let turns = 0; turns < 50; turns++) await turn()
})

it('a host comes back to a configured one that was away', async () => {
  const seed = sha256('host that comes back')
  const first = await openTestHost(bob, { ...loopback, seed })
  const address = addressOf(first)
  const clock = clockAtNow()
  const a = await host(alice, { bootstrap: [address] }, { clock })
  await vi.waitFor(() => expect(a.peers()).toMatchObject([{ did: bob.did }]), patience)
  await first[Symbol.asyncDispose]()
  await vi.waitFor(() => expect(a.peers()).toEqual([]), patience)
  const listen = [address.slice(0, address.indexOf('/p2p/'))]
  const again = await host(bob, { seed, listen })
  expect(again.peerId).toBe(first.peerId)
  clock.advance(BOOTSTRAP_AGAIN_MS)
  await vi.waitFor(() => expect(a.peers()).toMatchObject([{ did: bob.did }]), patience)
})
