import { request } from 'node:http'
import { createServer } from 'node:net'
import { gunzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import type { LogAnswers } from './log-answers.ts'
import { logServer } from './log-server.ts'

const body = Buffer.from('entry '.repeat(1000))
const entries = { contentType: 'application/octet-stream', cacheControl: 'immutable', body, entries: true }

const asked: string[] = []
const faults: unknown[] = []
const answers: LogAnswers = {
  async answer(path) {
    asked.push(path)
    if (path === '/broken') throw new Error('the log is damaged')
    if (path === '/busy') return 'busy'
    if (path === '/entries') return entries
    return path === '/hashes' ? { ...entries, entries: false } : undefined
  },
}

const open = () =>
  logServer({
    listen: { host: '127.0.0.1', port: 0 },
    answers,
    onFault: (path, error) => faults.push([path, (error as Error).message]),
  })

/** Without decoding, and with the path as it is. */
function ask(url: string, path: string, init: { method?: string; headers?: Record<string, string> } = {}) {
  const { promise, resolve, reject } = Promise.withResolvers<{
    status: number
    headers: NodeJS.Dict<string | string[]>
    body: Buffer
  }>()
  const sent = request(url, { path, agent: false, ...init }, (response) => {
    const chunks: Buffer[] = []
    response.on('data', (chunk: Buffer) => chunks.push(chunk))
    response.on('end', () =>
      resolve({ status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(chunks) }),
    )
  })
  sent.on('error', reject)
  sent.end()
  return promise
}

describe('the server of logs', () => {
  it('gives what there is, with its type and how long it may be kept', async () => {
    await using server = await open()
    const reply = await ask(server.url, '/hashes')
    expect(reply).toMatchObject({
      status: 200,
      headers: {
        'content-type': 'application/octet-stream',
        'cache-control': 'immutable',
        'x-content-type-options': 'nosniff',
      },
    })
    expect(reply.body.equals(body)).toBe(true)
  })

  it('gives the head of it alone to HEAD', async () => {
    await using server = await open()
    const reply = await ask(server.url, '/hashes', { method: 'HEAD' })
    expect(reply).toMatchObject({ status: 200, headers: { 'content-length': String(body.length) } })
    expect(reply.body).toHaveLength(0)
  })

  it.each(['gzip', 'br, gzip;q=0.5', 'GZIP ; q=1.0'])('compresses entries for %j', async (accepted) => {
    await using server = await open()
    const reply = await ask(server.url, '/entries', { headers: { 'accept-encoding': accepted } })
    expect(reply.headers).toMatchObject({ 'content-encoding': 'gzip', vary: 'accept-encoding' })
    expect(gunzipSync(reply.body).equals(body)).toBe(true)
  })

  it.each([
    ['/entries', ''],
    ['/entries', 'gzip;q=0'],
    ['/entries', 'gzip;q=0.00'],
    ['/entries', 'br'],
    ['/hashes', 'gzip'],
  ])('does not compress %s for %j', async (path, accepted) => {
    await using server = await open()
    const reply = await ask(server.url, path, { headers: { 'accept-encoding': accepted } })
    expect(reply.headers['content-encoding']).toBeUndefined()
    expect(reply.body.equals(body)).toBe(true)
  })

  it.each(['POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS', 'TRACE'])('takes no %s', async (method) => {
    await using server = await open()
    asked.length = 0
    const reply = await ask(server.url, '/hashes', { method })
    expect(reply).toMatchObject({ status: 405, headers: { allow: 'GET, HEAD' } })
    expect(asked).toEqual([])
  })

  it('says what there is not, what is too much, and of what is damaged nothing but that', async () => {
    await using server = await open()
    faults.length = 0
    const status = async (path: string) => {
      const reply = await ask(server.url, path)
      return [reply.status, reply.body.toString(), reply.headers['cache-control']]
    }
    expect(await status('/../../keys')).toEqual([404, '{"code":"not_found"}', 'no-store'])
    expect(await status('/busy')).toEqual([503, '{"code":"busy"}', 'no-store'])
    expect(await status('/broken')).toEqual([500, '{"code":"internal"}', 'no-store'])
    expect(faults).toEqual([['/broken', 'the log is damaged']])
  })

  it('says that the address is taken', async () => {
    const other = createServer()
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve))
    const { port } = other.address() as { port: number }
    const init = { listen: { host: '127.0.0.1', port }, answers, onFault: () => {} }
    await expect(logServer(init)).rejects.toMatchObject({ detail: { code: 'address_in_use' } })
    other.close()
  })
})
