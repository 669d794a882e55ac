/** First contact by DID and URL, over real TLS, without a certificate authority; mallory is between. */
import { type CapabilityManifest, memoryStore } from '@hansa/protocols'
import { didKeyResolver, encodeBase64url, type Signer, signManifest } from '@hansa/trust'
import { alice, aManifest, bob, mallory, NOW } from '@hansa/trust/testing'
import { describe, expect, it } from 'vitest'
import { guardedFetch } from '../fetch/guarded-fetch.ts'
import { peerMemory } from '../peers/peer-memory.ts'
import { httpServer } from '../testing/http-server.ts'
import { selfSignedCertificate, type TestCertificate } from '../testing/self-signed-certificate.ts'
import { clockAtNow } from '../testing/test-kernel.ts'
import { spkiHash } from '../transport/certificate-key.ts'
import { discoverPeers } from './discover-peers.ts'

const certificateNow = Date.now() / 1000
const keyOf = ({ cert }: TestCertificate) => encodeBase64url(spkiHash(cert))
const jwsOf = (signer: Signer, over: Partial<CapabilityManifest> = {}) =>
  signManifest(signer, aManifest({ kernel_id: signer.did, ...over })).jws

/** Serves one text over one certificate. */
const serving = (text: string, certificate?: TestCertificate) =>
  httpServer((_request, response) => response.end(text), certificate)

function looker({ ca }: { ca?: string } = {}) {
  const clock = clockAtNow()
  const fetch = guardedFetch({ allowPrivate: ['127.0.0.0/8'], ...(ca === undefined ? {} : { ca }) })
  const memory = peerMemory()({ store: memoryStore(), clock })
  return discoverPeers({ fetch, resolver: didKeyResolver(), clock, memory, self: alice.did })
}

describe('discovery of an expected kernel', () => {
  const own = selfSignedCertificate(certificateNow)

  it('accepts a certificate that no authority knows, when the manifest of the DID names its key', async () => {
    await using server = await serving(jwsOf(bob, { tls: [keyOf(own)] }), own)
    const found = await looker()({ peerUrls: [server.origin], did: bob.did })
    expect(found).toMatchObject({ peers: [{ did: bob.did, sources: [server.origin] }], faults: [] })
  })

  it('without the DID refuses the same certificate, and says what to name', async () => {
    await using server = await serving(jwsOf(bob, { tls: [keyOf(own)] }), own)
    expect(await looker()({ peerUrls: [server.origin] })).toMatchObject({
      peers: [],
      faults: [{ reason: expect.stringContaining('--did') }],
    })
  })

  it("refuses bob's manifest over mallory's certificate, also when an authority vouches for it", async () => {
    const hers = selfSignedCertificate(certificateNow)
    await using server = await serving(jwsOf(bob, { tls: [keyOf(own)] }), hers)
    for (const ca of [undefined, hers.cert]) {
      const found = await looker(ca === undefined ? {} : { ca })({ peerUrls: [server.origin], did: bob.did })
      expect(found).toMatchObject({
        peers: [],
        faults: [{ code: 'identity_unavailable', reason: expect.stringContaining('does not name as its own') }],
      })
    }
  })

  it('refuses a manifest of mallory that names the certificate rightly', async () => {
    await using server = await serving(jwsOf(mallory, { tls: [keyOf(own)] }), own)
    expect(await looker()({ peerUrls: [server.origin], did: bob.did })).toMatchObject({
      peers: [],
      faults: [{ code: 'identity_unavailable', reason: expect.stringContaining(mallory.did) }],
    })
  })

  it('refuses a manifest whose key list was changed on the way', async () => {
    const [header, , signature] = jwsOf(bob, { tls: [keyOf(own)] }).split('.')
    const hers = selfSignedCertificate(certificateNow)
    const payload = encodeBase64url(Buffer.from(JSON.stringify(aManifest({ kernel_id: bob.did, tls: [keyOf(hers)] }))))
    await using server = await serving(`${header}.${payload}.${signature}`, hers)
    expect((await looker()({ peerUrls: [server.origin], did: bob.did })).peers).toEqual([])
  })

  it('takes a manifest without keys only over a certificate that an authority vouches for', async () => {
    await using server = await serving(jwsOf(bob), own)
    const ask = { peerUrls: [server.origin], did: bob.did }
    expect(await looker()(ask)).toMatchObject({
      peers: [],
      faults: [{ reason: expect.stringContaining('no certificate authority') }],
    })
    expect(await looker({ ca: own.cert })(ask)).toMatchObject({ peers: [{ did: bob.did }] })
  })

  it('refuses an old manifest that still lists a stolen key, once a newer one was seen', async () => {
    const stolen = selfSignedCertificate(certificateNow)
    const discover = looker()
    const replayed = jwsOf(bob, { seq: NOW, tls: [keyOf(stolen)] })
    await using server = await serving(jwsOf(bob, { seq: NOW + 1, tls: [keyOf(own)] }), own)
    expect((await discover({ peerUrls: [server.origin], did: bob.did })).peers).toHaveLength(1)
    await using thief = await serving(replayed, stolen)
    expect(await discover({ peerUrls: [thief.origin], did: bob.did })).toMatchObject({
      peers: [],
      faults: [{ code: 'descriptor_mismatch', reason: expect.stringContaining('rolled back') }],
    })
  })
})
