import { once } from 'node:events'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, expect, it } from 'vitest'
import { guardedStream } from './guarded-stream.ts'

async function served(answer: (response: ServerResponse) => void) {
  const server = createServer((_request, response) => answer(response))
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}/watch`,
    server,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

const stream = guardedStream({ allowPrivate: true })
const bounds = () => ({ idleMs: 5_000, signal: new AbortController().signal })

describe(guardedStream, () => {
  it('hands on what comes, until the end', async () => {
    await using site = await served((response) => {
      response.writeHead(200, { 'content-type': 'Text/Event-Stream; charset=utf-8' })
      response.write('one')
      response.end('two')
    })
    const streamed = await stream(site.url, bounds())
    if (!streamed.ok) throw new Error(streamed.reason)
    expect(streamed).toMatchObject({ status: 200, contentType: 'text/event-stream' })
    let text = ''
    for await (const chunk of streamed.chunks) text += Buffer.from(chunk).toString()
    expect(text).toBe('onetwo')
  })

  it('ends with the signal, and lets go of the connection', async () => {
    const ending = new AbortController()
    await using site = await served((response) => {
      response.writeHead(200)
      response.write('x')
      response.once('close', () => site.server.emit('gone'))
    })
    const gone = once(site.server, 'gone')
    const streamed = await stream(site.url, { ...bounds(), signal: ending.signal })
    if (!streamed.ok) throw new Error(streamed.reason)
    const read = (async () => {
      for await (const chunk of streamed.chunks) if (chunk.length > 0) ending.abort()
    })()
    await expect(read).rejects.toThrow()
    await gone
  })

  it('notices that nothing comes any more', async () => {
    await using site = await served((response) => {
      response.writeHead(200)
      response.write('x')
    })
    const streamed = await stream(site.url, { ...bounds(), idleMs: 20 })
    if (!streamed.ok) throw new Error(streamed.reason)
    const read = (async () => {
      for await (const _chunk of streamed.chunks);
    })()
    await expect(read).rejects.toThrow()
  })

  it.each([
    ['a redirect', 302, { location: 'http://127.0.0.1/' }, 'redirected'],
    ['what is compressed', 200, { 'content-encoding': 'gzip' }, 'malformed'],
  ] as const)('refuses %s', async (_what, status, headers, code) => {
    await using site = await served((response) => response.writeHead(status, headers).end('x'))
    expect(await stream(site.url, bounds())).toMatchObject({ ok: false, code })
  })

  it.each([
    'http://127.0.0.1:1/',
    'http://localhost:1/',
    'https://169.254.169.254/',
    'https://[::1]/',
    'file:///etc/passwd',
  ])('does not connect to %s unless an operator has allowed it', async (url) => {
    const strict = guardedStream({ allowPrivate: false })
    const streamed = await strict(url, bounds())
    expect(streamed).toMatchObject({ ok: false })
    expect(['url_refused', 'address_refused']).toContain(streamed.ok ? '' : streamed.code)
  })
})
