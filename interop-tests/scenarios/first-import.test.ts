/** A first import on the word of two discovery channels that agree: whole kernels, one registry, no operator. */
import { FakeRegistry } from '@hansa/mesh/testing'
import type { KernelInit } from '@hansa/node'
import { describe, expect, it } from 'vitest'
import { refusal } from '../harness/outcome.ts'
import { TestMesh } from '../harness/test-mesh.ts'
import { echo } from '../harness/two-orgs.ts'

const REGISTRY = 'http://127.0.0.1:7390'
const by = 'person:olga'
const agent = { actor: 'agent:seeker', isOperator: false }
const names = ['ada', 'bob', 'cy'] as const
type Name = (typeof names)[number]

/** ada has joined through bob, who knows cy; the registry lists what is in `registry`. */
async function towns(init: KernelInit = {}) {
  const registry = new FakeRegistry()
  const mesh: TestMesh<Name> = await TestMesh.create({
    strangers: true,
    kernels: { ada: { firstImport: { registryUrls: [REGISTRY] }, ...init }, bob: {}, cy: {} },
  })
  mesh.network.attach(REGISTRY, registry)
  for (const name of names) await mesh.kernel(name).register(echo, (args) => args)
  const told = async (name: Name, through?: Name) => {
    const manifest = through === undefined ? undefined : (await mesh.kernel(through).advertise()).jws
    await mesh.kernel(name).mesh.join({ by, ...(manifest !== undefined && { manifest }) })
  }
  await told('bob')
  await told('cy', 'bob')
  await told('ada', 'bob')
  await mesh.advance({ seconds: 2 })
  const list = async (name: Name) =>
    void registry.listings.push({ manifest: (await mesh.kernel(name).advertise()).jws, expires: 2_000_000_000 })
  return { mesh, registry, list, ada: mesh.kernel('ada'), cy: mesh.did('cy') }
}

describe('an agent that names a kernel', () => {
  it('has it imported when a registry and the mesh name it alike, and the log says who did', async () => {
    const { mesh, list, ada, cy } = await towns()
    await using _mesh = mesh
    await list('cy')
    const imported = await ada.importAgreed({ did: cy }, agent)
    const agreed = [
      { channel: 'registry', source: REGISTRY },
      { channel: 'mesh', source: mesh.did('bob') },
    ]
    expect(imported).toMatchObject({ peer: cy, alias: 'cy', trustPolicy: 'most_restrictive', agreed })
    expect(await ada.audit({})).toContainEqual(
      expect.objectContaining({
        type: 'peer.imported',
        peer: cy,
        actor: 'agent:seeker',
        ext: expect.objectContaining({ agreed }),
      }),
    )
    expect(mesh.lines('ada')).toContainEqual(expect.objectContaining({ event: 'import.agreed' }))
  })

  it('may call nothing of it: an import permits nothing', async () => {
    const { mesh, list, ada, cy } = await towns()
    await using _mesh = mesh
    await list('cy')
    await ada.importAgreed({ did: cy }, agent)
    expect(await refusal(ada.invoke('cy/echo', { text: 'x' }))).toMatchObject({ code: 'policy_denied' })
  })

  it.each<[string, KernelInit, boolean, string]>([
    ['only the mesh names it', {}, false, 'not_found'],
    ['the configuration leaves it to an operator', { firstImport: { rule: 'operator' } }, true, 'policy_denied'],
    [
      'its name is one that rules speak of already',
      {
        policy: [
          {
            name: 'rules.yaml',
            text: 'rules: [{ id: r1, effect: allow, subject: "agent:*", resource: "cy/*", action: invoke }]',
          },
        ],
      },
      true,
      'invalid_request',
    ],
  ])('is refused when %s', async (_why, init, listed, code) => {
    const { mesh, list, ada, cy } = await towns({ firstImport: { registryUrls: [REGISTRY] }, ...init })
    await using _mesh = mesh
    if (listed) await list('cy')
    expect(await refusal(ada.importAgreed({ did: cy }, agent))).toMatchObject({ code })
    expect(await ada.peers()).toEqual([])
  })

  it('names no place, and no trust policy: an operator does', async () => {
    const { mesh, list, ada, cy } = await towns()
    await using _mesh = mesh
    await list('cy')
    const url = mesh.endpoint('cy')
    expect(await refusal(ada.importAgreed({ did: cy, url }, agent))).toMatchObject({ code: 'policy_denied' })
    expect(await refusal(ada.importAgreed({ did: cy, trustPolicy: 'remote_deferred' }, agent))).toMatchObject({
      code: 'policy_denied',
    })
    expect((await ada.importAgreed({ url })).agreed.map(({ channel }) => channel)).toEqual([
      'peer_url',
      'registry',
      'mesh',
    ])
  })

  it('changes nothing about what is imported already', async () => {
    const { mesh, list, ada, cy } = await towns()
    await using _mesh = mesh
    await list('cy')
    await ada.importAgreed({ did: cy }, agent)
    expect(await refusal(ada.importAgreed({ did: cy, as: 'other' }, agent))).toMatchObject({ code: 'invalid_request' })
    expect(await ada.peers()).toHaveLength(1)
  })
})

describe('channels that contradict each other', () => {
  it('import nothing, and are in the log', async () => {
    const { mesh, registry, ada, cy } = await towns()
    await using _mesh = mesh
    const { signManifest, signerFromSeed, sha256 } = await import('@hansa/trust')
    const { manifest } = await mesh.kernel('cy').advertise()
    const signer = signerFromSeed(sha256('1 cy identity'))
    const other = signManifest(signer, { ...manifest, name: 'other' })
    registry.listings.push({ manifest: other.jws, expires: 2_000_000_000 })
    expect(await refusal(ada.importAgreed({ did: cy }, agent))).toMatchObject({ code: 'descriptor_mismatch' })
    expect(await ada.peers()).toEqual([])
    const entries = await ada.audit({})
    expect(entries).toContainEqual(
      expect.objectContaining({
        type: 'discovery.conflict',
        peer: cy,
        ext: expect.objectContaining({ reason: expect.stringContaining(other.hash) }),
      }),
    )
    expect(await ada.governance.cases()).toContainEqual(expect.objectContaining({ subject: cy }))
  })
})
