/** Every way out of a kernel against every disguise of an address that it must not reach: mallory names the places. */
import { mallory } from '@hansa/trust/testing'
import { describe, expect, it } from 'vitest'
import { vettedAddress } from '../host/vetted-address.ts'
import { webSocketDialer } from '../session/web-socket-dialer.ts'
import { httpServer } from '../testing/http-server.ts'
import { httpPeerTransport } from '../transport/http-peer-transport.ts'
import { type AllowPrivate, addressGuard } from './address.ts'
import type { ResolveHost } from './guarded-connector.ts'
import { guardedFetch } from './guarded-fetch.ts'
import { guardedStream } from './guarded-stream.ts'

type Init = { allowPrivate: AllowPrivate; resolve: ResolveHost }
/** @returns why nothing was reached, or `reached`. */
type Way = (url: string, init: Init) => Promise<string>

const bounds = { maxBytes: 1_000 }
const body = { contentType: 'text/plain', bytes: Buffer.from('x') }
const refused = (error: Error) => error.message
const reasonOf = (fetched: { ok: true } | { ok: false; reason: string }) => (fetched.ok ? 'reached' : fetched.reason)
const toPeer = (endpoint: string) => ({
  endpoint,
  peer: mallory.did,
  path: '/x',
  method: 'GET' as const,
  maxReplyBytes: 9,
})

const ways: Readonly<Record<string, Way>> = {
  'a fetch': async (url, init) => reasonOf(await guardedFetch(init).get(url, bounds)),
  'a fetch over any certificate': async (url, init) =>
    reasonOf(await guardedFetch(init).getOverAnyCertificate(url, bounds)),
  'a post': async (url, init) => reasonOf(await guardedFetch(init).post(url, body, bounds)),
  'a stream': async (url, init) => {
    const stop = new AbortController()
    const opened = await guardedStream(init)(url, { idleMs: 1_000, signal: stop.signal })
    stop.abort()
    return reasonOf(opened)
  },
  'a call': async (url, init) => {
    await using transport = httpPeerTransport(init)
    return transport.send(toPeer(url)).then(() => 'reached', refused)
  },
  'the binding of a handshake': async (url, init) => {
    await using transport = httpPeerTransport(init)
    return transport
      .binding(url, mallory.did)
      .then((found) => (found === undefined ? 'no binding' : 'reached'), refused)
  },
  'a WebSocket': (url, init) =>
    webSocketDialer(init)
      .dial(url.replace(/^http/, 'ws'), mallory.did)
      .then(() => 'reached', refused),
}

/** What mallory writes for 127.0.0.1, and for what stands beside it. */
const literals = [
  '127.0.0.1',
  '127.1',
  '127.0.0.1.',
  '2130706433',
  '0x7f000001',
  '0x7f.1',
  '017700000001',
  '0177.0.0.1',
  '127.0.0.0x1',
  '１２７.0.0.1',
  '127。0。0。1',
  '%31%32%37.0.0.1',
  '0',
  '0.0.0.0',
  '[::]',
  '[::1]',
  '[0:0:0:0:0:0:0:1]',
  '[::127.0.0.1]',
  '[::ffff:127.0.0.1]',
  '[::ffff:7f00:1]',
  '[0:0:0:0:0:ffff:127.0.0.1]',
  '[::ffff:0:127.0.0.1]',
  '[64:ff9b::7f00:1]',
  '[64:ff9b:1::7f00:1]',
  '[2002:7f00:1::]',
  '[2001:0:7f00:1::]',
  '[fe80::1]',
  '[fd00:ec2::254]',
  '169.254.169.254',
  '0xa9fea9fe',
  '100.100.100.200',
  '10.0.0.1',
  '192.168.0.1',
  '100.64.0.1',
  '224.0.0.1',
  'metadata.google.internal',
  'METADATA.google.internal.',
  'user@127.0.0.1',
  'public.example:443@127.0.0.1',
  '127.0.0.1#.public.example',
  '127.0.0.1\\.public.example',
]

/** What the name server of mallory answers. */
const answers: [string, string[]][] = [
  ['loopback', ['127.0.0.1']],
  ['loopback in IPv6', ['::1']],
  ['loopback inside IPv6', ['::ffff:127.0.0.1']],
  ['loopback in an old form', ['::127.0.0.1']],
  ['loopback behind NAT64', ['64:ff9b::7f00:1']],
  ['loopback behind 6to4', ['2002:7f00:1::']],
  ['loopback behind Teredo', ['2001:0:7f00:1::']],
  ['the address of nothing', ['0.0.0.0']],
  ['a private address', ['10.0.0.1']],
  ['shared address space', ['100.64.1.1']],
  ['the link', ['fe80::1%eth0']],
  ['a metadata service', ['169.254.169.254']],
  ['a metadata service in IPv6', ['fd00:ec2::254']],
  ['multicast', ['224.0.0.1']],
  ['a public address and loopback behind it', ['93.184.215.14', '127.0.0.1']],
  ['no address', []],
  ['what is no address', ['localhost']],
]

const nobody: ResolveHost = () => Promise.reject(new Error('nobody is asked'))

describe.each(Object.entries(ways))('%s', (_name, way) => {
  it('reaches no address that mallory disguises, by http or https', async () => {
    await using inside = await httpServer((_request, response) => response.end('secret'))
    for (const literal of literals)
      for (const scheme of ['http', 'https']) {
        const url = `${scheme}://${literal.replace(/([#\\])/, `:${inside.port}$1`)}:${inside.port}/`
        const plain = /[#\\]/.test(literal) ? url.replace(new RegExp(`:${inside.port}/$`), '/') : url
        expect(await way(plain, { allowPrivate: false, resolve: nobody }), plain).not.toBe('reached')
      }
    expect(inside.connections).toBe(0)
  })

  it.each(answers)('reaches nothing by a name that resolves to %s', async (_what, addresses) => {
    const resolve = async () => addresses
    expect(await way('https://mallory.example/', { allowPrivate: false, resolve })).not.toBe('reached')
    expect(await way('https://mallory.example./', { allowPrivate: false, resolve })).not.toBe('reached')
    expect(await way('https://xn--mllory-4ta.example:8443/', { allowPrivate: false, resolve })).not.toBe('reached')
  })

  it('is not led inside by a name that rebinds between two connections', async () => {
    await using inside = await httpServer((_request, response) => response.end('secret'))
    const { port } = inside
    const listener = (_request: unknown, response: { writeHead(status: number, headers: object): { end(): void } }) =>
      response.writeHead(200, { connection: 'close' }).end()
    await using outside = await httpServer(listener as never, undefined, { host: '127.0.0.2', port })
    // The operator has allowed the one, and mallory answers with the other from the second question on.
    let asked = 0
    const init: Init = {
      allowPrivate: ['127.0.0.2'],
      resolve: async () => [asked++ === 0 ? '127.0.0.2' : '127.0.0.1'],
    }
    const url = `http://mallory.localhost:${port}/`
    await way(url, init)
    const seen = outside.connections
    for (let again = 0; again < 3; again++) await way(url, init)
    expect(inside.connections).toBe(0)
    expect(outside.connections).toBe(seen)
  })
})

describe('a call over connections that are kept', () => {
  it('is not led inside when the name rebinds before the next connection', async () => {
    await using inside = await httpServer((_request, response) => response.end('secret'))
    const { port } = inside
    await using outside = await httpServer(
      (_request, response) => response.writeHead(200, { connection: 'close' }).end(),
      undefined,
      { host: '127.0.0.2', port },
    )
    let asked = 0
    const resolve = async () => [asked++ === 0 ? '127.0.0.2' : '127.0.0.1']
    await using transport = httpPeerTransport({ allowPrivate: ['127.0.0.2'], resolve })
    const endpoint = `http://mallory.localhost:${port}`
    expect(await transport.send(toPeer(endpoint))).toMatchObject({ status: 200 })
    await expect(transport.send(toPeer(endpoint))).rejects.toThrow('127.0.0.1')
    expect([outside.connections, inside.connections]).toEqual([1, 0])
  })
})

describe('a multiaddr', () => {
  it.each([
    '/ip4/127.0.0.1/tcp/7401',
    '/ip4/10.0.0.1/tcp/7401',
    '/ip4/169.254.169.254/tcp/443',
    '/ip4/0.0.0.0/tcp/7401',
    '/ip6/::1/tcp/7401',
    '/ip6/::ffff:127.0.0.1/tcp/7401',
    '/ip6/64:ff9b::7f00:1/tcp/7401',
    '/ip6/2002:7f00:1::/tcp/7401',
    '/ip6/fd00:ec2::254/tcp/443',
    '/ip6zone/eth0/ip6/fe80::1/tcp/7401',
    '/ip4/93.184.215.14/tcp/22',
    '/ip4/93.184.215.14/udp/53',
    '/ip4/93.184.215.14/tcp/7401/http',
    '/unix/run/hansa.sock',
    '/memory/inside',
    '/dnsaddr/mallory.example',
    '/ip4/127.1/tcp/7401',
    '127.0.0.1:7401',
  ])('%s is not dialled', async (text) => {
    const init = { guard: addressGuard(false), memory: false, resolve: async () => ['127.0.0.1'] }
    await expect(vettedAddress(text, init)).rejects.toMatchObject({ detail: { code: 'unreachable' } })
  })

  it.each(answers)('with a name that resolves to %s is not dialled', async (_what, addresses) => {
    const init = { guard: addressGuard(false), memory: false, resolve: async () => addresses }
    for (const kind of ['dns', 'dns4', 'dns6'])
      await expect(vettedAddress(`/${kind}/mallory.example/tcp/7401`, init)).rejects.toMatchObject({
        detail: { code: 'unreachable' },
      })
  })
})
