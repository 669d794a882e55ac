/** Mallory wants to be trusted for what nobody agreed to: one signature, other terms, old terms, other parties, other times. */
import {
  AGREEMENT_ACCEPTANCE_TYP,
  AGREEMENT_TYP,
  type Agreement,
  type AgreementInfo,
  exchangePaths,
  REVOCATION_TYP,
} from '@hansa/protocols'
import { randomId, type Signer, sha256, signerFromSeed, signJws, taggedHash } from '@hansa/trust'
import { carol, mallory } from '@hansa/trust/testing'
import { describe, expect, it } from 'vitest'
import { entriesOf, outcomeOf } from '../harness/outcome.ts'
import { RoguePeer, statusOf } from '../harness/rogue-peer.ts'
import { TestMesh } from '../harness/test-mesh.ts'

type Name = 'orga' | 'orgb'
type Mesh = TestMesh<Name>

const DAY = 86_400
const rules =
  'rules: [{ id: all, effect: allow, subject: "*", action: invoke, resource: "*" }, { id: agreed-only, effect: deny, subject: "did:*", action: invoke, resource: "*", when: "!agreement.covers" }]'
const policy = [{ name: 'p', text: rules }]
/** Whoever has the keys of orga: mallory, where they are stolen. */
const orga = signerFromSeed(sha256('1 orga identity'))
const by = 'person:bjorn'

async function houses(): Promise<Mesh> {
  const mesh: Mesh = await TestMesh.create<Name>({
    strangers: true,
    kernels: { orga: { policy }, orgb: { policy, peers: [{ did: mallory.did, alias: 'mallory', standing: 200 }] } },
  })
  for (const name of mesh.names) await mesh.kernel(name).register({ id: 'files.read', safety: 'READ' }, () => 'text')
  await mesh.join('orga', 'orgb', { as: 'orgb' })
  await mesh.join('orgb', 'orga', { as: 'orga' })
  return mesh
}

const seconds = (mesh: Mesh) => Math.floor(mesh.clock.now() / 1000)

function terms(mesh: Mesh, over: Partial<Agreement> = {}): Agreement {
  const now = seconds(mesh)
  return {
    ...{ v: 1, jti: randomId(), iss: mallory.did, aud: mesh.did('orgb'), purpose: 'billing', standing: 700, iat: now },
    iss_permits: { capabilities: [], labels: [] },
    aud_permits: { capabilities: ['*'], labels: ['PII', 'PCI', 'SECRET'] },
    ...{ from: now, until: now + 30 * DAY, accept_by: now + DAY },
    ...over,
  }
}

const proposal = (mesh: Mesh, over: Partial<Agreement> = {}, signer: Signer = mallory) =>
  signJws(signer, AGREEMENT_TYP, terms(mesh, { iss: signer.did, ...over }))
const hashOf = ({ payloadBytes }: { payloadBytes: Uint8Array }) => taggedHash('agreement', payloadBytes)
const acceptance = (mesh: Mesh, agreement: string, signer: Signer, over: object = {}) =>
  signJws(signer, AGREEMENT_ACCEPTANCE_TYP, {
    ...{ v: 1, iss: signer.did, aud: mesh.did('orgb'), agreement, iat: seconds(mesh) },
    ...over,
  }).jws

const held = (mesh: Mesh, name: Name = 'orgb') => mesh.kernel(name).agreements.list()
const scoreOf = async (mesh: Mesh, did = mallory.did) => (await mesh.kernel('orgb').standing.explain(did)).score
const calls = (peer: RoguePeer) => peer.call({ cap: 'files.read', args: {} })
const offered = (mesh: Mesh, init: object = {}): Promise<AgreementInfo> =>
  mesh.kernel('orgb').agreements.propose({
    ...{ with: 'mallory', purpose: 'billing', permit: ['files.read'], until: seconds(mesh) + 30 * DAY, by },
    ...init,
  })

/** What mallory is worth, and whether her call passes rules that ask for an agreement. */
async function gained(mesh: Mesh, peer: RoguePeer): Promise<unknown[]> {
  return [await scoreOf(mesh), (await calls(peer)).receipt?.code]
}
const NOTHING = [200, 'policy_denied']

describe('one signature', () => {
  it('of mallory alone is a proposal, gives her nothing, and waits for a person', async () => {
    await using mesh = await houses()
    const peer = await RoguePeer.open(mesh, 'orgb')
    expect(await peer.agreement('proposal', proposal(mesh).jws)).toBe(200)
    expect(await held(mesh)).toMatchObject([{ state: 'proposed', own: false }])
    expect(await gained(mesh, peer)).toEqual(NOTHING)
  })

  it('of hers under both halves is none: who proposes cannot accept', async () => {
    await using mesh = await houses()
    const peer = await RoguePeer.open(mesh, 'orgb')
    const mine = proposal(mesh)
    await peer.agreement('proposal', mine.jws)
    expect(await peer.agreement('acceptance', acceptance(mesh, hashOf(mine), mallory))).toBe(400)
    expect(await held(mesh)).toMatchObject([{ state: 'proposed' }])
    expect(await gained(mesh, peer)).toEqual(NOTHING)
  })
})

describe('a proposal', () => {
  it.each<[string, (mesh: Mesh) => string]>([
    ['of another kernel, which she only passes on', (mesh) => proposal(mesh, {}, carol).jws],
    ['in the name of another kernel', (mesh) => proposal(mesh, { iss: mesh.did('orga') }).jws],
    ['for another kernel', (mesh) => proposal(mesh, { aud: mesh.did('orga') }).jws],
    ['with the parties swapped', (mesh) => proposal(mesh, { iss: mesh.did('orgb'), aud: mallory.did }).jws],
    ['that begins before it was proposed', (mesh) => proposal(mesh, { from: seconds(mesh) - 1 }).jws],
    [
      'that is back-dated, so that it is over before it can be accepted',
      (mesh) => proposal(mesh, { iat: seconds(mesh) - 2 * DAY, accept_by: seconds(mesh) - DAY }).jws,
    ],
    ['from the future', (mesh) => proposal(mesh, { iat: seconds(mesh) + 120, from: seconds(mesh) + 120 }).jws],
    ['that vouches for more than an agreement may', (mesh) => proposal(mesh, { standing: 899 }).jws],
    ['for ten years', (mesh) => proposal(mesh, { until: seconds(mesh) + 3_650 * DAY }).jws],
    ['that says what nobody can read', (mesh) => proposal(mesh, { secret: 1 } as object).jws],
    ['of another type', (mesh) => signJws(mallory, 'hansa-sponsor+jws', terms(mesh)).jws],
  ])('%s is refused', async (_what, make) => {
    await using mesh = await houses()
    const peer = await RoguePeer.open(mesh, 'orgb')
    expect(await peer.agreement('proposal', make(mesh))).toBe(400)
    expect(await held(mesh)).toEqual([])
  })

  it('without a session, and of a kernel that no operator has made known, is refused', async () => {
    await using mesh = await houses()
    const peer = await RoguePeer.open(mesh, 'orgb')
    expect(await peer.agreement('proposal', proposal(mesh).jws, randomId())).toBe(401)
    const stranger = await RoguePeer.open(mesh, 'orgb', carol)
    expect(await stranger.agreement('proposal', proposal(mesh, {}, carol).jws)).toBe(403)
    expect(await held(mesh)).toEqual([])
  })

  it('comes no more often than a person can read, and fills neither the list nor the log', async () => {
    await using mesh = await houses()
    const before = (await entriesOf(mesh, 'orgb')).length
    for (let minute = 0; minute < 4; minute++) {
      const peer = await RoguePeer.open(mesh, 'orgb')
      for (let n = 0; n < 20; n++) await peer.agreement('proposal', proposal(mesh).jws)
      await mesh.advance({ seconds: 64 })
    }
    expect(await held(mesh)).toHaveLength(8)
    const told = (await entriesOf(mesh, 'orgb')).slice(before).filter(({ type }) => type.startsWith('agreement.'))
    expect(told).toHaveLength(8)
  })

  it('that was changed after it was read is another one: what was accepted is what was read', async () => {
    await using mesh = await houses()
    const peer = await RoguePeer.open(mesh, 'orgb')
    const read = proposal(mesh, { jti: 'A'.repeat(22), aud_permits: { capabilities: [], labels: [] } })
    const changed = proposal(mesh, { jti: 'A'.repeat(22) })
    await peer.agreement('proposal', read.jws)
    await peer.agreement('proposal', changed.jws)
    await mesh.kernel('orgb').agreements.accept({ id: hashOf(read), by })
    const states = (await held(mesh)).map(({ id, state }) => [id, state])
    expect(states).toContainEqual([hashOf(changed), 'proposed'])
    expect((await calls(peer)).receipt?.code).toBe('policy_denied')
  })

  it('that was rejected does not come back', async () => {
    await using mesh = await houses()
    const peer = await RoguePeer.open(mesh, 'orgb')
    const mine = proposal(mesh)
    await peer.agreement('proposal', mine.jws)
    await mesh.kernel('orgb').agreements.reject({ id: hashOf(mine), by })
    expect(await peer.agreement('proposal', mine.jws)).toBe(400)
    expect(await held(mesh)).toMatchObject([{ state: 'ended', end: { why: 'rejected' } }])
  })
})

describe('an acceptance', () => {
  it('of what was proposed to her is in force, and of nothing else', async () => {
    await using mesh = await houses()
    const peer = await RoguePeer.open(mesh, 'orgb')
    const { id } = await offered(mesh)
    expect(await peer.agreement('acceptance', acceptance(mesh, id, mallory))).toBe(200)
    expect(await held(mesh)).toMatchObject([{ state: 'in_force' }])
    expect(await scoreOf(mesh)).toBe(700)
    expect((await calls(peer)).receipt?.status).toBe('ok')
  })

  it.each<[string, (mesh: Mesh, id: string, other: string) => string]>([
    ['of other terms', (mesh) => acceptance(mesh, hashOf(proposal(mesh)), mallory)],
    ['of what was proposed to somebody else', (mesh, _id, other) => acceptance(mesh, other, mallory)],
    ['by somebody else', (mesh, id) => acceptance(mesh, id, carol)],
    ['in the name of somebody else', (mesh, id) => acceptance(mesh, id, mallory, { iss: carol.did })],
    ['for another kernel', (mesh, id) => acceptance(mesh, id, mallory, { aud: mesh.did('orga') })],
    ['from before the proposal', (mesh, id) => acceptance(mesh, id, mallory, { iat: seconds(mesh) - 3_600 })],
    ['from the future', (mesh, id) => acceptance(mesh, id, mallory, { iat: seconds(mesh) + 3_600 })],
    ['of another type', (_mesh, id) => signJws(mallory, AGREEMENT_TYP, { agreement: id, iss: mallory.did }).jws],
  ])('%s is refused', async (_what, make) => {
    await using mesh = await houses()
    const peer = await RoguePeer.open(mesh, 'orgb')
    const { id } = await offered(mesh)
    const { id: other } = await offered(mesh, { with: 'orga' })
    expect(await peer.agreement('acceptance', make(mesh, id, other))).toBe(400)
    expect((await held(mesh)).map(({ state }) => state)).toEqual(['proposed', 'proposed'])
    expect(await gained(mesh, peer)).toEqual(NOTHING)
  })

  it('that comes too late is none, whatever time it names', async () => {
    await using mesh = await houses()
    const { id } = await offered(mesh, { acceptBy: seconds(mesh) + 60 })
    const early = acceptance(mesh, id, mallory)
    await mesh.advance({ seconds: 64 })
    const peer = await RoguePeer.open(mesh, 'orgb')
    expect(await peer.agreement('acceptance', early)).toBe(400)
    expect(await held(mesh)).toMatchObject([{ state: 'ended', end: { why: 'lapsed' } }])
  })

  it('of a proposal that was taken back, and of an agreement that has ended, brings nothing back', async () => {
    await using mesh = await houses()
    const peer = await RoguePeer.open(mesh, 'orgb')
    const { id: taken } = await offered(mesh)
    await mesh.kernel('orgb').agreements.end({ id: taken, by })
    expect(await peer.agreement('acceptance', acceptance(mesh, taken, mallory))).toBe(400)
    const { id: ended } = await offered(mesh)
    const accepted = acceptance(mesh, ended, mallory)
    expect(await peer.agreement('acceptance', accepted)).toBe(200)
    await mesh.kernel('orgb').agreements.end({ id: ended, by })
    expect(await peer.agreement('acceptance', accepted)).toBe(400)
    await mesh.restart('orgb')
    await mesh.kernel('orgb').register({ id: 'files.read', safety: 'READ' }, () => 'text')
    const again = await RoguePeer.open(mesh, 'orgb')
    expect(await again.agreement('acceptance', accepted)).toBe(400)
    expect((await held(mesh)).map(({ state }) => state)).toEqual(['ended', 'ended'])
    expect(await gained(mesh, again)).toEqual(NOTHING)
  })
})

describe('a stolen key', () => {
  it('signs nothing once it is revoked, and what it signed since it was stolen ends', async () => {
    await using mesh = await houses()
    const stolen = seconds(mesh)
    await mesh.advance({ minutes: 5 })
    const peer = await RoguePeer.open(mesh, 'orgb', orga)
    const mine = proposal(mesh, {}, orga)
    expect(await peer.agreement('proposal', mine.jws)).toBe(200)
    const { id } = await mesh
      .kernel('orgb')
      .agreements.accept({ id: hashOf(mine), by })
      .catch(() => ({ id: hashOf(mine) }))
    expect(['accepted', 'in_force']).toContain((await mesh.kernel('orgb').agreements.show(id)).state)
    await mesh.kernel('orga').revoke({ kind: 'key', what: orga.kid, since: stolen, reason: 'stolen' })
    await mesh.settle()
    await mesh.advance({ seconds: 20 })
    expect(await mesh.kernel('orgb').agreements.show(id)).toMatchObject({ state: 'ended', end: { why: 'key_revoked' } })
    expect(await scoreOf(mesh, orga.did)).toBe(200)
  })
})

describe('an end', () => {
  it('that somebody who is no party signs ends nothing', async () => {
    await using mesh = await houses()
    const { id } = await mesh.kernel('orga').agreements.propose({
      ...{ with: 'orgb', purpose: 'billing', ask: ['files.read'], until: seconds(mesh) + 30 * DAY, by },
    })
    await mesh.kernel('orgb').agreements.accept({ id, by })
    const now = seconds(mesh)
    const end = { v: 1, iss: mallory.did, seq: now, kind: 'agreement', what: id, reason: 'x', iat: now }
    const peer = await RoguePeer.open(mesh, 'orgb')
    const revocations = [signJws(mallory, REVOCATION_TYP, end).jws]
    const status = statusOf(mallory, mesh.did('orgb'), now, { seq: now, revocations })
    expect(await peer.send(exchangePaths.revocations, Buffer.from(status))).toMatchObject({ status: 200 })
    expect((await mesh.kernel('orgb').revocations()).map(({ issuer }) => issuer)).toEqual([mallory.did])
    await mesh.advance({ seconds: 20 })
    expect(await mesh.kernel('orgb').agreements.show(id)).toMatchObject({ state: 'in_force' })
    expect(await outcomeOf(mesh.kernel('orga').invoke('orgb/files.read', {}))).toBe('released')
  })
})
