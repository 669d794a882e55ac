/** Two kernels in one process whose sessions go over their libp2p hosts. */
import { createServer, request as httpRequest } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type CapabilityDefinition, LIBP2P_ENDPOINT_PROTO } from '@hansa/protocols'
import { expect, it } from 'vitest'
import { createKernel } from '../create-kernel.ts'

const rule = (subject: string, resource: string) => `
rules:
  - { id: all, effect: allow, subject: "${subject}", action: invoke, resource: "${resource}" }
`
const echo: CapabilityDefinition = {
  ...{ id: 'test.echo', title: 'Echo', description: 'Gives back what it is given.', safety: 'READ' },
  input: { type: 'object' },
  output: { type: 'object' },
}
const host = {
  listen: ['/ip4/127.0.0.1/tcp/0'],
  announce: [],
  bootstrap: [],
  mdns: false,
  relay: 'none',
  dht: 'off',
} as const

async function listening(server: ReturnType<typeof createServer>): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return (server.address() as AddressInfo).port
}

/** In front of a gateway that does not listen yet; counts what comes by HTTP. */
async function countingProxy(stack: AsyncDisposableStack) {
  const asked: string[] = []
  const free = createServer()
  const port = await listening(free)
  await new Promise((resolve) => free.close(resolve))
  const server = createServer((incoming, outgoing) => {
    asked.push(incoming.url ?? '')
    const { method = 'GET', headers } = incoming
    const onward = httpRequest({ host: '127.0.0.1', port, path: incoming.url, method, headers }, (reply) => {
      outgoing.writeHead(reply.statusCode ?? 502, reply.headers)
      reply.pipe(outgoing)
    })
    onward.on('error', () => outgoing.destroy())
    incoming.pipe(onward)
  })
  const url = `http://127.0.0.1:${await listening(server)}`
  stack.defer(() => {
    server.closeAllConnections()
    server.close()
  })
  return { port, url, asked }
}

it('kernels with hosts call each other over them, many calls at once, and nothing goes by HTTP any more', async () => {
  await using stack = new AsyncDisposableStack()
  const proxy = await countingProxy(stack)
  const common = { allowPrivate: true, webSocket: false, host } as const
  const a = stack.use(await createKernel({ ...common, policy: [{ name: 'a', text: rule('*', 'b/*') }] }))
  const b = stack.use(
    await createKernel({
      ...common,
      listen: { host: '127.0.0.1', port: proxy.port },
      publicUrl: proxy.url,
      peers: [{ did: a.did, alias: 'a' }],
      policy: [{ name: 'b', text: rule('peer:a', '*') }],
    }),
  )
  await b.register(echo, (args) => args)
  const { manifest } = await b.advertise()
  expect(manifest.endpoints.map(({ proto }) => proto)).toContain(LIBP2P_ENDPOINT_PROTO)
  const { peers } = await a.discoverPeers({ peerUrls: [proxy.url] })
  const [peer] = peers
  if (peer === undefined) throw new Error('b was not found')
  await a.importRemote({ manifest: peer.signed, as: 'b' })
  const before = proxy.asked.length
  expect(await a.invoke('b/test.echo', { n: -1 })).toMatchObject({ value: { n: -1 } })
  const many = await Promise.all(Array.from({ length: 8 }, (_, n) => a.invoke('b/test.echo', { n })))
  expect(many.map(({ value }) => value)).toEqual(many.map((_, n) => ({ n })))
  expect(proxy.asked.slice(before)).toEqual([])
})
