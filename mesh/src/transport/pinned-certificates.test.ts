/** Which certificate a peer may show when its manifest names its keys: real TLS on loopback, with mallory in between. */
import type { RequestListener } from 'node:http'
import type { CertificatePins, Did } from '@hansa/protocols'
import { encodeBase64url } from '@hansa/trust'
import { bob, mallory } from '@hansa/trust/testing'
import { describe, expect, it } from 'vitest'
import { httpServer } from '../testing/http-server.ts'
import { selfSignedCertificate, type TestCertificate } from '../testing/self-signed-certificate.ts'
import { spkiHash } from './certificate-key.ts'
import { type HttpPeerTransportInit, httpPeerTransport } from './http-peer-transport.ts'

const now = Date.now() / 1000
const keyOf = ({ cert }: TestCertificate) => encodeBase64url(spkiHash(cert))
const call = (endpoint: string, peer: Did = bob.did) =>
  ({ endpoint, peer, path: '/hansa/v1/call', method: 'POST', body: Buffer.from('x'), maxReplyBytes: 1_000 }) as const

/** What is pinned of each peer; `renewed` takes the place when the newest manifest is looked for. */
class Pins implements CertificatePins {
  readonly asked: Did[] = []
  readonly #keys: Map<Did, readonly string[] | undefined>
  readonly #renewed: readonly string[] | undefined

  constructor(keys: readonly string[] | undefined, renewed = keys) {
    this.#keys = new Map([[bob.did, keys]])
    this.#renewed = renewed
  }

  keysOf(peer: Did): readonly string[] | undefined {
    return this.#keys.get(peer)
  }

  async renew(peer: Did): Promise<void> {
    this.asked.push(peer)
    this.#keys.set(peer, this.#renewed)
  }
}

function transportWith(pins: Pins, init: Partial<HttpPeerTransportInit> = {}) {
  const transport = httpPeerTransport({ allowPrivate: ['127.0.0.0/8'], ...init })
  transport.usePins?.(pins)
  return transport
}

function counting() {
  const bodies: string[] = []
  const listener: RequestListener = (request, response) => {
    request.on('data', (chunk: Buffer) => bodies.push(chunk.toString()))
    request.on('end', () => response.end('ok'))
  }
  return { bodies, listener }
}

describe('a peer whose manifest names certificate keys', () => {
  const [own, next, hers] = [selfSignedCertificate(now), selfSignedCertificate(now), selfSignedCertificate(now)]

  it('is reached over a certificate that no authority knows', async () => {
    await using server = await httpServer(counting().listener, own)
    await using transport = transportWith(new Pins([keyOf(own)]))
    expect(await transport.send(call(server.origin))).toMatchObject({ status: 200 })
    expect(await transport.binding(server.origin, bob.did)).toEqual({ kind: 'spki', value: spkiHash(own.cert) })
  })

  it('is not reached over another key, and an authority that vouches for it changes nothing', async () => {
    const { bodies, listener } = counting()
    await using server = await httpServer(listener, hers)
    for (const init of [{}, { ca: hers.cert }]) {
      await using transport = transportWith(new Pins([keyOf(own)]), init)
      await expect(transport.send(call(server.origin))).rejects.toMatchObject({
        detail: { code: 'unreachable', reason: expect.stringContaining('is not one that') },
      })
      await expect(transport.binding(server.origin, bob.did)).rejects.toMatchObject({
        detail: { code: 'unreachable' },
      })
    }
    expect(bodies).toEqual([])
  })

  it('that shows a new key is reached once its newest manifest names it, without a failed request', async () => {
    await using server = await httpServer(counting().listener, next)
    const pins = new Pins([keyOf(own)], [keyOf(next), keyOf(own)])
    await using transport = transportWith(pins)
    expect(await transport.send(call(server.origin))).toMatchObject({ status: 200 })
    expect(pins.asked).toEqual([bob.did])
  })

  it('that no longer names any key needs an authority', async () => {
    await using server = await httpServer(counting().listener, next)
    await using without = transportWith(new Pins([keyOf(own)], []))
    await expect(without.send(call(server.origin))).rejects.toMatchObject({ detail: { code: 'unreachable' } })
    await using vouched = transportWith(new Pins([keyOf(own)], []), { ca: next.cert })
    expect(await vouched.send(call(server.origin))).toMatchObject({ status: 200 })
  })

  it('takes calls over every key it names, while sessions bound to the one before still live', async () => {
    const [before, after] = [counting(), counting()]
    await using first = await httpServer(before.listener, own)
    await using second = await httpServer(after.listener, next, { port: first.port, host: '127.0.0.2' })
    let address = '127.0.0.1'
    await using transport = transportWith(new Pins([keyOf(next), keyOf(own)]), {
      resolve: async () => [address],
      connectionsPerOrigin: 8,
    })
    const endpoint = `https://localhost:${second.port}`
    await transport.binding(endpoint, bob.did)
    await transport.send(call(endpoint))
    address = '127.0.0.2'
    await Promise.all(Array.from({ length: 8 }, () => transport.send(call(endpoint))))
    expect(before.bodies.length + after.bodies.length).toBe(9)
    expect(after.bodies.length).toBeGreaterThan(0)
  })

  it('lends its connections and its keys to no other peer at the same place', async () => {
    const { bodies, listener } = counting()
    await using server = await httpServer(listener, own)
    await using transport = transportWith(new Pins([keyOf(own)]))
    await transport.send(call(server.origin))
    await expect(transport.send(call(server.origin, mallory.did))).rejects.toMatchObject({
      detail: { code: 'unreachable' },
    })
    expect(bodies).toEqual(['x'])
  })

  it('is not reached over plain HTTP beyond this machine', async () => {
    await using transport = transportWith(new Pins([keyOf(own)]), { allowPrivate: true })
    await expect(transport.send(call('http://10.0.0.1:7400'))).rejects.toMatchObject({
      detail: { code: 'unreachable', reason: expect.stringContaining('use https') },
    })
  })
})
