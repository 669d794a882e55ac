/** Kernels that an operator adds while the node runs: what it changes, what it does not, and what it survives. */
import { describe, expect, it } from 'vitest'
import { refusal } from '../harness/outcome.ts'
import { allow, twoOrgs } from '../harness/two-orgs.ts'

const by = 'person:olga'

async function manifestOf(mesh: Awaited<ReturnType<typeof twoOrgs>>, name: 'alice' | 'bob'): Promise<string> {
  return (await mesh.kernel(name).advertise()).jws
}

describe('a peer that an operator adds', () => {
  it('is pinned, callable under its alias, and named by rules at once', async () => {
    await using mesh = await twoOrgs({ bob: { rules: [allow('partners', 'peer:alice', 'echo')] } })
    const [alice, bob] = [mesh.kernel('alice'), mesh.kernel('bob')]
    await alice.addPeer({ did: bob.did, alias: 'bob', manifest: await manifestOf(mesh, 'bob'), by })
    expect(await refusal(alice.invoke('bob/echo', { text: 'hi' }))).toMatchObject({ code: 'policy_denied' })

    await bob.addPeer({ did: alice.did, alias: 'alice', by })
    expect(await alice.invoke('bob/echo', { text: 'hi' })).toMatchObject({ value: { text: 'hi' } })
    expect(await bob.knownPeers()).toEqual([
      {
        did: alice.did,
        alias: 'alice',
        source: 'operator',
        clearance: [],
        sameOwner: false,
        standing: 700,
        score: 700,
        tier: 'trusted',
        by,
        since: expect.any(Number),
        imports: [],
      },
    ])
  })

  it('is still known after a restart, and no longer once it was removed', async () => {
    await using mesh = await twoOrgs({ bob: { rules: [allow('partners', 'peer:alice', 'echo')] } })
    const alice = mesh.kernel('alice')
    await alice.importRemote({ manifest: await manifestOf(mesh, 'bob'), as: 'bob' })
    await mesh.kernel('bob').addPeer({ did: alice.did, alias: 'alice', clearance: ['PII'], standing: 400, by })
    await mesh.restart('bob')
    const bob = mesh.kernel('bob')
    await bob.register({ id: 'echo', safety: 'READ' }, () => 'hi')
    expect(await bob.knownPeers()).toMatchObject([
      { did: alice.did, alias: 'alice', clearance: ['PII'], standing: 400 },
    ])

    await bob.removePeer('alice', by)
    expect(await bob.knownPeers()).toEqual([])
    expect(await refusal(alice.invoke('bob/echo', { text: 'hi' }))).toBeDefined()
    const types = (await bob.audit({ limit: 1000 })).map(({ type }) => type)
    expect(types.filter((type) => type.startsWith('peer.'))).toEqual(
      expect.arrayContaining(['peer.added', 'peer.removed']),
    )
  })

  it('is in the ledger with who added it', async () => {
    await using mesh = await twoOrgs()
    const [alice, bob] = [mesh.kernel('alice'), mesh.kernel('bob')]
    await bob.addPeer({ did: alice.did, alias: 'alice', clearance: ['PII'], sameOwner: true, standing: 700, by })
    expect((await bob.audit({})).find(({ type }) => type === 'peer.added')).toMatchObject({
      actor: by,
      peer: alice.did,
      ext: { alias: 'alice', note: 'clearance PII; standing 700; same owner' },
    })
  })

  it('forgets its capabilities when it is removed', async () => {
    await using mesh = await twoOrgs()
    const [alice, bob] = [mesh.kernel('alice'), mesh.kernel('bob')]
    await alice.addPeer({ did: bob.did, alias: 'bob', manifest: await manifestOf(mesh, 'bob'), by })
    expect(await alice.removePeer(bob.did, by)).toMatchObject({ did: bob.did, alias: 'bob' })
    expect(await alice.peers()).toEqual([])
    expect(await refusal(alice.invoke('bob/echo', { text: 'hi' }))).toMatchObject({ code: 'not_found' })
    expect(await refusal(alice.removePeer(bob.did, by))).toMatchObject({ code: 'not_found' })
  })
})

describe('mallory', () => {
  it('cannot be added under the manifest of another kernel', async () => {
    await using mesh = await twoOrgs()
    const [alice, bob] = [mesh.kernel('alice'), mesh.kernel('bob')]
    const mallory = 'did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK'
    const adding = alice.addPeer({ did: mallory, manifest: await manifestOf(mesh, 'bob'), by })
    expect(await refusal(adding)).toMatchObject({ code: 'invalid_request' })
    expect([await alice.knownPeers(), await alice.peers()]).toEqual([[], []])
    expect(bob.did).not.toBe(mallory)
  })

  it('cannot take the alias of a configured, an added or an imported kernel', async () => {
    const configured = 'did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK'
    const other = 'did:key:z6MkpTHR8VNsBxYAAWHut2Geadd9jSwuBV8xRoAnwWsdvktH'
    await using mesh = await twoOrgs({ alice: { peers: [{ did: configured, alias: 'partner' }] } })
    const [alice, bob] = [mesh.kernel('alice'), mesh.kernel('bob')]
    await alice.importRemote({ manifest: await manifestOf(mesh, 'bob'), as: 'bob' })
    for (const alias of ['partner', 'bob']) {
      expect(await refusal(alice.addPeer({ did: other, alias, by }))).toMatchObject({ code: 'invalid_request' })
    }
    await alice.addPeer({ did: other, alias: 'other', by })
    expect(await refusal(alice.addPeer({ did: bob.did, alias: 'other', by }))).toMatchObject({
      code: 'invalid_request',
    })
  })

  it('does not get the rights of another by calling herself so', async () => {
    const mallory = 'bob'
    await using mesh = await twoOrgs({ alice: { rules: [allow('for-bob', 'agent:*', 'bob/echo')] } })
    const [alice, { did }] = [mesh.kernel('alice'), mesh.kernel(mallory)]
    const manifest = await manifestOf(mesh, mallory)
    await expect(alice.addPeer({ did, manifest, by })).rejects.toThrow('rule for-bob speaks already; say --as bob')
    expect([await alice.knownPeers(), await alice.peers()]).toEqual([[], []])
    await alice.addPeer({ did, alias: 'bob', manifest, by })
    expect(await alice.addPeer({ did, manifest, by })).toMatchObject({ alias: 'bob' })
  })

  it('who is configured keeps what the configuration says', async () => {
    const did = 'did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK'
    await using mesh = await twoOrgs({ alice: { peers: [{ did, alias: 'partner' }] } })
    const alice = mesh.kernel('alice')
    expect(await refusal(alice.addPeer({ did, clearance: ['PII'], by }))).toMatchObject({ code: 'invalid_request' })
    expect(await alice.addPeer({ did, by })).toMatchObject({ source: 'configuration', alias: 'partner', clearance: [] })
    expect(await refusal(alice.removePeer('partner', by))).toMatchObject({ code: 'invalid_request' })
  })

  it('cannot be the kernel itself', async () => {
    await using mesh = await twoOrgs()
    const alice = mesh.kernel('alice')
    expect(await refusal(alice.addPeer({ did: alice.did, sameOwner: true, by }))).toMatchObject({
      code: 'invalid_request',
    })
  })
})
