import { once } from 'node:events'
import { type AddressInfo, connect } from 'node:net'
import { gzipSync } from 'node:zlib'
import { errorBodySchema, registryRoutes, registryStreams, silentLogger } from '@hansa/protocols'
import { StorageError } from '@hansa/storage'
import { bob } from '@hansa/trust/testing'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { registryEvents } from '../events.ts'
import { senderBehind } from '../limits/sender.ts'
import { tokenBuckets } from '../limits/token-buckets.ts'
import type { RegistryLog } from '../log/registry-log.ts'
import { asker, manifestOf, refused, testRegistry } from '../testing/test-registry.ts'
import type { Handlers } from './handlers.ts'
import { registryServer } from './server.ts'

const PATH = registryRoutes.register.path

let registry: Awaited<ReturnType<typeof testRegistry>>
beforeEach(async () => {
  registry = await testRegistry()
})
afterEach(() => registry.registry.close())

/** Sends text as it is, and reads until the other side closes. */
async function raw(text: string): Promise<string> {
  const socket = connect(Number(new URL(registry.registry.url).port), '127.0.0.1')
  let reply = ''
  socket.setEncoding('utf8').on('data', (chunk: string) => {
    reply += chunk
  })
  socket.on('error', () => {})
  socket.write(text)
  await once(socket, 'close')
  return reply
}

describe('a body', () => {
  it.each([
    ['nothing', ''],
    ['no JSON', '{"manifest": '],
    ['JSON and more', '{"manifest":"a.b.c"} {}'],
    ['no object', '"a.b.c"'],
    ['null', 'null'],
    ['another type', '{"manifest": 7}'],
    ['a name given twice', '{"manifest":"a.b.c","manifest":"d.e.f"}'],
    ['a name that reaches a prototype', '{"manifest":"a.b.c","__proto__":{"ok":true}}'],
    ['brackets without end', `{"manifest":${'['.repeat(5000)}`],
    ['bytes that are no UTF-8', Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d])],
    ['too many bytes', JSON.stringify({ manifest: 'x'.repeat(263_168) })],
  ])('of %s is an invalid request', async (_what, body) => {
    const reply = await registry.ask.send('POST', PATH, { body })
    expect(reply).toEqual(refused(400, 'invalid_request'))
    expect(errorBodySchema.parse(reply.body).denial_id).toEqual(registry.log.at(-1)?.fields.denialId)
  })

  it('of a statement is bounded more tightly than one of a manifest', async () => {
    const body = JSON.stringify({ statement: 'x'.repeat(10_000) })
    const reply = await registry.ask.send('POST', registryRoutes.renew.path, { body })
    expect(reply).toEqual(refused(400, 'invalid_request'))
    expect(registry.log.at(-1)?.fields.reason).toBe('too_large')
  })

  it('in chunks is counted as it comes, and never read to its end', async () => {
    const chunk = `10000\r\n${'x'.repeat(0x10000)}\r\n`
    const reply = await raw(
      `POST ${PATH} HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n${chunk.repeat(5)}`,
    )
    expect(reply).toMatch(/^HTTP\/1.1 400 [\s\S]*connection: close[\s\S]*"invalid_request"/i)
    expect(registry.log.at(-1)?.fields.reason).toBe('too_large')
  })

  it('that is announced too large is not waited for', async () => {
    const reply = await raw(
      `POST ${PATH} HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 99999999\r\n\r\n{`,
    )
    expect(reply).toMatch(/^HTTP\/1.1 400 /)
  })

  it.each([
    ['form data', { 'content-type': 'application/x-www-form-urlencoded' }],
    ['plain text, as a page of another site may send it', { 'content-type': 'text/plain' }],
    ['something compressed', { 'content-encoding': 'gzip' }],
  ])('of %s is not looked at', async (_what, headers) => {
    const text = JSON.stringify({ manifest: manifestOf(bob) })
    const body = 'content-encoding' in headers ? gzipSync(text) : text
    const reply = await registry.ask.send('POST', PATH, { body, headers })
    expect(reply).toEqual(refused(400, 'invalid_request'))
    expect((await registry.ask.health()).body.listings).toBe(0)
  })
})

describe('a request', () => {
  it.each([
    ['GET', '/', 404, 'not_found'],
    ['GET', '/hansa/registry/v1', 404, 'not_found'],
    ['GET', '/hansa/registry/v1/manifests/', 404, 'not_found'],
    ['GET', '/hansa/registry/v1/manifests/../../../etc/passwd', 404, 'not_found'],
    ['POST', '/health', 501, 'unsupported'],
    ['DELETE', PATH, 501, 'unsupported'],
    ['GET', registryRoutes.renew.path, 501, 'unsupported'],
  ])('%s %s is answered %i %s', async (method, path, status, code) => {
    expect(await registry.ask.send(method, path)).toEqual({ status, body: { code } })
  })

  it('with headers beyond the bound is refused with a code', async () => {
    const reply = await raw(`GET /health HTTP/1.1\r\nhost: x\r\nx-long: ${'x'.repeat(20_000)}\r\n\r\n`)
    expect(reply).toMatch(/^HTTP\/1.1 400 [\s\S]*\{"code":"invalid_request"\}$/)
  })

  it('that is no HTTP is refused with a code', async () => {
    expect(await raw('HELLO\r\n\r\n')).toMatch(/\{"code":"invalid_request"\}$/)
  })

  it('is answered as JSON that nobody keeps or guesses the type of', async () => {
    const reply = await raw('GET /health HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n')
    expect(reply).toMatch(/content-type: application\/json/)
    expect(reply).toMatch(/cache-control: no-store/)
    expect(reply).toMatch(/x-content-type-options: nosniff/)
  })

  it('that reads is answered also when its sender may write no more', async () => {
    await using strict = await testRegistry({ writes: { burst: 1, perSecond: 1 } })
    await strict.ask.register(manifestOf(bob))
    expect(await strict.ask.register(manifestOf(bob))).toEqual(refused(429, 'rate_limited'))
    expect((await strict.ask.get(bob.did)).status).toBe(200)
  })

  it.each([
    ['for whom a trusted proxy names', ['127.0.0.0/8'], 200],
    ['for its connection, whatever it says, when nobody is trusted', [], 429],
  ])('counts %s', async (_whom, trustProxy, second) => {
    await using strict = await testRegistry({ trustProxy, writes: { burst: 1, perSecond: 0 } })
    const register = async (sender: string) => {
      const body = JSON.stringify({ manifest: manifestOf(bob) })
      const headers = { 'content-type': 'application/json', 'x-forwarded-for': sender }
      return (await strict.ask.send('POST', registryRoutes.register.path, { body, headers })).status
    }
    expect([await register('198.51.100.1'), await register('198.51.100.2')]).toEqual([200, second])
    expect(await register('203.0.113.9, 198.51.100.1')).toBe(429)
  })

  it('that only reads leaves no line in the log, however wrong it is', async () => {
    const before = registry.log.length
    await registry.ask.send('GET', '/nowhere')
    await registry.ask.list({ limit: 'x' })
    expect(registry.log).toHaveLength(before)
  })
})

describe('a handler that fails', () => {
  const failing = (error: Error): Handlers => {
    const fail = () => Promise.reject(error)
    const names = Object.keys(registryRoutes) as (keyof Handlers)[]
    return Object.fromEntries(names.map((name) => [name, fail])) as unknown as Handlers
  }

  it.each([
    ['internal', 500, new TypeError('secret of the inside')],
    ['internal', 500, new StorageError({ code: 'database_failed', location: '/secret', engineCode: 'SQLITE_FULL' })],
    ['busy', 503, new StorageError({ code: 'database_unreachable', location: '/secret' })],
    ['busy', 503, new StorageError({ code: 'statement_timeout' })],
  ])('is answered %s without a word of why', async (code, status, error) => {
    const { server, serve } = registryServer()
    const failures: unknown[] = []
    serve({
      handlers: failing(error),
      events: { ...registryEvents(silentLogger), failed: (_doing, cause) => failures.push(cause) },
      writes: tokenBuckets({ burst: 9, perSecond: 9 }),
      sender: senderBehind([]),
      now: () => 0,
      turnedAway: () => {},
      answered: () => {},
      streams: {
        metrics: { text: () => Promise.reject(error), answered: () => {}, rateLimited: () => {} },
        log: { checkpoint: () => Promise.reject(error) } as unknown as RegistryLog,
        watchers: { serve: () => Promise.reject(error), readers: 0, close: () => {} },
      },
    })
    await once(server.listen(0, '127.0.0.1'), 'listening')
    const ask = asker(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)
    expect(await ask.health()).toEqual({ status, body: { code } })
    expect(await ask.list()).toEqual({ status, body: { code } })
    expect(await ask.send('GET', registryStreams.watch.path)).toEqual({ status, body: { code } })
    expect(await ask.send('GET', `${registryStreams.log.path}checkpoint`)).toEqual({ status, body: { code } })
    expect(failures).toEqual([error, error, error, error])
    server.close()
    server.closeAllConnections()
  })

  it('that is not there yet is answered busy', async () => {
    const { server } = registryServer()
    await once(server.listen(0, '127.0.0.1'), 'listening')
    const ask = asker(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)
    expect(await ask.health()).toEqual({ status: 503, body: { code: 'busy' } })
    server.close()
    server.closeAllConnections()
  })
})
