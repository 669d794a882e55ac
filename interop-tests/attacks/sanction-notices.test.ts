/** Mallory talks about others: notices of sanctions without a proof, with proofs that prove nothing, and very many of them. */
import { type NoticeEvidence, SANCTION_NOTICE_TYP, type SanctionNotice } from '@hansa/protocols'
import { didKeyResolver, randomId, type Signer, sha256, signerFromSeed, signJws, signManifest } from '@hansa/trust'
import { readEquivocationProof, verifyEquivocation } from '@hansa/trust/governance'
import { aManifest, carol, mallory } from '@hansa/trust/testing'
import { describe, expect, it } from 'vitest'
import { entriesOf, outcomeOf } from '../harness/outcome.ts'
import { RoguePeer } from '../harness/rogue-peer.ts'
import { TestMesh } from '../harness/test-mesh.ts'

type Name = 'alice' | 'bob' | 'victim'
const policy = [{ name: 'p', text: 'rules: [{ id: all, effect: allow, subject: "*", action: invoke, resource: "*" }]' }]
/** The keys of a kernel of the mesh, which only an attacker who has them could use like this. */
const victimSigner = signerFromSeed(sha256('1 victim identity'))

async function threeKernels(): Promise<TestMesh<Name>> {
  const mesh = await TestMesh.create<Name>({ kernels: { alice: { policy }, bob: { policy }, victim: { policy } } })
  for (const name of mesh.names) {
    await mesh.kernel(name).register({ id: 'read', safety: 'READ', limits: { calls_per_minute: 5_000 } }, () => 'read')
    await mesh.kernel(name).register({ id: 'write', safety: 'WRITE' }, () => 'written')
  }
  await mesh.join('victim', 'bob', { as: 'bob' })
  await mesh.join('bob', 'victim', { as: 'victim' })
  await mesh.join('bob', 'alice', { as: 'alice' })
  await mesh.join('alice', 'victim', { as: 'victim' })
  return mesh
}

function notice(mesh: TestMesh<Name>, signer: Signer, over: Partial<SanctionNotice> = {}): string {
  const iat = Math.floor(mesh.clock.now() / 1000)
  return signJws(signer, SANCTION_NOTICE_TYP, {
    ...{ v: 1, iss: signer.did, subject: mesh.did('victim'), case: randomId(), kind: 'ban', until: null },
    ...{ reason: 'it lies', iat, evidence: [] },
    ...over,
  }).jws
}
const manifest = (name: string, signer = victimSigner) =>
  signManifest(signer, aManifest({ kernel_id: signer.did, name })).jws
const equivocation = (signer = victimSigner): NoticeEvidence => ({
  kind: 'equivocation',
  manifests: [manifest('one', signer), manifest('another', signer)],
})
const works = async (mesh: TestMesh<Name>) => [
  await outcomeOf(mesh.kernel('victim').invoke('bob/read', {})),
  await outcomeOf(mesh.kernel('victim').invoke('bob/write', {})),
]
const standingOf = async (mesh: TestMesh<Name>) => {
  const { score, tier } = await mesh.kernel('bob').standing.explain(mesh.did('victim'))
  return { score, tier }
}
const cases = (mesh: TestMesh<Name>, name: Name = 'bob') => mesh.kernel(name).governance.cases()

describe('slander', () => {
  it('of a thousand notices opens one case, imposes nothing, and is bounded', async () => {
    await using mesh = await threeKernels()
    const rogues = await Promise.all(
      [mallory, carol, ...['x', 'y', 'z'].map((name) => signerFromSeed(sha256(name)))].map(async (signer) => ({
        signer,
        peer: await RoguePeer.open(mesh, 'bob', signer),
      })),
    )
    const statuses: number[] = []
    for (let n = 0; n < 200; n++)
      for (const { signer, peer } of rogues) statuses.push(await peer.notice(notice(mesh, signer)))
    expect(statuses).toHaveLength(1_000)
    expect(statuses.filter((status) => status === 200)).toHaveLength(5 * 6)
    expect(new Set(statuses)).toEqual(new Set([200, 429]))
    expect(await cases(mesh)).toMatchObject([{ critical: false, state: 'open', inForce: null }])
    expect(await works(mesh)).toEqual(['released', 'released'])
    const told = (await entriesOf(mesh, 'bob')).filter(({ type }) => /^(?:case|sanction|token)\./.test(type))
    expect(told.map(({ type }) => type)).toEqual(['case.opened'])
  })

  it('of a day does not open more than it may either', async () => {
    await using mesh = await threeKernels()
    const before = (await entriesOf(mesh, 'bob')).length
    for (let minute = 0; minute < 40; minute++) {
      if (minute % 10 === 0) mesh.clock.advance(60_000)
      const peer = await RoguePeer.open(mesh, 'bob', mallory)
      for (let n = 0; n < 7; n++) await peer.notice(notice(mesh, mallory))
      mesh.clock.advance(61_000)
    }
    expect(await cases(mesh)).toMatchObject([{ inForce: null }])
    expect((await entriesOf(mesh, 'bob')).length - before).toBeLessThan(150)
    expect(await works(mesh)).toEqual(['released', 'released'])
  })

  it.each<[string, (mesh: TestMesh<Name>) => NoticeEvidence]>([
    ['manifests of mallory herself', () => equivocation(mallory)],
    ['one manifest twice', () => ({ kind: 'equivocation', manifests: [manifest('one'), manifest('one')] })],
    [
      'a manifest that she forged',
      (mesh) => {
        const forged = signJws(mallory, 'hansa-manifest+jws', aManifest({ kernel_id: mesh.did('victim') })).jws
        return { kind: 'equivocation', manifests: [manifest('one'), forged] }
      },
    ],
    ['an entry of her own log', () => ({ kind: 'entry', origin: 'm/log/1', seq: 1, leaf_hash: 'A'.repeat(43) })],
  ])('with %s for a proof has no effect', async (_what, evidence) => {
    await using mesh = await threeKernels()
    const peer = await RoguePeer.open(mesh, 'bob')
    expect(await peer.notice(notice(mesh, mallory, { evidence: [evidence(mesh)] }))).toBe(200)
    expect(await cases(mesh)).toMatchObject([{ critical: false, inForce: null }])
    expect(await works(mesh)).toEqual(['released', 'released'])
  })

  it('of kernels that nobody here knows opens nothing', async () => {
    await using mesh = await threeKernels()
    const peer = await RoguePeer.open(mesh, 'bob')
    for (let n = 0; n < 3; n++) {
      const stranger = signerFromSeed(sha256(`stranger ${n}`))
      const evidence = [equivocation(stranger)]
      expect(await peer.notice(notice(mesh, mallory, { subject: stranger.did, evidence }))).toBe(200)
    }
    expect(await peer.notice(notice(mesh, mallory, { subject: mesh.did('bob') }))).toBe(200)
    expect(await cases(mesh)).toEqual([])
  })

  it.each<[string, number, (mesh: TestMesh<Name>, peer: RoguePeer) => Promise<number>]>([
    ['without a session', 401, (mesh, peer) => peer.notice(notice(mesh, mallory), randomId())],
    ['of another kernel, which she only passes on', 400, (mesh, peer) => peer.notice(notice(mesh, carol))],
    ['about herself', 400, (mesh, peer) => peer.notice(notice(mesh, mallory, { subject: mallory.did }))],
    ['that is no notice', 400, (_mesh, peer) => peer.notice('a.b.c')],
    [
      'in the session of another kernel',
      400,
      async (mesh, peer) => {
        const other = await RoguePeer.open(mesh, 'bob', carol)
        return peer.notice(notice(mesh, mallory), other.sid)
      },
    ],
  ])('%s is answered with %i', async (_what, status, post) => {
    await using mesh = await threeKernels()
    const peer = await RoguePeer.open(mesh, 'bob')
    expect(await post(mesh, peer)).toBe(status)
    expect(await cases(mesh)).toEqual([])
  })

  it('by a kernel that is sanctioned itself is not heard', async () => {
    await using mesh = await threeKernels()
    const { governance } = mesh.kernel('bob')
    const { id } = await governance.openCase({ subject: mallory.did, reason: 'r', evidence: [], by: 'person:ana' })
    const triage = { type: 'triage', reason: 'r', interim: 'quarantine' } as const
    await governance.actOnCase({ id, by: 'person:ben', act: triage })
    const peer = await RoguePeer.open(mesh, 'bob')
    expect(await peer.notice(notice(mesh, mallory, { evidence: [equivocation()] }))).toBe(403)
    expect(await works(mesh)).toEqual(['released', 'released'])
  })
})

describe('a proof that convicts by itself', () => {
  it('acts at once whoever brings it, once, and for seven days at the most', async () => {
    await using mesh = await threeKernels()
    const peer = await RoguePeer.open(mesh, 'bob')
    const evidence = [equivocation()]
    expect(await peer.notice(notice(mesh, mallory, { evidence, kind: 'warn' }))).toBe(200)
    expect(await works(mesh)).toEqual(['policy_denied', 'policy_denied'])
    expect(await peer.notice(notice(mesh, mallory, { evidence }))).toBe(200)
    const [found, ...more] = await cases(mesh)
    expect(more).toEqual([])
    const until = (found?.opened ?? 0) + 7 * 86_400
    expect(found).toMatchObject({
      critical: true,
      opener: mallory.did,
      inForce: { kind: 'quarantine', rule: 'automatic', until },
    })
    expect(await standingOf(mesh)).toMatchObject({ score: 0, tier: 'blocked' })
    await mesh.restart('bob')
    expect(await standingOf(mesh)).toMatchObject({ score: 0, tier: 'blocked' })
    expect((await cases(mesh)).map(({ id }) => id)).toEqual([found?.id])
  })

  it('is found by a kernel itself, and told to others, who verify it again', async () => {
    await using mesh = await threeKernels()
    const { name: origin, vkey } = mesh.logKey('victim')
    const of = { seq: 4_000_000_000, logs: [{ origin, vkey }] }
    const shown = (name: string) => RoguePeer.open(mesh, 'bob', victimSigner, { ...of, name })
    await shown('one')
    await expect(shown('another')).rejects.toThrow(/handshake_failed/)
    await mesh.settle()
    const [found] = await cases(mesh)
    expect(found).toMatchObject({
      critical: true,
      subject: mesh.did('victim'),
      opener: mesh.did('bob'),
      inForce: { kind: 'quarantine' },
      evidence: [{ kind: 'equivocation' }],
    })
    expect(await mesh.kernel('bob').governance.notifyCase({ id: found?.id ?? '' })).toMatchObject([
      { alias: 'alice', delivered: true },
    ])
    expect(await cases(mesh, 'alice')).toMatchObject([
      { critical: true, subject: mesh.did('victim'), opener: mesh.did('bob'), inForce: { kind: 'quarantine' } },
    ])
    expect(await outcomeOf(mesh.kernel('alice').invoke('victim/write', {}))).toBe('policy_denied')
    expect((await entriesOf(mesh, 'bob', 'notice.sent')).map(({ ext }) => ext?.count)).toEqual([1])
  })

  it('is found across a restart of who was shown the first manifest, and is a file that anybody verifies', async () => {
    await using mesh = await threeKernels()
    const { name: origin, vkey } = mesh.logKey('victim')
    const of = { seq: 4_000_000_000, logs: [{ origin, vkey }] }
    await RoguePeer.open(mesh, 'bob', victimSigner, { ...of, name: 'one' })
    await mesh.restart('bob')
    await expect(RoguePeer.open(mesh, 'bob', victimSigner, { ...of, name: 'another' })).rejects.toThrow(/handshake/)
    await mesh.settle()
    await mesh.restart('bob')
    const [{ id } = { id: '' }] = await cases(mesh)
    const [proof, ...more] = await mesh.kernel('bob').governance.caseProofs(id)
    expect([proof?.kind, more]).toEqual(['equivocation', []])
    const read = readEquivocationProof(Buffer.from(proof?.text ?? ''))
    if (read === undefined) throw new TypeError('no proof')
    expect(await verifyEquivocation(read, didKeyResolver())).toMatchObject({
      verdict: 'equivocation',
      exitCode: 1,
      subject: mesh.did('victim'),
      seq: 4_000_000_000,
    })
    const [first] = read.manifests
    const judged = (over: object) => verifyEquivocation({ ...read, ...over }, didKeyResolver())
    expect(await judged({ manifests: [first, first] })).toMatchObject({ verdict: 'no_proof' })
    expect(await judged({ subject: mallory.did })).toMatchObject({ verdict: 'no_proof' })
    expect(await judged({ manifests: [first, manifest('other', mallory)] })).toMatchObject({ verdict: 'no_proof' })
  })

  it('that persons dismiss stays dismissed, also when it is brought again', async () => {
    await using mesh = await threeKernels()
    const peer = await RoguePeer.open(mesh, 'bob')
    const evidence = [equivocation()]
    await peer.notice(notice(mesh, mallory, { evidence }))
    const { governance } = mesh.kernel('bob')
    const [{ id } = { id: '' }] = await cases(mesh)
    await governance.actOnCase({ id, by: 'person:ben', act: { type: 'triage', reason: 'r' } })
    const dismiss = { type: 'decide', reason: 'its keys were stolen', terms: { verdict: 'dismiss' } } as const
    await governance.actOnCase({ id, by: 'person:ben', act: dismiss })
    expect(await standingOf(mesh)).toMatchObject({ score: 0, tier: 'blocked' })
    await governance.actOnCase({ id, by: 'person:ben', act: { type: 'close' } })
    expect((await standingOf(mesh)).score).toBeGreaterThan(0)
    expect((await governance.case(id)).inForce).toBeNull()
    await peer.notice(notice(mesh, mallory, { evidence }))
    expect(await cases(mesh)).toMatchObject([{ state: 'final', inForce: null }])
    expect((await standingOf(mesh)).score).toBeGreaterThan(0)
  })

  it('is told to nobody without a sanction in force, nor about a principal', async () => {
    await using mesh = await threeKernels()
    const { governance } = mesh.kernel('bob')
    const open = (subject: string) => governance.openCase({ subject, reason: 'r', evidence: [], by: 'person:ana' })
    const [kernel, agent] = [await open(mesh.did('victim')), await open('agent:x')]
    await expect(governance.notifyCase({ id: kernel.id })).rejects.toThrow(/no sanction of this case is in force/)
    await expect(governance.notifyCase({ id: agent.id })).rejects.toThrow(/about another kernel/)
  })
})
