/** Channels over real sockets, with mallory on them. */
import { connect } from 'node:net'
import {
  type InboundHandler,
  MAX_FRAME_BYTES,
  type PeerTransport,
  silentLogger,
  WS_ENDPOINT_PROTO,
} from '@hansa/protocols'
import { manualClock } from '@hansa/protocols/testing'
import { bob, mallory } from '@hansa/trust/testing'
import { describe, expect, it } from 'vitest'
import { WebSocket } from 'ws'
import { pair, sessionOf } from '../testing/handshake-pair.ts'
import { httpServer } from '../testing/http-server.ts'
import { selfSignedCertificate } from '../testing/self-signed-certificate.ts'
import { webSocketServer } from '../testing/web-socket-server.ts'
import { sessionLink } from './session-link.ts'
import { SessionTransport } from './session-transport.ts'
import { webSocketDialer } from './web-socket-dialer.ts'

/** As long as a busy machine takes. */
const eventually = <T>(read: () => T) => expect.poll(read, { timeout: 20_000 })

const now = Date.now() / 1000
const clock = manualClock()
const echo: InboundHandler = { handle: async ({ body }) => ({ status: 200, contentType: '', body }) }
const loopback = { allowPrivate: ['127.0.0.0/8'] }

function reaching(url: string, ca?: string) {
  const single: PeerTransport = {
    send: () => Promise.reject(new Error('a single request')),
    binding: async () => undefined,
  }
  const dialers = [webSocketDialer({ ...loopback, ...(ca === undefined ? {} : { ca }) })]
  const transport = new SessionTransport({}, { single, dialers, clock, logger: silentLogger })
  transport.usePins({
    keysOf: () => undefined,
    waysTo: () => [{ proto: WS_ENDPOINT_PROTO, url }],
    renew: async () => {},
  })
  return transport
}

describe('a session over a WebSocket', () => {
  it('is bound to its TLS connection, and each connection to another secret', async () => {
    const certificate = selfSignedCertificate(now)
    await using server = await webSocketServer(echo, { clock, certificate })
    const dialer = webSocketDialer({ ...loopback, ca: certificate.cert })
    const channels = [await dialer.dial(server.url, bob.did), await dialer.dial(server.url, bob.did)]
    const values = channels.map(({ binding }) => Buffer.from(binding?.value ?? []).toString('hex'))
    expect(channels.map(({ binding }) => binding?.kind)).toEqual(['exporter', 'exporter'])
    expect(values[0]).not.toBe(values[1])
    await eventually(() => server.links.length).toBe(2)
    const seen = server.links.map(({ channel }) => Buffer.from(channel.binding?.value ?? []).toString('hex'))
    expect(seen.sort()).toEqual(values.sort())
    for (const channel of channels) channel.close('done')
  })

  it('is bound to the key of the certificate where the server cannot see the TLS', async () => {
    const certificate = selfSignedCertificate(now)
    await using server = await webSocketServer(echo, { clock, certificate, sees: ['spki'] })
    const channel = await webSocketDialer({ ...loopback, ca: certificate.cert }).dial(server.url, bob.did)
    expect(channel.binding?.kind).toBe('spki')
    expect(server.links[0]?.channel.binding).toEqual(channel.binding)
    channel.close('done')
  })

  it('is not read from while its flood of refused requests waits, and is then', async () => {
    let asked = 0
    const refuses: InboundHandler = {
      handle: async ({ body }) => {
        asked += 1
        return { status: 400, contentType: '', body }
      },
    }
    const held = manualClock()
    await using server = await webSocketServer(refuses, { clock: held })
    const channel = await webSocketDialer(loopback).dial(server.url, mallory.did)
    const link = sessionLink({ role: 'opened', channel }, { clock, handler: echo })
    const ask = () => link.send({ endpoint: server.origin, path: '/x', method: 'POST', maxReplyBytes: 1_000 })
    for (let n = 0; n < 258; n++) await ask()
    const waiting = ask()
    for (let turn = 0; turn < 50; turn++) await new Promise<void>((resolve) => setImmediate(resolve))
    expect(asked).toBe(258)
    held.advance(250)
    expect((await waiting).status).toBe(400)
    expect(asked).toBe(259)
    link.close('done')
  })

  it('carries a handshake of both sides', async () => {
    const { a, b } = pair()
    const certificate = selfSignedCertificate(now)
    await using server = await webSocketServer(b, { clock, certificate })
    await using transport = reaching(server.url, certificate.cert)
    const session = sessionOf(await a.open(b, { transport, endpoint: server.origin }))
    expect(session.facts).toMatchObject({ channel: 'exporter', level: 1 })
    expect(b.sessions.get(session.sid)).toMatchObject({ channel: 'exporter', connection: expect.any(Uint8Array) })
  })

  it('gives no session when mallory holds the very key of the certificate and passes every frame on', async () => {
    const { a, b } = pair()
    const certificate = selfSignedCertificate(now)
    await using honest = await webSocketServer(b, { clock, certificate })
    await using onward = reaching(honest.url, certificate.cert)
    await onward.binding(honest.origin, bob.did)
    const relay: InboundHandler = {
      async handle({ path, method, body }) {
        const request = { endpoint: honest.origin, peer: bob.did, path, method, body, maxReplyBytes: 1_000_000 }
        return { ...(await onward.send(request)), contentType: '' }
      },
    }
    await using between = await webSocketServer(relay, { clock, certificate })
    await using transport = reaching(between.url, certificate.cert)
    expect(await a.open(b, { transport, endpoint: between.origin })).toMatchObject({
      ok: false,
      code: 'handshake_failed',
    })
    expect(b.sessions.size).toBe(0)
  })

  it('is refused by a peer that shows another certificate than one that an authority vouches for', async () => {
    const [own, hers] = [selfSignedCertificate(now), selfSignedCertificate(now)]
    await using server = await webSocketServer(echo, { clock, certificate: hers })
    await expect(webSocketDialer({ ...loopback, ca: own.cert }).dial(server.url, bob.did)).rejects.toThrow()
    expect(server.links).toEqual([])
  })

  it.each([
    ['ws://10.0.0.1/hansa/v1/session', 'plain HTTP'],
    ['ws://kernel.example/hansa/v1/session', 'plain HTTP'],
    ['wss://10.0.0.1/hansa/v1/session', '10.0.0.1'],
    ['https://kernel.example/hansa/v1/session', 'not a WebSocket'],
    ['wss://user:secret@kernel.example/hansa/v1/session', 'name or password'],
  ])('is never opened to %s', async (url, reason) => {
    await expect(webSocketDialer({ allowPrivate: false }).dial(url, mallory.did)).rejects.toThrow(reason)
  })

  it('says how an upgrade was answered that a proxy does not let through', async () => {
    await using server = await httpServer((_request, response) => void response.writeHead(403).end())
    const dialed = webSocketDialer(loopback).dial(server.origin.replace('http', 'ws'), bob.did)
    await expect(dialed).rejects.toThrow('the upgrade was answered with 403')
  })

  it('is not opened to what speaks something else over WebSockets', async () => {
    await using server = await webSocketServer(echo, { clock, sees: ['exporter'] })
    await expect(webSocketDialer(loopback).dial(server.url, bob.did)).rejects.toThrow('answered with 400')
    expect(server.links).toEqual([])
  })

  it('offers and takes no compression', async () => {
    let offered: string | undefined = 'nothing seen'
    await using server = await httpServer(() => {})
    server.onUpgrade((request, socket) => {
      offered = request.headers['sec-websocket-extensions']
      socket.destroy()
    })
    await expect(webSocketDialer(loopback).dial(server.origin.replace('http', 'ws'), bob.did)).rejects.toThrow()
    expect(offered).toBeUndefined()
    await using own = await webSocketServer(echo, { clock })
    const client = new WebSocket(own.url, 'hansa-session-1.local')
    await new Promise((resolve) => client.once('open', resolve))
    expect(client.extensions).toBe('')
    client.terminate()
  })

  it.each<[string, string | Buffer, number]>([
    ['text', 'not a frame', 1000],
    ['a message beyond the largest', Buffer.alloc(MAX_FRAME_BYTES + 1), 1009],
    ['a malformed frame', Buffer.from([99, 0, 0, 0, 1]), 1000],
  ])('ends on %s of mallory', async (_what, message, code) => {
    await using server = await webSocketServer(echo, { clock })
    const client = new WebSocket(server.url, 'hansa-session-1.local')
    await new Promise((resolve) => client.once('open', resolve))
    const closed = new Promise<number>((resolve) => client.once('close', resolve))
    client.send(message)
    expect(await closed).toBe(code)
    expect(await server.links[0]?.closed).toBeTypeOf('string')
  })

  it('outlives a connection that is cut in the middle of a message', async () => {
    await using server = await webSocketServer(echo, { clock })
    const { port } = new URL(server.origin)
    const socket = connect(Number(port), '127.0.0.1')
    socket.write(
      `GET /hansa/v1/session HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n` +
        `Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n` +
        `Sec-WebSocket-Protocol: hansa-session-1.local\r\n\r\n`,
    )
    await eventually(() => server.links.length).toBe(1)
    socket.write(Buffer.from([0x82, 0xfe, 0x10, 0x00, 1, 2, 3, 4, 5]))
    socket.destroy()
    expect(await server.links[0]?.closed).toContain('closed')
  })
})
