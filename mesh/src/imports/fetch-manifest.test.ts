import { exchangePaths } from '@hansa/protocols'
import { describe, expect, it } from 'vitest'
import { memoryFetch } from '../testing/memory-fetch.ts'
import { memoryNetwork } from '../testing/memory-network.ts'
import { clockAtNow } from '../testing/test-kernel.ts'
import { fetchManifestOver } from './fetch-manifest.ts'

const B = 'http://b.test'

function serving(status: number, body: string) {
  const network = memoryNetwork()
  const clock = clockAtNow()
  network.attach(B, { handle: async () => ({ status, contentType: '', body: Buffer.from(body) }) })
  return { network, clock, fetchManifest: fetchManifestOver({ fetch: memoryFetch(network, 'http://a.test'), clock }) }
}

describe(fetchManifestOver, () => {
  it('gets what is served at the well-known path, as text', async () => {
    const { network, fetchManifest } = serving(200, 'a.b.c\n')
    expect(await fetchManifest(B)).toEqual({ ok: true, jws: 'a.b.c' })
    expect(network.tap).toMatchObject([{ endpoint: B, path: exchangePaths.manifest, method: 'GET' }])
  })

  it('names an error status, and a peer that cannot be reached', async () => {
    const { fetchManifest } = serving(503, '')
    expect(await fetchManifest(B)).toMatchObject({
      ok: false,
      code: 'remote_refused',
      reason: expect.stringContaining('503'),
    })
    expect(await fetchManifest('http://nobody.test')).toMatchObject({ ok: false, code: 'remote_refused' })
  })

  it('gives up on a peer that hangs, after 10 s or when the caller does', async () => {
    const { network, clock, fetchManifest } = serving(200, 'x')
    network.hold(() => true)
    const late = fetchManifest(B)
    clock.advance(10_000)
    expect(await late).toMatchObject({ ok: false })
    expect(await fetchManifest(B, AbortSignal.abort())).toMatchObject({ ok: false })
    expect(clock.waiting).toBe(0)
  })

  it('refuses more than a manifest may have', async () => {
    const { fetchManifest } = serving(200, 'x'.repeat(262_145))
    expect(await fetchManifest(B)).toMatchObject({ ok: false })
  })
})
