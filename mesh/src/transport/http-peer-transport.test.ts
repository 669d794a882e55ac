import type { RequestListener } from 'node:http'
import { mallory } from '@hansa/trust/testing'
import { describe, expect, it, vi } from 'vitest'
import { httpServer, type TestServer } from '../testing/http-server.ts'
import { selfSignedCertificate } from '../testing/self-signed-certificate.ts'
import { spkiHash } from './certificate-key.ts'
import { type HttpPeerTransportInit, httpPeerTransport } from './http-peer-transport.ts'
import { localBinding } from './local-binding.ts'

const onLoopback = (init: Partial<HttpPeerTransportInit> = {}) =>
  httpPeerTransport({ allowPrivate: ['127.0.0.0/8'], ...init })
const echo: RequestListener = (request, response) => void request.pipe(response.writeHead(200))
const call = (endpoint: string, body = 'x') =>
  ({ endpoint, path: '/hansa/v1/call', method: 'POST', body: Buffer.from(body), maxReplyBytes: 1_000 }) as const

describe(httpPeerTransport, () => {
  it('carries a body there and back', async () => {
    let seen: unknown
    await using server = await httpServer((request, response) => {
      seen = [request.method, request.url, request.headers['content-type']]
      request.pipe(response.writeHead(200))
    })
    await using transport = onLoopback()
    const reply = await transport.send({ ...call(server.origin, 'frames'), contentType: 'application/vnd.hansa.call' })
    expect(reply.status).toBe(200)
    expect(Buffer.from(reply.body).toString()).toBe('frames')
    expect(seen).toEqual(['POST', '/hansa/v1/call', 'application/vnd.hansa.call'])
  })

  it.each(['', '/', '/team-a', '/team-a/'])(
    'puts the path behind the endpoint when that ends in "%s"',
    async (prefix) => {
      let seen: string | undefined
      await using server = await httpServer((request, response) => {
        seen = request.url
        response.end()
      })
      await using transport = onLoopback()
      await transport.send(call(server.origin + prefix))
      expect(seen).toBe(`${prefix.replace(/\/$/, '')}/hansa/v1/call`)
    },
  )

  it('gives back an error status, and does not follow a redirect', async () => {
    await using server = await httpServer((request, response) => {
      const status = Number(request.url?.slice(1, 4))
      response.writeHead(status, { location: '/200/hansa/v1/call' }).end()
    })
    await using transport = onLoopback()
    for (const status of [302, 404, 500])
      expect(await transport.send(call(`${server.origin}/${status}`))).toMatchObject({ status })
  })

  it('keeps its connections for calls that come one after another', async () => {
    await using server = await httpServer(echo)
    await using transport = onLoopback()
    for (let n = 0; n < 20; n++) await transport.send(call(server.origin))
    // A second one, because the next call may come before the first connection has reported that it is free.
    expect(server.connections).toBeLessThanOrEqual(2)
  })

  it('keeps connections to the last few places of a peer that moves on and on', async () => {
    await using transport = onLoopback()
    await using stack = new AsyncDisposableStack()
    const places: TestServer[] = []
    for (let place = 0; place < 6; place++) {
      const server = stack.use(await httpServer(echo))
      places.push(server)
      await transport.send({ ...call(server.origin), peer: mallory.did })
    }
    await vi.waitFor(() => expect(places.map(({ open }) => open)).toEqual([0, 0, 1, 1, 1, 1]))
  })

  it('opens no more connections than it may, however many calls are under way', async () => {
    await using server = await httpServer(echo)
    await using transport = onLoopback({ connectionsPerOrigin: 4 })
    await Promise.all(Array.from({ length: 40 }, () => transport.send(call(server.origin))))
    expect(server.connections).toBe(4)
  })

  it('cuts off a reply that is larger than asked for, and goes on working', async () => {
    await using server = await httpServer(echo)
    await using transport = onLoopback()
    const large = transport.send(call(server.origin, 'x'.repeat(1_001)))
    await expect(large).rejects.toMatchObject({
      detail: { code: 'unreachable', endpoint: server.origin, reason: expect.stringContaining('1000') },
    })
    expect(await transport.send(call(server.origin, 'x'.repeat(1_000)))).toMatchObject({ status: 200 })
  })

  it('stops waiting when the signal is aborted', async () => {
    const cancel = new AbortController()
    await using server = await httpServer(() => cancel.abort())
    await using transport = onLoopback()
    await expect(transport.send({ ...call(server.origin), signal: cancel.signal })).rejects.toMatchObject({
      detail: { code: 'unreachable', reason: 'the request was cancelled' },
    })
  })

  it('does not send what was cancelled while it waited for a connection', async () => {
    const bodies: string[] = []
    const release = Promise.withResolvers<void>()
    await using server = await httpServer((request, response) => {
      request.on('data', (chunk: Buffer) => bodies.push(chunk.toString()))
      release.promise.then(() => response.end()).catch(() => undefined)
    })
    await using transport = onLoopback({ connectionsPerOrigin: 1 })
    const first = transport.send(call(server.origin, 'first'))
    await expect.poll(() => bodies).toEqual(['first'])
    const cancel = new AbortController()
    const second = transport.send({ ...call(server.origin, 'second'), signal: cancel.signal })
    cancel.abort()
    await expect(second).rejects.toMatchObject({ detail: { code: 'unreachable' } })
    release.resolve()
    await first
    await transport.send(call(server.origin, 'third'))
    expect(bodies).toEqual(['first', 'third'])
  })

  it.each([
    ['nothing listens', (_request, response) => response.destroy(), 'the connection was cut'],
    [
      'the reply breaks off',
      (_request, response) => {
        response.writeHead(200, { 'content-length': '10' }).write('x')
        response.socket?.destroySoon()
      },
      'the connection was cut',
    ],
  ] as [string, RequestListener, string][])('says unreachable when %s', async (_what, listener, reason) => {
    await using server = await httpServer(listener)
    await using transport = onLoopback()
    await expect(transport.send(call(server.origin))).rejects.toMatchObject({ detail: { code: 'unreachable', reason } })
  })

  it.each([
    'https://10.0.0.1/',
    'https://169.254.169.254/',
    'https://[::1]/',
    'ftp://127.0.0.1/',
    'http://user:pass@127.0.0.1/',
    'http://127.0.0.1/?x',
    'not a url',
  ])('does not connect to %s', async (endpoint) => {
    await using transport = onLoopback()
    await expect(transport.send(call(endpoint))).rejects.toMatchObject({ detail: { code: 'unreachable', endpoint } })
    expect(await transport.binding(endpoint)).toBeUndefined()
  })

  it('does not connect to a name that has a private address', async () => {
    await using transport = onLoopback({ resolve: async () => ['93.184.215.14', '10.0.0.1'] })
    await expect(transport.send(call('https://kernel.example'))).rejects.toMatchObject({
      detail: { code: 'unreachable', reason: expect.stringContaining('10.0.0.1') },
    })
  })

  it('ends what is under way when it is disposed of', async () => {
    const asked = Promise.withResolvers<void>()
    await using server = await httpServer(() => asked.resolve())
    const transport = onLoopback()
    const sent = transport.send(call(server.origin))
    await asked.promise
    await Promise.all([
      expect(sent).rejects.toMatchObject({ detail: { code: 'unreachable', reason: 'this transport is closed' } }),
      transport[Symbol.asyncDispose](),
    ])
  })
})

describe('the channel binding of HTTP', () => {
  it.each(['http://127.0.0.1:7000', 'http://localhost:7000/', 'http://LOCALHOST:7000'])(
    'is local for %s',
    async (endpoint) => {
      await using transport = onLoopback()
      const binding = await transport.binding(endpoint)
      expect(binding).toEqual(localBinding(endpoint))
      expect(binding).toMatchObject({ kind: 'local', value: expect.objectContaining({ length: 32 }) })
    },
  )

  it('is of the origin alone, in lower case', () => {
    const value = localBinding('http://localhost:7000')?.value
    expect(localBinding('http://LocalHost:7000/team-a')?.value).toEqual(value)
    expect(localBinding('http://localhost:7001')?.value).not.toEqual(value)
    expect(localBinding('https://localhost:7000')?.value).not.toEqual(value)
  })

  it.each(['http://10.0.0.1', 'http://kernel.example', 'http://kernel.example:7000'])(
    'does not exist for %s, even where the operator allows the address',
    async (endpoint) => {
      await using transport = httpPeerTransport({ allowPrivate: true })
      expect(await transport.binding(endpoint)).toBeUndefined()
    },
  )
})

describe('the channel binding of HTTPS', () => {
  const now = Date.now() / 1000

  it('is the key of the certificate that is served', async () => {
    const certificate = selfSignedCertificate(now)
    await using server = await httpServer(echo, certificate)
    await using transport = onLoopback({ ca: certificate.cert })
    expect(await transport.binding(server.origin)).toEqual({ kind: 'spki', value: spkiHash(certificate.cert) })
    expect(await transport.send(call(server.origin))).toMatchObject({ status: 200 })
  })

  it('rejects when no certificate can be had', async () => {
    await using server = await httpServer(echo, selfSignedCertificate(now))
    await using transport = onLoopback()
    await expect(transport.binding(server.origin)).rejects.toMatchObject({ detail: { code: 'unreachable' } })
  })

  it('sends nothing over a connection with another key than the one that was bound, until it is bound anew', async () => {
    const [honest, mallory] = [selfSignedCertificate(now), selfSignedCertificate(now)]
    const first = await httpServer(echo, honest)
    const bodies: string[] = []
    await using transport = onLoopback({ ca: honest.cert + mallory.cert, resolve: async () => ['127.0.0.1'] })
    const endpoint = `https://localhost:${first.port}`
    await transport.binding(endpoint)
    await transport.send(call(endpoint))
    await first[Symbol.asyncDispose]()
    // A valid certificate of another key, at the same place.
    await using second = await httpServer(
      (request, response) => {
        request.on('data', (chunk: Buffer) => bodies.push(chunk.toString()))
        response.end()
      },
      mallory,
      { port: first.port },
    )
    await expect(transport.send(call(endpoint, 'secret'))).rejects.toMatchObject({
      detail: { code: 'unreachable', reason: expect.stringContaining('certificate key') },
    })
    expect(bodies).toEqual([])
    expect(second.connections).toBeGreaterThan(0)
    expect(await transport.binding(endpoint)).toEqual({ kind: 'spki', value: spkiHash(mallory.cert) })
    expect(await transport.send(call(endpoint, 'again'))).toMatchObject({ status: 200 })
  })

  it('sends nothing more over connections of the key before, once another key is bound', async () => {
    const [before, after] = [selfSignedCertificate(now), selfSignedCertificate(now)]
    const served: string[] = []
    const serving = (name: string): RequestListener => {
      return (_request, response) => {
        served.push(name)
        response.end()
      }
    }
    await using first = await httpServer(serving('before'), before)
    await using second = await httpServer(serving('after'), after, { port: first.port, host: '127.0.0.2' })
    let address = '127.0.0.1'
    await using transport = onLoopback({ ca: before.cert + after.cert, resolve: async () => [address] })
    const endpoint = `https://localhost:${second.port}`
    await transport.binding(endpoint)
    await transport.send(call(endpoint))
    address = '127.0.0.2'
    expect(await transport.binding(endpoint)).toEqual({ kind: 'spki', value: spkiHash(after.cert) })
    await transport.send(call(endpoint))
    expect(served).toEqual(['before', 'after'])
  })
})
