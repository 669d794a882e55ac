/** Manifests of kernels that nobody has imported: they arrive, are found, and grant nothing. */
import { describe, expect, it } from 'vitest'
import { TestMesh } from '../harness/test-mesh.ts'

const by = 'person:ada'

/** Alice has joined through bob, and so has carol; alice and carol have never met. */
async function threeInARow() {
  const mesh = await TestMesh.create({
    kernels: { alice: { name: 'alice' }, bob: { name: 'bob' }, carol: { name: 'Carol Freight' } },
    strangers: true,
  })
  const offer = { id: 'freight.quote', title: 'Quote a freight', safety: 'READ' as const, tags: ['freight'] }
  await mesh.kernel('carol').register(offer, () => ({ price: 5 }))
  await mesh.kernel('bob').mesh.join({ by })
  const { jws: manifest } = await mesh.kernel('bob').advertise()
  for (const name of ['carol', 'alice'] as const) await mesh.kernel(name).mesh.join({ manifest, by })
  await mesh.advance({ seconds: 10 })
  return mesh
}

describe('a kernel behind another one', () => {
  it('is found by search, with the reason, and can be called only once it is imported', async () => {
    await using mesh = await threeInARow()
    const alice = mesh.kernel('alice')
    const { hits, kernels } = await alice.search({ query: 'freight quote', safety: 'READ', version: '^1.0' })
    expect(kernels).toBe(2)
    expect(hits).toMatchObject([
      { did: mesh.did('carol'), capability: 'freight.quote', name: 'Carol Freight', untrusted: true },
    ])
    expect(hits[0]?.reason).toContain('standing 200')
    await expect(alice.invoke('carol/freight.quote', {})).rejects.toMatchObject({ detail: { code: 'not_found' } })
  })

  it('is known anew when it changes what it offers', async () => {
    await using mesh = await threeInARow()
    const offered = await mesh.kernel('carol').register({ id: 'freight.track', safety: 'READ' }, () => null)
    await mesh.advance({ seconds: 30 })
    expect((await mesh.kernel('alice').search({ capability: 'freight.track' })).hits).toHaveLength(1)
    await offered.unregister()
    await mesh.advance({ seconds: 30 })
    expect((await mesh.kernel('alice').search({ capability: 'freight.track' })).hits).toEqual([])
  })

  it('is not found by a kernel that has revoked it', async () => {
    await using mesh = await threeInARow()
    const query = { capability: 'freight.quote' }
    const alice = mesh.kernel('alice')
    expect((await alice.search(query)).hits).toHaveLength(1)
    await alice.revoke({ kind: 'peer', what: mesh.did('carol'), by, reason: 'left' })
    expect((await alice.search(query)).hits).toEqual([])
  })

  it('says of a query that is none what is wrong with it', async () => {
    await using mesh = await TestMesh.create({ kernels: { alice: {} } })
    const alice = mesh.kernel('alice')
    const invalid = { detail: { code: 'invalid_request' } }
    await expect(alice.search({ version: 'latest' })).rejects.toMatchObject(invalid)
    await expect(alice.search({ limit: 0 })).rejects.toMatchObject(invalid)
    expect(await alice.search({})).toEqual({ hits: [], matches: 0, kernels: 0 })
  })
})
