import type { RequestListener } from 'node:http'
import { createServer } from 'node:net'
import { gzipSync } from 'node:zlib'
import { describe, expect, it, vi } from 'vitest'
import { httpServer } from '../testing/http-server.ts'
import { selfSignedCertificate } from '../testing/self-signed-certificate.ts'
import { type GuardedFetchInit, guardedFetch } from './guarded-fetch.ts'

const MAX = 1_000
const onLoopback = (init: Partial<GuardedFetchInit> = {}) => guardedFetch({ allowPrivate: ['127.0.0.0/8'], ...init })
const serving = (status: number, headers: Record<string, string>, body: string | Buffer): RequestListener => {
  return (_request, response) => response.writeHead(status, headers).end(body)
}

describe(guardedFetch, () => {
  it('gets a body with its status and media type', async () => {
    await using server = await httpServer(serving(200, { 'content-type': 'Text/Plain; charset=utf-8' }, 'hello'))
    const fetched = await onLoopback().get(`${server.origin}/x?y=1`, { maxBytes: MAX })
    expect(fetched).toMatchObject({ ok: true, status: 200, contentType: 'text/plain' })
    expect(fetched.ok && Buffer.from(fetched.body).toString()).toBe('hello')
  })

  it('asks for identity encoding and sends nothing that identifies the caller', async () => {
    let seen: object = {}
    await using server = await httpServer((request, response) => {
      seen = request.headers
      response.end('x')
    })
    await onLoopback().get(server.origin, { maxBytes: MAX })
    expect(Object.keys(seen).sort()).toEqual(['accept', 'accept-encoding', 'connection', 'host'])
    expect(seen).toMatchObject({ 'accept-encoding': 'identity' })
  })

  it('posts a body', async () => {
    await using server = await httpServer((request, response) => {
      request.pipe(response.writeHead(201, { 'content-type': request.headers['content-type'] ?? '' }))
    })
    const body = { contentType: 'application/json', bytes: Buffer.from('{}') }
    const fetched = await onLoopback().post(server.origin, body, { maxBytes: MAX })
    expect(fetched).toMatchObject({ ok: true, status: 201, contentType: 'application/json' })
    expect(fetched.ok && Buffer.from(fetched.body).toString()).toBe('{}')
  })

  it('posts headers of the caller, but not in the place of its own', async () => {
    let seen: object = {}
    await using server = await httpServer((request, response) => {
      seen = request.headers
      response.end()
    })
    const headers = { 'webhook-id': 'a', 'accept-encoding': 'gzip', 'content-type': 'text/html' }
    const body = { contentType: 'application/json', bytes: Buffer.from('{}'), headers }
    expect(await onLoopback().post(server.origin, body, { maxBytes: MAX })).toMatchObject({ ok: true })
    expect(seen).toMatchObject({
      'webhook-id': 'a',
      'accept-encoding': 'identity',
      'content-type': 'application/json',
    })
  })

  it('gives back an error status as an answer', async () => {
    await using server = await httpServer(serving(404, {}, 'nothing here'))
    expect(await onLoopback().get(server.origin, { maxBytes: MAX })).toMatchObject({ ok: true, status: 404 })
  })

  it.each([301, 302, 303, 307, 308])('refuses a redirect with status %i and does not follow it', async (status) => {
    let asked = 0
    await using elsewhere = await httpServer((_request, response) => {
      asked++
      response.end('secret')
    })
    await using server = await httpServer(serving(status, { location: elsewhere.origin }, ''))
    expect(await onLoopback().get(server.origin, { maxBytes: MAX })).toMatchObject({ ok: false, code: 'redirected' })
    expect(asked).toBe(0)
  })

  it('refuses a compressed body without unpacking it', async () => {
    const bomb = gzipSync(Buffer.alloc(10_000_000))
    await using server = await httpServer(serving(200, { 'content-encoding': 'gzip' }, bomb))
    expect(await onLoopback().get(server.origin, { maxBytes: 100_000 })).toMatchObject({ ok: false, code: 'malformed' })
  })

  it('refuses a body that says it is too large before reading it', async () => {
    await using server = await httpServer(serving(200, {}, 'x'.repeat(MAX + 1)))
    expect(await onLoopback().get(server.origin, { maxBytes: MAX })).toMatchObject({ ok: false, code: 'too_large' })
  })

  it('takes a body of exactly the bound', async () => {
    await using server = await httpServer(serving(200, {}, 'x'.repeat(MAX)))
    expect(await onLoopback().get(server.origin, { maxBytes: MAX })).toMatchObject({ ok: true })
  })

  it('cuts off a body that has no length and no end', async () => {
    let closed = false
    await using server = await httpServer((_request, response) => {
      const more = () => {
        while (!response.destroyed && response.write('x'.repeat(10_000)));
      }
      response.on('drain', more).on('close', () => {
        closed = true
      })
      more()
    })
    expect(await onLoopback().get(server.origin, { maxBytes: 50_000 })).toMatchObject({ ok: false, code: 'too_large' })
    await expect.poll(() => closed).toBe(true)
  })

  it('refuses a head that has no end', async () => {
    await using server = await httpServer(serving(200, { 'x-long': 'x'.repeat(40_000) }, ''))
    expect(await onLoopback().get(server.origin, { maxBytes: MAX })).toMatchObject({ ok: false, code: 'too_large' })
  })

  it.each([
    ['never answers', () => undefined],
    ['sends one byte and then nothing', (_request, response) => void response.write('x')],
  ] as [string, RequestListener][])('gives up on a server that %s', async (_what, listener) => {
    await using server = await httpServer(listener)
    const fetched = await onLoopback({ totalTimeoutMs: 100 }).get(server.origin, { maxBytes: MAX })
    expect(fetched).toMatchObject({ ok: false, code: 'timeout' })
  })

  it('stops when the caller cancels', async () => {
    const cancel = new AbortController()
    await using server = await httpServer(() => cancel.abort())
    const fetched = await onLoopback().get(server.origin, { maxBytes: MAX, signal: cancel.signal })
    expect(fetched).toMatchObject({ ok: false, code: 'aborted' })
  })

  it('does not begin what was cancelled before', async () => {
    await using server = await httpServer(serving(200, {}, 'x'))
    const fetched = await onLoopback().get(server.origin, { maxBytes: MAX, signal: AbortSignal.abort() })
    expect(fetched).toMatchObject({ ok: false, code: 'aborted' })
    expect(server.connections).toBe(0)
  })

  it('says that nothing listens', async () => {
    const server = await httpServer(serving(200, {}, 'x'))
    await server[Symbol.asyncDispose]()
    const fetched = await onLoopback().get(server.origin, { maxBytes: MAX })
    expect(fetched).toEqual({ ok: false, code: 'unreachable', reason: 'nothing listens there' })
  })

  it('refuses an answer that is not HTTP', async () => {
    const server = createServer((socket) => socket.on('error', () => undefined).end('SSH-2.0-OpenSSH_9.9\r\n'))
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const address = server.address()
    const port = typeof address === 'object' ? address?.port : undefined
    expect(await onLoopback().get(`http://127.0.0.1:${port}/`, { maxBytes: MAX })).toMatchObject({
      ok: false,
      code: 'malformed',
    })
    server.close()
  })

  it('uses no proxy from the environment', async () => {
    await using server = await httpServer(serving(200, {}, 'direct'))
    for (const name of ['HTTP_PROXY', 'http_proxy', 'ALL_PROXY']) vi.stubEnv(name, 'http://127.0.0.1:1')
    vi.stubEnv('NODE_USE_ENV_PROXY', '1')
    const fetched = await onLoopback().get(server.origin, { maxBytes: MAX })
    vi.unstubAllEnvs()
    expect(fetched).toMatchObject({ ok: true, status: 200 })
  })
})

describe('guardedFetch and names', () => {
  const named = selfSignedCertificate(Date.now() / 1000, ['kernel.example'])
  const resolving = (...addresses: string[]) => ({ resolve: async () => addresses })

  it('connects to the address that was judged, under the name that was asked', async () => {
    let host: string | undefined
    await using server = await httpServer((request, response) => {
      host = request.headers.host
      response.end('x')
    }, named)
    const fetched = await onLoopback({ ca: named.cert, ...resolving('127.0.0.1') }).get(
      `https://kernel.example:${server.port}/`,
      { maxBytes: MAX },
    )
    expect(fetched).toMatchObject({ ok: true })
    expect(host).toBe(`kernel.example:${server.port}`)
  })

  it.each([
    ['a private address', ['10.0.0.1']],
    ['loopback', ['127.0.0.1']],
    ['loopback in IPv6', ['::1']],
    ['loopback inside IPv6', ['::ffff:127.0.0.1']],
    ['loopback behind NAT64', ['64:ff9b::7f00:1']],
    ['a metadata service', ['169.254.169.254']],
    ['a public and a private address', ['93.184.215.14', '10.0.0.1']],
    ['a public IPv4 and a private IPv6 address', ['93.184.215.14', 'fd00::1']],
    ['shared address space', ['100.64.1.1']],
  ])('refuses a name that has %s, without connecting', async (_what, addresses) => {
    const fetched = await guardedFetch({ allowPrivate: false, ...resolving(...addresses) }).get(
      'https://kernel.example/',
      { maxBytes: MAX },
    )
    expect(fetched).toMatchObject({
      ok: false,
      code: 'address_refused',
      reason: expect.stringContaining('kernel.example'),
    })
  })

  it('asks the name server once per connection, so that a second answer changes nothing', async () => {
    await using server = await httpServer(serving(200, {}, 'x'), named)
    const answers = [['127.0.0.1'], ['169.254.169.254']]
    const fetched = await onLoopback({ ca: named.cert, resolve: async () => answers.shift() ?? [] }).get(
      `https://kernel.example:${server.port}/`,
      { maxBytes: MAX },
    )
    expect(fetched).toMatchObject({ ok: true })
    expect(answers).toHaveLength(1)
  })

  it('refuses an unusual port at a public address', async () => {
    const fetched = await onLoopback(resolving('93.184.215.14')).get('https://kernel.example:9443/', { maxBytes: MAX })
    expect(fetched).toMatchObject({ ok: false, code: 'address_refused' })
  })

  it('refuses plain HTTP to another machine before it resolves the name', async () => {
    const fetched = await onLoopback({ resolve: () => Promise.reject(new Error('asked')) }).get(
      'http://kernel.example/',
      { maxBytes: MAX },
    )
    expect(fetched).toMatchObject({ ok: false, code: 'url_refused', reason: expect.stringContaining('use https') })
  })

  it('refuses localhost that is somewhere else', async () => {
    const fetched = await guardedFetch({ allowPrivate: true, ...resolving('10.0.0.9') }).get('http://localhost:81/', {
      maxBytes: MAX,
    })
    expect(fetched).toMatchObject({
      ok: false,
      code: 'address_refused',
      reason: expect.stringContaining('not this machine'),
    })
  })

  it('says that a name does not resolve', async () => {
    const resolve = () => Promise.reject(Object.assign(new Error('no'), { code: 'ENOTFOUND' }))
    const fetched = await onLoopback({ resolve }).get('https://nowhere.example/', { maxBytes: MAX })
    expect(fetched).toEqual({ ok: false, code: 'unreachable', reason: 'the name does not resolve' })
  })

  it('reaches an HTTPS server whose certificate its roots sign, and no other', async () => {
    const certificate = selfSignedCertificate(Date.now() / 1000, ['kernel.example'])
    await using server = await httpServer(serving(200, {}, 'x'), certificate)
    const url = `https://kernel.example:${server.port}/`
    const trusting = onLoopback({ ...resolving('127.0.0.1'), ca: certificate.cert })
    expect(await trusting.get(url, { maxBytes: MAX })).toMatchObject({ ok: true, status: 200 })
    expect(await onLoopback(resolving('127.0.0.1')).get(url, { maxBytes: MAX })).toMatchObject({
      ok: false,
      code: 'unreachable',
    })
    const elsewhere = `https://other.example:${server.port}/`
    expect(await trusting.get(elsewhere, { maxBytes: MAX })).toMatchObject({ ok: false, code: 'unreachable' })
  })
})
