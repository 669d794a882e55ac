import { describe, expect, it } from 'vitest'
import type { KernelFixture } from './describe-kernel.ts'

const offer = (id: string) => ({ id, safety: 'READ' as const, tags: ['contract'], sensitivity: ['PII'] })

export function describeAdvertising(fixture: () => KernelFixture): void {
  describe('its manifest', () => {
    it('is signed over what it says, and names the kernel', async () => {
      const { kernel } = fixture()
      const { jws, manifest } = await kernel.advertise()
      const [header = '', payload = '', ...rest] = jws.split('.')
      expect(rest).toHaveLength(1)
      expect(decoded(header)).toMatchObject({ alg: 'EdDSA', typ: 'hansa-manifest+jws' })
      expect(decoded(payload)).toEqual(manifest)
      expect(manifest.kernel_id).toBe(kernel.did)
      expect(manifest.exp).toBeGreaterThan(manifest.iat)
    })

    it('stays the same while nothing changes', async () => {
      const { kernel } = fixture()
      const first = await kernel.advertise()
      expect(await kernel.advertise()).toEqual(first)
    })

    it('rises with every change, and says nothing of how a capability works', async () => {
      const { kernel } = fixture()
      const before = await kernel.advertise()
      const registration = await kernel.register(offer('local.advertised'), () => 'handler-secret')
      const during = await kernel.advertise()
      expect(during.manifest.seq).toBeGreaterThan(before.manifest.seq)
      expect(during.manifest.capabilities).toContainEqual(
        expect.objectContaining({ id: 'local.advertised', safety: 'READ', tags: ['contract'], sensitivity: ['PII'] }),
      )
      expect(JSON.stringify(during)).not.toContain('handler-secret')
      await registration.unregister()
      const after = await kernel.advertise()
      expect(after.manifest.seq).toBeGreaterThan(during.manifest.seq)
      expect(after.manifest.capabilities.map(({ id }) => id)).not.toContain('local.advertised')
    })

    it('calls a capability DESTRUCTIVE that nobody has classified', async () => {
      const { kernel } = fixture()
      await using _registered = await kernel.register({ id: 'local.unclassified' }, () => null)
      const { manifest } = await kernel.advertise()
      expect(manifest.capabilities.find(({ id }) => id === 'local.unclassified')?.safety).toBe('DESTRUCTIVE')
    })
  })

  describe('discovery', () => {
    /** Port 1 of this machine: nobody listens there. */
    const dead = 'http://127.0.0.1:1/.well-known/hansa/manifest'

    it('finds a kernel by the URL of its manifest, and names each source that failed', async () => {
      const { kernel, peer } = fixture()
      const { peers, faults } = await kernel.discoverPeers({ peerUrls: [peer.manifestUrl, dead] })
      expect(peers).toEqual([expect.objectContaining({ did: peer.did, by: ['peer_url'], sources: [peer.manifestUrl] })])
      expect(peers[0]?.signed.manifest.capabilities.map(({ id }) => id).sort()).toEqual(['echo', 'slow'])
      expect(faults).toEqual([{ source: dead, code: expect.any(String), reason: expect.any(String) }])
    })

    it('finds only kernels that offer what is asked for', async () => {
      const { kernel, peer } = fixture()
      const asking = (capability: string) => kernel.discoverPeers({ peerUrls: [peer.manifestUrl], capability })
      expect((await asking('echo')).peers.map(({ did }) => did)).toEqual([peer.did])
      expect((await asking('nothing')).peers).toEqual([])
    })

    it('never throws for its sources', async () => {
      const { kernel } = fixture()
      const { peers, faults } = await kernel.discoverPeers({
        peerUrls: [dead, 'no url'],
        registryUrl: 'http://127.0.0.1:1',
      })
      expect(peers).toEqual([])
      expect(faults).toHaveLength(3)
    })
  })
}

function decoded(part: string): unknown {
  return JSON.parse(Buffer.from(part, 'base64url').toString('utf8'))
}
