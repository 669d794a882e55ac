/** Mallory's kernel shows one history of its log to alice and another one to carol, who gossip. */
import { exchangePaths } from '@hansa/protocols'
import { didKeyResolver } from '@hansa/trust'
import { type ForkReport, formatSubmission, readForkProof, verifyForkProof, verifyHistory } from '@hansa/trust/ledger'
import { describe, expect, it } from 'vitest'
import { entriesOf, outcomeOf } from '../harness/outcome.ts'
import { TestMesh } from '../harness/test-mesh.ts'

type Name = 'alice' | 'carol' | 'mallory' | 'twin'
const everything = [
  { name: 'p', text: 'rules: [{ id: all, effect: allow, subject: "*", action: invoke, resource: "*" }]' },
]
const policy = { policy: everything }

/** Alice deals with mallory, carol with the twin, who has the keys of mallory and another log under its name. */
async function twoFaces(): Promise<TestMesh<Name>> {
  // Whoever goes away is asked again at once when it is back.
  const alice = { ...policy, routing: { breaker: { failuresInARow: 1_000, minExchanges: 1_000 } } }
  const kernels = { alice, carol: policy, mallory: policy, twin: { ...policy, keysOf: 'mallory' } }
  const mesh = await TestMesh.create<Name>({ kernels })
  for (const name of ['mallory', 'twin', 'alice', 'carol'] as const) await serve(mesh, name)
  await mesh.join('alice', 'mallory', { as: 'm' })
  await mesh.join('carol', 'twin', { as: 'm' })
  return mesh
}

async function serve(mesh: TestMesh<Name>, name: Name): Promise<void> {
  await mesh.kernel(name).register({ id: 'read', safety: 'READ', limits: { calls_per_minute: 1_000 } }, () => 'read')
}

/** Two kernels that trade with each other tell each other what they have seen. */
async function meet(mesh: TestMesh<Name>, name: 'alice' | 'mallory'): Promise<void> {
  await mesh.join(name, 'carol', { as: 'c' })
  if (name === 'alice') await mesh.join('carol', name, { as: 'a' })
}

const call = (mesh: TestMesh<Name>, name: Name, ref = 'm/read') => outcomeOf(mesh.kernel(name).invoke(ref, {}))
const forksOf = async (mesh: TestMesh<Name>, name: Name) => (await mesh.kernel(name).status()).witnessing?.forks ?? []

/** What alice answers, as a witness, to the newest checkpoint of mallory; she is asked from the beginning. */
async function cosigned(mesh: TestMesh<Name>): Promise<number> {
  const body = Buffer.from(formatSubmission(0, [], mesh.kernel('mallory').ledger.checkpointNote()))
  const request = { endpoint: mesh.endpoint('alice'), path: exchangePaths.addCheckpoint, method: 'POST' as const, body }
  return (await mesh.network.transport('http://anybody.test').send({ ...request, maxReplyBytes: 100_000 })).status
}

/** What anybody says of the one file that a kernel wrote, with the key of mallory's log from outside. */
async function verified(mesh: TestMesh<Name>, name: Name, of: Name = 'mallory'): Promise<ForkReport> {
  const [text = ''] = mesh.evidence(name)
  const proof = readForkProof(Buffer.from(text))
  if (proof === undefined) throw new Error('no proof was written')
  return verifyForkProof(proof, { vkey: mesh.kernel(of).ledger.vkey, resolver: didKeyResolver() })
}

describe('a kernel with two histories', () => {
  it('is caught when its peers gossip, convicted by a file, and has no session any more', async () => {
    await using mesh = await twoFaces()
    expect([await call(mesh, 'carol'), await call(mesh, 'alice'), await call(mesh, 'alice')]).toEqual(
      Array(3).fill('released'),
    )
    await mesh.advance({ minutes: 13 })
    expect(await cosigned(mesh)).toBe(200)
    // A new session shows alice more of the log than carol has seen of the other one.
    for (let n = 0; n < 6; n++) await call(mesh, 'alice')
    expect([await forksOf(mesh, 'alice'), await forksOf(mesh, 'carol')]).toEqual([[], []])
    await meet(mesh, 'alice')
    await mesh.advance({ minutes: 5 })

    expect(await forksOf(mesh, 'alice')).toMatchObject([{ peer: mesh.kernel('mallory').did, claim: 'other_prefix' }])
    expect(await verified(mesh, 'alice')).toMatchObject({ verdict: 'fork', exitCode: 1, unchecked: [] })
    const [entry] = await entriesOf(mesh, 'alice', 'peer.evidence')
    expect(entry).toMatchObject({
      peer: mesh.kernel('mallory').did,
      ext: { hash: expect.any(String), checkpoint: { origin: mesh.kernel('mallory').ledger.origin } },
    })
    expect(mesh.lines('alice').filter(({ event }) => event === 'peer.forked')).toHaveLength(1)
    expect(await call(mesh, 'alice')).toBe('handshake_failed')
    expect(await mesh.kernel('alice').governance.cases()).toMatchObject([
      {
        subject: mesh.kernel('mallory').did,
        critical: true,
        opener: mesh.kernel('alice').did,
        inForce: { kind: 'quarantine', rule: 'automatic' },
      },
    ])
    // What was vouched for does not hold it up, and the tier that is left is in the log.
    const { standing } = mesh.kernel('alice')
    expect(await standing.explain('m')).toMatchObject({
      ...{ score: 0, tier: 'blocked', held: true },
      contributions: expect.arrayContaining([expect.objectContaining({ kind: 'critical', count: 1 })]),
      vouches: [{ source: 'operator', standing: 700, grave: true }],
    })
    expect((await entriesOf(mesh, 'alice', 'standing.changed')).at(-1)).toMatchObject({
      peer: mesh.did('mallory'),
      ext: { standing: 0, tier: 'blocked' },
    })
    expect(await cosigned(mesh)).toBe(404)
    expect(await mesh.kernel('alice').peers()).toMatchObject([
      { alias: 'c', state: 'ok' },
      { alias: 'm', state: 'blocked' },
    ])
  })

  it('does not get a session with whoever convicted it, also after a restart, until an operator takes it back', async () => {
    await using mesh = await twoFaces()
    await mesh.join('mallory', 'alice', { as: 'a' })
    for (let session = 0; session < 2; session++) {
      for (const name of ['carol', 'alice', 'alice'] as const) await call(mesh, name)
      await mesh.advance({ minutes: 13 })
    }
    await meet(mesh, 'alice')
    await mesh.advance({ minutes: 5 })
    expect(await forksOf(mesh, 'alice')).toHaveLength(1)
    expect(await call(mesh, 'mallory', 'a/read')).toBe('handshake_failed')
    await mesh.restart('alice')
    await serve(mesh, 'alice')
    expect(await forksOf(mesh, 'alice')).toHaveLength(1)
    expect([await call(mesh, 'mallory', 'a/read'), await call(mesh, 'alice')]).toEqual([
      'handshake_failed',
      'handshake_failed',
    ])
    await mesh.kernel('alice').removePeer('m', 'person:operator')
    expect(await forksOf(mesh, 'alice')).toEqual([])
    expect(await entriesOf(mesh, 'alice', 'peer.evidence')).toHaveLength(1)
    const report = await verifyHistory(mesh.disk('alice'), { vkey: mesh.kernel('alice').ledger.vkey })
    expect(report.faults).toEqual([])
  })

  it('is heard again when persons hold nothing against it, and not before its case is final', async () => {
    await using mesh = await twoFaces()
    await call(mesh, 'carol')
    for (let n = 0; n < 2; n++) await call(mesh, 'alice')
    await mesh.advance({ minutes: 13 })
    await meet(mesh, 'alice')
    await mesh.advance({ minutes: 5 })
    const { governance } = mesh.kernel('alice')
    const [{ id, critical } = { id: '', critical: false }] = await governance.cases()
    expect(critical).toBe(true)
    const by = 'person:ben'
    await governance.actOnCase({ id, by, act: { type: 'triage', reason: 'a look' } })
    const dismiss = { type: 'decide', reason: 'a test of ours', terms: { verdict: 'dismiss' } } as const
    await governance.actOnCase({ id, by, act: dismiss })
    expect(await call(mesh, 'alice')).toBe('handshake_failed')
    const score = async () => (await mesh.kernel('alice').standing.explain(mesh.did('mallory'))).score
    expect(await score()).toBe(0)
    await governance.actOnCase({ id, by, act: { type: 'close' } })
    expect(await forksOf(mesh, 'alice')).toEqual([])
    expect(await score()).toBeGreaterThan(0)
    expect(await entriesOf(mesh, 'alice', 'peer.evidence')).toHaveLength(1)
  })

  it('is caught in the handshake in which it shows the other one', async () => {
    await using mesh = await twoFaces()
    await mesh.advance({ seconds: 4 })
    for (let n = 0; n < 4; n++) await call(mesh, 'alice')
    await mesh.advance({ minutes: 13 })
    await call(mesh, 'alice')
    await mesh.stop('mallory')
    // Longer than a manifest is served, so that the twin has a newer one than mallory had.
    await mesh.advance({ minutes: 31 })
    for (let n = 0; n < 20; n++) await call(mesh, 'carol')
    await mesh.advance({ seconds: 4 })
    mesh.network.attach(mesh.endpoint('mallory'), mesh.kernel('twin').inbound)
    expect(await call(mesh, 'alice')).toBe('handshake_failed')
    await mesh.settle()
    expect(await forksOf(mesh, 'alice')).toMatchObject([{ claim: 'other_prefix' }])
    expect(await verified(mesh, 'alice', 'twin')).toMatchObject({ verdict: 'fork' })
    const [offered] = (await mesh.kernel('alice').capabilities()).filter(({ ref }) => ref === 'm/read')
    expect(offered).toMatchObject({ state: 'blocked', reason: expect.stringContaining('two histories') })
  })

  it('is suspected when it does not answer with a proof, and its own signature says so', async () => {
    await using mesh = await twoFaces()
    await call(mesh, 'alice')
    for (let n = 0; n < 9; n++) await call(mesh, 'carol')
    await mesh.advance({ minutes: 13 })
    for (let n = 0; n < 9; n++) await call(mesh, 'carol')
    await meet(mesh, 'alice')
    await mesh.advance({ minutes: 5 })
    expect(await forksOf(mesh, 'alice')).toMatchObject([{ claim: 'unproven' }])
    expect(await verified(mesh, 'alice')).toMatchObject({ verdict: 'suspected', exitCode: 2 })
    expect(await call(mesh, 'alice')).toBe('handshake_failed')
  })
})

describe('kernels with one history each', () => {
  it('gossip for a day and find nothing', async () => {
    const kernels = { alice: policy, carol: policy, mallory: policy, twin: policy }
    await using mesh = await TestMesh.create<Name>({ kernels })
    const names = ['alice', 'carol', 'mallory'] as const
    for (const name of names) await serve(mesh, name)
    for (const one of names) for (const other of names) if (one !== other) await mesh.join(one, other, { as: other })
    for (let hour = 0; hour < 6; hour++) {
      for (const one of names)
        for (const other of names) if (one !== other) expect(await call(mesh, one, `${other}/read`)).toBe('released')
      await mesh.advance({ minutes: 20 })
    }
    for (const name of names) {
      expect(mesh.errors(name)).toEqual([])
      expect(await forksOf(mesh, name)).toEqual([])
      expect(await entriesOf(mesh, name, 'peer.evidence')).toEqual([])
    }
    expect(mesh.network.tap.filter(({ path, reply }) => path === '/hansa/v1/heads' && reply?.status !== 200)).toEqual(
      [],
    )
  })

  it('are not convicted by whoever only sees less of their log than before: an older copy was started', async () => {
    await using mesh = await twoFaces()
    await mesh.advance({ seconds: 4 })
    const older = mesh.disk('mallory').copy()
    for (let n = 0; n < 4; n++) await call(mesh, 'alice')
    await mesh.advance({ minutes: 13 })
    await call(mesh, 'alice')
    await mesh.stop('mallory')
    const newer = mesh.disk('mallory')
    await mesh.startFrom('mallory', older)
    await serve(mesh, 'mallory')
    await mesh.advance({ minutes: 13 })
    expect(await call(mesh, 'alice')).toBe('handshake_failed')
    expect(await forksOf(mesh, 'alice')).toEqual([])
    await mesh.stop('mallory')
    await mesh.startFrom('mallory', newer)
    await serve(mesh, 'mallory')
    await mesh.advance({ minutes: 13 })
    expect(await call(mesh, 'alice')).toBe('released')
  })

  it('notice when somebody else holds more of the own log: its key signs elsewhere', async () => {
    await using mesh = await twoFaces()
    for (let n = 0; n < 9; n++) await call(mesh, 'carol')
    await mesh.advance({ minutes: 13 })
    for (let n = 0; n < 9; n++) await call(mesh, 'carol')
    await meet(mesh, 'mallory')
    await mesh.advance({ minutes: 3 })
    expect(mesh.lines('mallory').some(({ event }) => event === 'log.known_longer')).toBe(true)
  })
})
