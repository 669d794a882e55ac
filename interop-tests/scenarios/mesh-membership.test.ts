/** Kernels that take part in a mesh know each other, without a registry: whole kernels on a clock that the test holds. */
import { changedSignature } from '@hansa/trust/testing'
import { describe, expect, it } from 'vitest'
import { refusal } from '../harness/outcome.ts'
import { TestMesh } from '../harness/test-mesh.ts'
import { echo } from '../harness/two-orgs.ts'

const by = 'person:olga'
const names = ['ada', 'bob', 'cy', 'dee', 'eve'] as const
type Name = (typeof names)[number]
type Mesh = TestMesh<Name>

/** Nobody is in it yet. */
async function towns(): Promise<Mesh> {
  const mesh: Mesh = await TestMesh.create({ strangers: true, kernels: { ada: {}, bob: {}, cy: {}, dee: {}, eve: {} } })
  for (const name of names) await mesh.kernel(name).register(echo, (args) => args)
  return mesh
}

/** @param through the one that it is told of. @default nobody: it waits */
async function join(mesh: Mesh, name: Name, through?: Name): Promise<void> {
  const manifest = through === undefined ? undefined : (await mesh.kernel(through).advertise()).jws
  await mesh.kernel(name).mesh.join({ by, ...(manifest !== undefined && { manifest }) })
}

/** Each is told of the one before it only. */
async function joinInARow(mesh: Mesh, row: readonly Name[] = names): Promise<void> {
  for (const [at, name] of row.entries()) await join(mesh, name, row[at - 1])
}

async function known(mesh: Mesh, name: Name): Promise<string[]> {
  return (await mesh.kernel(name).mesh.status()).known.map((one) => one.name ?? one.did)
}

describe('a mesh', () => {
  it('lets every kernel know of every other one, each told of one', async () => {
    await using mesh = await towns()
    await joinInARow(mesh)
    await mesh.advance({ seconds: 2 })
    for (const name of names) expect(await known(mesh, name)).toEqual(names.filter((other) => other !== name))
    expect(names.flatMap((name) => mesh.errors(name))).toEqual([])
  })

  it('is asked without a place: agent code finds what is offered, and by whom', async () => {
    await using mesh = await towns()
    await joinInARow(mesh)
    await mesh.advance({ seconds: 2 })
    const { peers } = await mesh.kernel('ada').discoverPeers()
    expect(peers.map(({ signed, by: channels }) => [signed.manifest.name, channels])).toEqual(
      expect.arrayContaining([['eve', ['mesh']]]),
    )
    expect(peers).toHaveLength(4)
    expect((await mesh.kernel('ada').discoverPeers({ capability: 'no.such' })).peers).toEqual([])
    expect((await mesh.kernel('ada').discoverPeers({ did: mesh.did('cy') })).peers).toMatchObject([
      { did: mesh.did('cy') },
    ])
  })

  it('grants nothing: what is known is not callable before it is imported', async () => {
    await using mesh = await towns()
    await joinInARow(mesh)
    await mesh.advance({ seconds: 2 })
    expect(await refusal(mesh.kernel('ada').invoke('eve/echo', {}))).toMatchObject({ code: 'not_found' })
  })

  it('says what is new as soon as it is offered', async () => {
    await using mesh = await towns()
    await joinInARow(mesh)
    await mesh.advance({ seconds: 2 })
    await mesh.kernel('eve').register({ ...echo, id: 'news.read' }, (args) => args)
    await mesh.advance({ seconds: 1 })
    expect((await mesh.kernel('ada').discoverPeers({ capability: 'news.read' })).peers).toMatchObject([
      { did: mesh.did('eve') },
    ])
  })

  it('goes on without the one through which it began', async () => {
    await using mesh = await towns()
    await joinInARow(mesh, ['ada', 'bob', 'cy', 'dee'])
    await mesh.advance({ seconds: 5 })
    await mesh.stop('ada')
    await mesh.advance({ seconds: 30 })
    await join(mesh, 'eve', 'dee')
    await mesh.advance({ seconds: 5 })
    expect(await known(mesh, 'bob')).toContain('eve')
    expect(await known(mesh, 'eve')).toEqual(expect.arrayContaining(['bob', 'cy', 'dee']))
    await mesh.start('ada')
  })

  it('comes together again after it was cut in two', async () => {
    await using mesh = await towns()
    await joinInARow(mesh, ['ada', 'bob', 'cy', 'dee'])
    await mesh.advance({ seconds: 5 })
    const [left, right] = [['ada', 'bob'] as const, ['cy', 'dee'] as const]
    const heals = left.flatMap((one) =>
      right.map((other) => mesh.network.partition(mesh.endpoint(one), mesh.endpoint(other))),
    )
    await mesh.kernel('ada').register({ ...echo, id: 'while.apart' }, (args) => args)
    await mesh.advance({ minutes: 3 })
    for (const heal of heals) heal()
    await mesh.advance({ seconds: 8 })
    expect((await mesh.kernel('dee').discoverPeers({ capability: 'while.apart' })).peers).toHaveLength(1)
  })

  it('forgets a kernel that leaves, everywhere, and takes it back when it joins again', async () => {
    await using mesh = await towns()
    await joinInARow(mesh)
    await mesh.advance({ seconds: 2 })
    const after = await mesh.kernel('cy').mesh.leave({ by })
    expect(after).toMatchObject({ member: false, neighbours: [] })
    await mesh.advance({ seconds: 2 })
    for (const name of ['ada', 'bob', 'dee', 'eve'] as const) expect(await known(mesh, name)).not.toContain('cy')
    await join(mesh, 'cy', 'ada')
    await mesh.advance({ seconds: 2 })
    expect(await known(mesh, 'eve')).toContain('cy')
    const entries = await mesh.kernel('cy').audit({ from: 0 })
    const types = entries.map(({ type }) => type).filter((type) => type.startsWith('mesh.'))
    expect(types).toEqual(['mesh.joined', 'mesh.left', 'mesh.joined'])
  })

  it('is where it was after a restart', async () => {
    await using mesh = await towns()
    await joinInARow(mesh)
    await mesh.advance({ seconds: 2 })
    await mesh.restart('dee')
    await mesh.advance({ seconds: 10 })
    expect(await mesh.kernel('dee').mesh.status()).toMatchObject({ member: true, kernels: 4 })
  })

  it('is left out by kernels that take no part: they ask nobody, and answer what they are asked', async () => {
    await using mesh = await towns()
    await join(mesh, 'ada', 'bob')
    await mesh.advance({ seconds: 30 })
    expect(await known(mesh, 'ada')).toEqual(['bob'])
    expect(await mesh.kernel('bob').mesh.status()).toMatchObject({ member: false, neighbours: [] })
    expect(mesh.network.tap.filter(({ source }) => source === mesh.endpoint('bob'))).toEqual([])
  })
})

describe('joining', () => {
  it('says what is wrong with the manifest, and changes nothing', async () => {
    await using mesh = await towns()
    const ada = mesh.kernel('ada')
    const own = (await ada.advertise()).jws
    expect(await refusal(ada.mesh.join({ by, manifest: own }))).toMatchObject({ code: 'invalid_request' })
    expect(await refusal(ada.mesh.join({ by, manifest: changedSignature(own) }))).toMatchObject({
      code: 'invalid_request',
    })
    expect(await ada.mesh.status()).toMatchObject({ member: false })
  })

  it('through a kernel that does not answer is told, and asked again until it does', async () => {
    await using mesh = await towns()
    await join(mesh, 'bob')
    const manifest = (await mesh.kernel('bob').advertise()).jws
    await mesh.stop('bob')
    const ada = mesh.kernel('ada')
    expect(await refusal(ada.mesh.join({ by, manifest }))).toMatchObject({ code: 'remote_refused' })
    expect((await ada.mesh.status()).neighbours).toMatchObject([
      { did: mesh.did('bob'), named: true, fault: expect.any(String) },
    ])
    await mesh.start('bob')
    await mesh.advance({ seconds: 30 })
    expect((await ada.mesh.status()).neighbours).toMatchObject([{ heard: expect.any(Number) }])
  })

  it('cannot be left twice', async () => {
    await using mesh = await towns()
    expect(await refusal(mesh.kernel('ada').mesh.leave({ by }))).toMatchObject({ code: 'invalid_request' })
  })
})
