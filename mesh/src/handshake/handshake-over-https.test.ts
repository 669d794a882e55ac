import type { ChannelBinding, InboundHandler } from '@hansa/protocols'
import { alice } from '@hansa/trust/testing'
import { describe, expect, it } from 'vitest'
import { pair, sessionOf } from '../testing/handshake-pair.ts'
import { httpServer } from '../testing/http-server.ts'
import { selfSignedCertificate, type TestCertificate } from '../testing/self-signed-certificate.ts'
import { spkiHash } from '../transport/certificate-key.ts'
import { httpPeerTransport } from '../transport/http-peer-transport.ts'

const now = Date.now() / 1000

/** Serves a kernel over HTTPS; `own` is the certificate that it believes to be its own. */
function serving(kernel: InboundHandler, shown: TestCertificate, own: TestCertificate, ...others: TestCertificate[]) {
  const binding: ChannelBinding = {
    kind: 'spki',
    value: spkiHash(own.cert),
    others: others.map(({ cert }) => spkiHash(cert)),
  }
  return httpServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', async () => {
      const method = request.method === 'GET' ? 'GET' : 'POST'
      const inbound = { path: request.url ?? '', method, body: Buffer.concat(chunks), source: '', binding } as const
      const reply = await kernel.handle(inbound)
      response.writeHead(reply.status).end(reply.body)
    })
  }, shown)
}

describe('a handshake over HTTPS', () => {
  it('is bound to the key of the certificate', async () => {
    const { a, b } = pair()
    const certificate = selfSignedCertificate(now)
    await using server = await serving(b, certificate, certificate)
    await using transport = httpPeerTransport({ allowPrivate: ['127.0.0.1'], ca: certificate.cert })
    const session = sessionOf(await a.open(b, { transport, endpoint: server.origin }))
    expect(session.facts).toMatchObject({ channel: 'spki', level: 1, granted: { level: 1 } })
    expect(b.sessions.get(session.sid)).toMatchObject({ peer: alice.did, channel: 'spki' })
  })

  it('gives no session when mallory ends the TLS with a certificate that is as valid', async () => {
    const { a, b } = pair()
    const [honest, mallory] = [selfSignedCertificate(now), selfSignedCertificate(now)]
    await using server = await serving(b, mallory, honest)
    await using transport = httpPeerTransport({ allowPrivate: ['127.0.0.1'], ca: honest.cert + mallory.cert })
    expect(await a.open(b, { transport, endpoint: server.origin })).toMatchObject({
      ok: false,
      code: 'handshake_failed',
    })
    expect(b.sessions.size).toBe(0)
  })

  it('is bound to whichever of its keys a responder behind a proxy is reached over', async () => {
    const { a, b } = pair()
    const [first, second] = [selfSignedCertificate(now), selfSignedCertificate(now)]
    await using server = await serving(b, second, first, second)
    await using transport = httpPeerTransport({ allowPrivate: ['127.0.0.1'], ca: second.cert })
    const session = sessionOf(await a.open(b, { transport, endpoint: server.origin }))
    expect(session.facts).toMatchObject({ channel: 'spki', level: 1 })
  })

  it('gives no session over a key that is none of several', async () => {
    const { a, b } = pair()
    const [first, second, mallory] = [now, now, now].map((at) => selfSignedCertificate(at)) as [
      TestCertificate,
      TestCertificate,
      TestCertificate,
    ]
    await using server = await serving(b, mallory, first, second)
    await using transport = httpPeerTransport({ allowPrivate: ['127.0.0.1'], ca: mallory.cert })
    expect(await a.open(b, { transport, endpoint: server.origin })).toMatchObject({ code: 'handshake_failed' })
    expect(b.sessions.size).toBe(0)
  })

  it('begins again when the certificate changes in the middle of it', async () => {
    const { a, b } = pair()
    const [before, after] = [selfSignedCertificate(now), selfSignedCertificate(now)]
    await using first = await serving(b, before, before)
    await using second = await serving(b, after, after)
    await using transport = httpPeerTransport({ allowPrivate: ['127.0.0.1'], ca: before.cert + after.cert })
    let asked = 0
    // The first look is at the certificate before; every later connection meets the one after.
    const changing: typeof transport = {
      ...transport,
      send: (request) => transport.send({ ...request, endpoint: second.origin }),
      binding: () => transport.binding(asked++ === 0 ? first.origin : second.origin),
      [Symbol.asyncDispose]: async () => {},
    }
    const session = sessionOf(await a.open(b, { transport: changing, endpoint: second.origin }))
    expect(session.facts).toMatchObject({ channel: 'spki', level: 1 })
    expect(asked).toBe(2)
  })

  it('gives no session when the certificate is not accepted, and says so', async () => {
    const { a, b } = pair()
    const certificate = selfSignedCertificate(now)
    await using server = await serving(b, certificate, certificate)
    await using transport = httpPeerTransport({ allowPrivate: ['127.0.0.1'] })
    expect(await a.open(b, { transport, endpoint: server.origin })).toMatchObject({
      ok: false,
      code: 'remote_refused',
      reason: expect.stringContaining('certificate'),
    })
  })
})
