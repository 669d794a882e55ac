/** Two kernels in one process over real sockets: which way their calls go. */
import { createServer, request as httpRequest } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { type CapabilityDefinition, silentLogger, WS_ENDPOINT_PROTO } from '@hansa/protocols'
import { describe, expect, it } from 'vitest'
import { createKernel, type EmbeddedKernelInit } from '../create-kernel.ts'

const rule = (subject: string, resource: string) => `
rules:
  - { id: all, effect: allow, subject: "${subject}", action: invoke, resource: "${resource}" }
`
const echo: CapabilityDefinition = {
  ...{ id: 'test.echo', title: 'Echo', description: 'Gives back what it is given.', safety: 'READ' },
  input: { type: 'object' },
  output: { type: 'object' },
}

async function twoKernels(ofB: Partial<EmbeddedKernelInit> = {}, ofA: Partial<EmbeddedKernelInit> = {}) {
  await using stack = new AsyncDisposableStack()
  const lines: [string, unknown][] = []
  const logger = { ...silentLogger, info: (event: string, fields: unknown) => void lines.push([event, fields]) }
  const listen = { host: '127.0.0.1', port: 0 }
  const common = { allowPrivate: true, listen } as const
  const a = stack.use(
    await createKernel({ ...common, logger, policy: [{ name: 'a', text: rule('*', 'b/*') }], ...ofA }),
  )
  const b = stack.use(
    await createKernel({
      ...{ ...common, peers: [{ did: a.did, alias: 'a' }], policy: [{ name: 'b', text: rule('peer:a', '*') }] },
      ...ofB,
    }),
  )
  await b.register(echo, (args) => args)
  const meet = async (url: string) => {
    const { peers } = await a.discoverPeers({ peerUrls: [url] })
    const [peer] = peers
    if (peer === undefined) throw new Error('b was not found')
    await a.importRemote({ manifest: peer.signed, as: 'b' })
  }
  const held = stack.move()
  return { a, b, lines, meet, [Symbol.asyncDispose]: () => held.disposeAsync() }
}

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}

/** A proxy on this machine that passes requests on, and upgrades only if it is told to. */
async function proxyTo(target: string, passesUpgrades: boolean) {
  const asked = { requests: [] as string[], upgrades: 0 }
  const server = createServer((incoming, outgoing) => {
    asked.requests.push(incoming.url ?? '')
    const { method = 'GET', headers } = incoming
    const { connection: _, upgrade: __, ...rest } = headers
    const onward = httpRequest(target + incoming.url, { method, headers: rest }, (reply) => {
      outgoing.writeHead(reply.statusCode ?? 502, reply.headers)
      reply.pipe(outgoing)
    })
    onward.on('error', () => outgoing.destroy())
    incoming.pipe(onward)
  })
  if (passesUpgrades)
    server.on('upgrade', (incoming, socket, head) => {
      asked.upgrades++
      const onward = httpRequest(target + incoming.url, { headers: incoming.headers })
      onward.on('error', () => socket.destroy())
      onward.on('upgrade', (reply, other) => {
        const raw = reply.rawHeaders.flatMap((text, at) =>
          at % 2 === 0 ? [`${text}: ${reply.rawHeaders[at + 1]}`] : [],
        )
        socket.write(`HTTP/1.1 101 Switching Protocols\r\n${raw.join('\r\n')}\r\n\r\n`)
        other.write(head)
        other.pipe(socket).pipe(other)
        for (const end of [socket, other]) end.on('error', () => end.destroy())
      })
      onward.end()
    })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const sockets = new Set<Socket>()
  server.on('connection', (socket) => sockets.add(socket))
  const close = async () => {
    for (const socket of sockets) socket.destroy()
    await new Promise((resolve) => server.close(resolve))
  }
  return { ...{ asked, url }, [Symbol.asyncDispose]: close }
}

const call = (kernel: Awaited<ReturnType<typeof createKernel>>, n: number) => kernel.invoke('b/test.echo', { n })

describe('two kernels', () => {
  it('advertise where sessions are opened, beside HTTP', async () => {
    await using both = await twoKernels()
    const { manifest } = await both.b.advertise()
    const url = both.b.endpoint ?? ''
    expect(manifest.endpoints).toEqual([
      { proto: 'hansa-http/1', url },
      { proto: WS_ENDPOINT_PROTO, url: `${url.replace('http', 'ws')}/hansa/v1/session` },
    ])
  })

  it('say everything over one channel once they know each other', async () => {
    const listen = { host: '127.0.0.1', port: await freePort() }
    await using proxy = await proxyTo(`http://127.0.0.1:${listen.port}`, true)
    await using both = await twoKernels({ listen, publicUrl: proxy.url })
    await both.meet(proxy.url)
    const before = proxy.asked.requests.length
    for (let n = 0; n < 20; n++) expect(await call(both.a, n)).toMatchObject({ value: { n } })
    const many = await Promise.all(Array.from({ length: 8 }, (_, n) => call(both.a, n)))
    expect(many.map(({ value }) => value)).toEqual(many.map((_, n) => ({ n })))
    const sessionPaths = ['/hansa/v1/handshake', '/hansa/v1/call', '/hansa/v1/acks']
    const singly = proxy.asked.requests.slice(before)
    expect(singly.filter((path) => sessionPaths.some((one) => path.startsWith(one)))).toEqual([])
    expect(proxy.asked.upgrades).toBe(1)
  })

  it('go on with single requests where a proxy lets no upgrade through, and say so once', async () => {
    const listen = { host: '127.0.0.1', port: await freePort() }
    await using proxy = await proxyTo(`http://127.0.0.1:${listen.port}`, false)
    await using both = await twoKernels({ listen, publicUrl: proxy.url })
    await both.meet(proxy.url)
    for (let n = 0; n < 5; n++) expect(await call(both.a, n)).toMatchObject({ value: { n } })
    const told = both.lines.filter(([event]) => event === 'session.not_opened')
    expect(told).toEqual([['session.not_opened', { peer: both.b.did, reason: expect.stringContaining('404') }]])
  })

  it.each<[string, Partial<EmbeddedKernelInit>, Partial<EmbeddedKernelInit>]>([
    ['the serving', { webSocket: false }, {}],
    ['the calling', {}, { webSocket: false }],
  ])('use single requests when %s one has no WebSockets', async (_which, ofB, ofA) => {
    await using both = await twoKernels(ofB, ofA)
    await both.meet(both.b.endpoint ?? '')
    expect(await call(both.a, 1)).toMatchObject({ value: { n: 1 } })
    expect(both.lines.filter(([event]) => event === 'session.not_opened')).toEqual([])
  })

  it.each<[string, (both: Awaited<ReturnType<typeof twoKernels>>) => Promise<unknown>]>([
    ['removes it', ({ a }) => a.removePeer('b', 'person:olga')],
    ['revokes it', ({ a, b }) => a.revoke({ kind: 'peer', what: b.did, reason: 'it is gone', by: 'person:olga' })],
  ])('have no channel any more when one of them %s', async (_how, end) => {
    await using both = await twoKernels()
    await both.meet(both.b.endpoint ?? '')
    await call(both.a, 1)
    expect(both.a.meshFigures.channels).toEqual({ opened: 1, taken: 0 })
    await end(both)
    await expect.poll(() => both.a.meshFigures.channels, { timeout: 10_000 }).toEqual({ opened: 0, taken: 0 })
  })
})
