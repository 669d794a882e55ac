import { connect, type Socket } from 'node:net'
import { exchangePaths, type InboundRequest, MAX_CALL_BYTES, silentLogger } from '@hansa/protocols'
import { manualClock } from '@hansa/protocols/testing'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type HttpGateway, httpGateway } from './http-gateway.ts'

const { manifest, manifestAlias, call, hello } = exchangePaths

let gateway: HttpGateway
let handled: InboundRequest[]
const sockets: Socket[] = []

async function listen(advertised = (url: string) => url): Promise<void> {
  gateway = await httpGateway(
    { host: '127.0.0.1', port: 0 },
    { clock: manualClock(), logger: silentLogger, advertised: (url) => ({ url: advertised(url) }) },
  )
  handled = []
  gateway.attach({
    handle: async (request) => {
      handled.push(request)
      return { status: 200, contentType: 'text/plain', body: Buffer.from(`${request.method} ${request.path}`) }
    },
  })
}

beforeEach(() => listen())

afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy()
  await gateway.close()
})

/** Everything that comes back for the bytes until the other side ends, or `until` is in it. */
function raw(bytes: string | Buffer, until?: string): Promise<string> {
  const socket = connect(Number(new URL(gateway.url).port), '127.0.0.1')
  sockets.push(socket)
  let text = ''
  const { promise, resolve } = Promise.withResolvers<string>()
  socket.on('data', (data) => {
    text += data.toString('latin1')
    if (until !== undefined && text.includes(until)) resolve(text)
  })
  // A cut connection is an answer too.
  socket.on('error', () => resolve(text))
  socket.on('close', () => resolve(text))
  socket.write(bytes)
  return promise
}

const request = (line: string, headers: string[] = [], body = '') =>
  `${line} HTTP/1.1\r\n${['host: x', ...headers].join('\r\n')}\r\n\r\n${body}`
const statusOf = (text: string) => Number(/^HTTP\/1\.1 (\d+)/.exec(text)?.[1] ?? 0)
const codeOf = (text: string) => /"code":"(\w+)"/.exec(text)?.[1]

describe('a request', () => {
  it('reaches the kernel with path, method, body and source', async () => {
    const text = await raw(request(`POST ${call}`, ['content-length: 3', 'connection: close'], 'abc'))
    expect(statusOf(text)).toBe(200)
    expect(handled).toMatchObject([{ method: 'POST', path: call, source: '127.0.0.1' }])
    expect(Buffer.from(handled[0]?.body ?? []).toString()).toBe('abc')
  })

  it.each([manifest, manifestAlias, `${manifest}?a=b`])('finds the manifest at %s', async (path) => {
    expect(statusOf(await raw(request(`GET ${path}`, ['connection: close'])))).toBe(200)
    expect(handled[0]?.path).toBe(path.split('?')[0])
  })

  it.each(['PUT', 'DELETE', 'PATCH', 'HEAD', 'OPTIONS', 'TRACE'])('by %s is not one by POST', async (method) => {
    const text = await raw(request(`${method} ${call}`, ['content-length: 0', 'connection: close']))
    expect(statusOf(text)).toBe(400)
    expect(handled).toEqual([])
  })

  it.each([
    `/hansa/v1/../v1/call`,
    `/hansa//v1/call`,
    `/hansa/v1/call/`,
    `/hansa/v1/%63all`,
    `/HANSA/v1/call`,
    `http://x/hansa/v1/call`,
    '//hansa/v1/call',
    '/__proto__',
    '/constructor',
  ])('for %s is passed on as it is written, with no room for a body', async (path) => {
    await raw(request(`POST ${path}`, ['content-length: 1', 'connection: close'], 'x'))
    expect(handled).toEqual([])
    await raw(request(`POST ${path}`, ['content-length: 0', 'connection: close']))
    expect(handled).toMatchObject([{ path }])
  })

  it('before the kernel is there is answered as busy', async () => {
    await gateway.close()
    gateway = await httpGateway(
      { host: '127.0.0.1', port: 0 },
      { clock: manualClock(), logger: silentLogger, advertised: (url) => ({ url }) },
    )
    const text = await raw(request(`GET ${manifest}`, ['connection: close']))
    expect([statusOf(text), codeOf(text)]).toEqual([503, 'busy'])
  })

  it('never gets the text of what the kernel threw', async () => {
    gateway.attach({
      handle: async () => {
        throw new Error('at db-7.internal')
      },
    })
    expect(await raw(request(`GET ${manifest}`))).toBe('')
  })

  it('that follows another on one connection gets its own answer, in order', async () => {
    const two = request(`GET ${manifest}`) + request(`GET ${manifestAlias}`, ['connection: close'])
    const text = await raw(two)
    expect(text.indexOf(`GET ${manifest}`)).toBeGreaterThan(0)
    expect(text.indexOf(`GET ${manifestAlias}`)).toBeGreaterThan(text.indexOf(`GET ${manifest}`))
  })
})

describe('a body', () => {
  it('announced as too large is refused unread, and the connection ends', async () => {
    const text = await raw(request(`POST ${call}`, [`content-length: ${MAX_CALL_BYTES + 1}`]))
    expect([statusOf(text), codeOf(text)]).toEqual([400, 'invalid_request'])
    expect(text.toLowerCase()).toContain('connection: close')
    expect(handled).toEqual([])
  })

  it('that grows too large in chunks is cut off', async () => {
    const chunk = `${(65_536).toString(16)}\r\n${'x'.repeat(65_536)}\r\n`
    const text = await raw(request(`POST ${hello}`, ['transfer-encoding: chunked'], chunk + chunk))
    expect([0, 400]).toContain(statusOf(text))
    expect(handled).toEqual([])
  })

  it('of exactly the limit is taken', async () => {
    const body = 'x'.repeat(65_536)
    const text = await raw(request(`POST ${hello}`, [`content-length: ${body.length}`, 'connection: close'], body))
    expect(statusOf(text)).toBe(200)
  })

  it.each(['gzip', 'br', 'deflate', 'identity, gzip'])('in the encoding %s is refused', async (encoding) => {
    const headers = [`content-encoding: ${encoding}`, 'content-length: 3']
    expect(codeOf(await raw(request(`POST ${call}`, headers, 'abc')))).toBe('invalid_request')
    expect(handled).toEqual([])
  })

  it('of two lengths, or of a length and chunks, is no request', async () => {
    const lengths = await raw(request(`POST ${call}`, ['content-length: 3', 'content-length: 4'], 'abcd'))
    const both = await raw(request(`POST ${call}`, ['content-length: 3', 'transfer-encoding: chunked'], '0\r\n\r\n'))
    expect([statusOf(lengths), statusOf(both)]).toEqual([400, 400])
    expect(handled).toEqual([])
  })

  it('that never comes does not reach the kernel', async () => {
    const text = raw(request(`POST ${call}`, ['content-length: 10', 'expect: 100-continue']), '100 Continue')
    expect(statusOf(await text)).toBe(100)
    expect(handled).toEqual([])
  })
})

describe('headers', () => {
  it('of more than 16 KiB are refused', async () => {
    const text = await raw(request(`GET ${manifest}`, [`x-long: ${'x'.repeat(17_000)}`]))
    expect(statusOf(text)).toBe(431)
    expect(handled).toEqual([])
  })

  it('hand the authorization on as it is', async () => {
    await raw(request(`POST ${call}`, ['authorization: Hansa x', 'content-length: 0', 'connection: close']))
    expect(handled[0]?.authorization).toBe('Hansa x')
  })
})

describe('the channel', () => {
  const bindingFor = async (headers: string[]) => {
    await raw(request(`POST ${call}`, [...headers, 'content-length: 0', 'connection: close']))
    return handled.at(-1)?.binding
  }

  it('over loopback can carry a session', async () => {
    expect(await bindingFor([])).toMatchObject({ kind: 'local' })
  })

  it.each([
    'x-forwarded-for: 203.0.113.9',
    'X-Forwarded-Host: evil.example',
    'x-forwarded-port: 443',
    'x-forwarded: for=1',
    'forwarded: for=203.0.113.9',
    'via: 1.1 proxy',
    'x-real-ip: 203.0.113.9',
    'cf-connecting-ip: 203.0.113.9',
    'true-client-ip: 203.0.113.9',
  ])('cannot when a proxy stands between: %s', async (header) => {
    expect(await bindingFor([header])).toBeUndefined()
  })

  it.each([
    ['advertises another address than loopback', '127.0.0.1', 'http://198.51.100.7:80'],
    ['listens on every address', '0.0.0.0', 'http://127.0.0.1:80'],
  ])('is not opened without TLS for a node that %s', async (_what, host, advertised) => {
    const listening = httpGateway(
      { host, port: 0 },
      { clock: manualClock(), logger: silentLogger, advertised: () => ({ url: advertised }) },
    )
    await expect(listening).rejects.toMatchObject({ detail: { code: 'plain_http_off_host' } })
  })

  it('behind a TLS proxy is bound to any of the keys that the proxy may show', async () => {
    await gateway.close()
    const spki = [Buffer.alloc(32, 1), Buffer.alloc(32, 2)]
    gateway = await httpGateway(
      { host: '127.0.0.1', port: 0 },
      { clock: manualClock(), logger: silentLogger, advertised: () => ({ url: 'https://kernel.example', spki }) },
    )
    gateway.attach({
      handle: async (request) => {
        handled.push(request)
        return { status: 200, contentType: 'text/plain', body: Buffer.from('ok') }
      },
    })
    expect(await bindingFor(['x-forwarded-for: 203.0.113.9'])).toEqual({
      kind: 'spki',
      value: spki[0],
      others: [spki[1]],
    })
  })
})

describe('closing', () => {
  it('answers what is running, and then ends', async () => {
    const [arrived, gate] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
    gateway.attach({
      handle: async () => {
        arrived.resolve()
        await gate.promise
        return { status: 200, contentType: 'text/plain', body: Buffer.from('done') }
      },
    })
    const running = raw(request(`GET ${manifest}`))
    await arrived.promise
    const closed = gateway.close()
    gate.resolve()
    expect(await running).toContain('done')
    await closed
  })
  it('waits for nobody who has connected and asked for nothing', async () => {
    const silent = raw('GET /')
    // Answered on a later connection, so the first one was accepted.
    await raw(request(`GET ${manifest}`, ['connection: close']))
    await gateway.close()
    expect(await silent).toBe('')
  })
})

describe('bodies that fill the memory', () => {
  it('are refused as busy, and there is room again when the others are answered', async () => {
    await gateway.close()
    gateway = await httpGateway(
      { host: '127.0.0.1', port: 0, maxBodyMemory: 1_000 },
      { clock: manualClock(), logger: silentLogger, advertised: (url) => ({ url }) },
    )
    const reached = Promise.withResolvers<void>()
    const gate = Promise.withResolvers<void>()
    gateway.attach({
      handle: async () => {
        reached.resolve()
        await gate.promise
        return { status: 200, contentType: 'text/plain', body: Buffer.from('done') }
      },
    })
    const post = (size: number) =>
      raw(request(`POST ${call}`, [`content-length: ${size}`, 'connection: close'], 'x'.repeat(size)))
    const first = post(800)
    await reached.promise
    const second = await post(300)
    expect([statusOf(second), codeOf(second)]).toEqual([503, 'busy'])
    gate.resolve()
    expect(await first).toContain('done')
    expect(await post(800)).toContain('done')
  })
})
