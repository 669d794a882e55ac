import type { ChannelBinding, InboundHandler } from '@hansa/protocols'
import { alice, bob } from '@hansa/trust/testing'
import { describe, expect, it } from 'vitest'
import { pair, sessionOf } from '../testing/handshake-pair.ts'
import { httpServer } from '../testing/http-server.ts'
import { selfSignedCertificate, type TestCertificate } from '../testing/self-signed-certificate.ts'
import { spkiHash } from '../transport/certificate-key.ts'
import { httpPeerTransport } from '../transport/http-peer-transport.ts'

const now = Date.now() / 1000

/** Serves a kernel over HTTPS; `own` is the certificate that it believes to be its own. */
function serving(kernel: InboundHandler, shown: TestCertificate, own: TestCertificate) {
  const binding: ChannelBinding = { kind: 'spki', value: spkiHash(own.cert) }
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
      reason: expect.stringContaining(bob.did),
    })
    expect(b.sessions.size).toBe(0)
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
