/** Hosts behind a proxy that ends TLS, on real sockets, and what mallory does in its place. */
import { once } from 'node:events'
import { type AddressInfo, connect, type Socket } from 'node:net'
import { createServer, type TLSSocket } from 'node:tls'
import { sha256 } from '@hansa/trust'
import { alice, bob, mallory } from '@hansa/trust/testing'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { selfSignedCertificate } from '../testing/self-signed-certificate.ts'
import { openTestHost, type TestHostInit } from '../testing/test-host.ts'
import type { MeshHost } from './mesh-host.ts'

const patience = { timeout: 20_000, interval: 50 }
const ends: (() => PromiseLike<unknown>)[] = []
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end()
})

async function host(signer: typeof alice, init: TestHostInit = {}, over: Parameters<typeof openTestHost>[2] = {}) {
  const own: TestHostInit = { network: 'internet', listen: ['/ip4/127.0.0.1/tcp/0/ws'], allowPrivate: true }
  const opened = await openTestHost(signer, { ...own, ...init }, over)
  ends.push(() => opened[Symbol.asyncDispose]())
  return opened
}

const portOf = (of: MeshHost) => Number(/\/tcp\/(\d+)\/ws/.exec(of.addresses()[0] ?? '')?.[1])

/** Ends TLS before a host. `names` is what callers said that they look for. */
async function proxy(behind: () => number) {
  const { cert, key } = selfSignedCertificate(Math.floor(Date.now() / 1000))
  const names: (string | false | null)[] = []
  const sockets = new Set<Socket>()
  const server = createServer({ cert, key }, (socket: TLSSocket) => {
    names.push(socket.servername)
    const inner = connect(behind(), '127.0.0.1')
    for (const [one, other] of [
      [socket, inner],
      [inner, socket],
    ] as const) {
      sockets.add(one)
      one.on('error', () => other.destroy())
      one.on('close', () => other.destroy())
      one.pipe(other)
    }
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  ends.push(async () => {
    for (const socket of sockets) socket.destroy()
    await new Promise((closed) => server.close(closed))
  })
  return { names, port: (server.address() as AddressInfo).port }
}

describe('a host behind TLS', () => {
  it('is reached by its number, proves who it is, and carries messages of any size', async () => {
    const b = await host(bob)
    const front = await proxy(() => portOf(b))
    const a = await host(alice, { listen: [] })
    const address = `/ip4/127.0.0.1/tcp/${front.port}/tls/ws/p2p/${b.peerId}`
    expect(await a.dial(address)).toMatchObject({ did: bob.did, peerId: b.peerId, address })
    expect(front.names).toEqual([false])
    const hashOf = (bytes: Uint8Array) => Buffer.from(sha256(bytes)).toString('base64url')
    b.onChannel((channel) => channel.onMessage((message) => void channel.send(Buffer.from(hashOf(message)))))
    const channel = await a.openChannel(address)
    const back: string[] = []
    channel.onMessage((message) => void back.push(Buffer.from(message).toString()))
    const sent = ['small', 'l'.repeat(1_000_000), 'm'.repeat(1_000_000), 'n'.repeat(70_000)].map((text) =>
      Buffer.from(text),
    )
    for (const message of sent) if (!channel.send(message)) await channel.drained()
    await vi.waitFor(() => expect(back).toEqual(sent.map(hashOf)), patience)
  })

  it('is reached by its name, which is resolved once and said to the proxy', async () => {
    const b = await host(bob)
    const front = await proxy(() => portOf(b))
    const asked: string[] = []
    const resolve = async (name: string) => {
      asked.push(name)
      return ['127.0.0.1']
    }
    const a = await host(alice, { listen: [] }, { resolve })
    const peer = await a.dial(`/dns4/b.example/tcp/${front.port}/wss/p2p/${b.peerId}`)
    expect(peer).toMatchObject({ did: bob.did })
    expect([asked, front.names]).toEqual([['b.example'], ['b.example']])
  })

  it('is noticed when it goes', async () => {
    const b = await host(bob)
    const front = await proxy(() => portOf(b))
    const a = await host(alice, { listen: [] })
    await a.dial(`/ip4/127.0.0.1/tcp/${front.port}/tls/ws/p2p/${b.peerId}`)
    await b[Symbol.asyncDispose]()
    await vi.waitFor(() => expect(a.peers()).toEqual([]), patience)
  })
})

describe('mallory in the place of a host behind TLS', () => {
  it('is not taken for it, whatever certificate she shows: she has another PeerId', async () => {
    const b = await host(bob)
    const m = await host(mallory)
    const front = await proxy(() => portOf(m))
    const a = await host(alice, { listen: [] })
    const dialled = a.dial(`/ip4/127.0.0.1/tcp/${front.port}/tls/ws/p2p/${b.peerId}`)
    await expect(dialled).rejects.toMatchObject({ detail: { code: 'unreachable' } })
    expect(a.peers()).toEqual([])
  })

  it('ends TLS, answers as what is no WebSocket, or does not speak TLS at all: it is unreachable', async () => {
    const b = await host(bob)
    const a = await host(alice, { listen: [] })
    const at = (port: number) => a.dial(`/ip4/127.0.0.1/tcp/${port}/tls/ws/p2p/${b.peerId}`)
    const web = await proxy(() => 9)
    await expect(at(web.port)).rejects.toMatchObject({ detail: { code: 'unreachable' } })
    await expect(at(portOf(b))).rejects.toMatchObject({ detail: { code: 'unreachable' } })
  })

  it('is not dialled where no host may be, by a name that leads there', async () => {
    const resolve = async () => ['169.254.169.254']
    const a = await host(alice, { listen: [] }, { resolve })
    await expect(a.dial('/dns4/m.example/tcp/443/tls/ws')).rejects.toMatchObject({
      detail: { reason: expect.stringContaining('metadata') },
    })
  })
})
