/** What a kernel adds for the word of others: whole kernels on a clock that the test holds. */
import { ENDORSEMENT_TYP, type Endorsement, exchangePaths } from '@hansa/protocols'
import { type Signer, sha256, signerFromSeed, signJws } from '@hansa/trust'
import { readEntries } from '@hansa/trust/ledger'
import { EvidenceLog, explainStanding } from '@hansa/trust/score'
import { mallory } from '@hansa/trust/testing'
import { describe, expect, it } from 'vitest'
import { refusal } from '../harness/outcome.ts'
import { TestMesh } from '../harness/test-mesh.ts'
import { echo } from '../harness/two-orgs.ts'

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS
const by = 'person:olga'

type Name = 'judge' | 'one' | 'two' | 'three' | 'subject'
type Mesh = TestMesh<Name>

const signerOf = (name: Name): Signer => signerFromSeed(sha256(`1 ${name} identity`))

/** The judge has imported all of them, and trusts those that are given, who endorse nobody yet. */
async function village(trusted: Partial<Record<Name, number>>, oneHouse: Name[] = []): Promise<Mesh> {
  const peers = oneHouse.map((name) => ({ did: signerOf(name).did, sameOwner: true }))
  const mesh: Mesh = await TestMesh.create({
    strangers: true,
    kernels: { judge: { peers }, one: {}, two: {}, three: {}, subject: {} },
  })
  for (const name of ['one', 'two', 'three', 'subject'] as const) {
    await mesh.kernel(name).register(echo, (args) => args)
    await mesh.join('judge', name)
  }
  for (const [name, standing] of Object.entries(trusted) as [Name, number][]) await vouch(mesh, 'judge', name, standing)
  return mesh
}

async function vouch(mesh: Mesh, at: Name, of: Name, standing: number): Promise<void> {
  const until = mesh.clock.now() / 1000 + 30 * 86_400
  await mesh.kernel(at).standing.vouch({ who: mesh.did(of), standing, until, by })
}

/** Somebody who thinks highly of the subject says so. */
async function endorses(mesh: Mesh, name: Name, standing = 700): Promise<void> {
  await vouch(mesh, name, 'subject', standing)
  await mesh.kernel(name).standing.endorse({ who: mesh.did('subject'), by, reason: 'an old friend' })
}

async function nextHour(mesh: Mesh): Promise<void> {
  mesh.clock.advance(HOUR_MS)
  await mesh.settle()
  await mesh.advance({ seconds: 32 })
}

const subjectAt = (mesh: Mesh) => mesh.kernel('judge').standing.explain(mesh.did('subject'))

async function entries(mesh: Mesh, type: string) {
  return (await mesh.kernel('judge').audit({ limit: 10_000 })).filter((entry) => entry.type === type)
}

describe('an endorsement', () => {
  it('of a kernel under a sanction counts no more, and is not asked for again', async () => {
    await using mesh = await village({ one: 700 })
    await endorses(mesh, 'one')
    await nextHour(mesh)
    expect(await subjectAt(mesh)).toMatchObject({ score: 250 })
    const { governance } = mesh.kernel('judge')
    const { id } = await governance.openCase({
      ...{ subject: mesh.did('one'), reason: 'it lies', evidence: [], by: 'person:ana' },
    })
    const act = { type: 'triage', reason: 'looks real', interim: 'quarantine' } as const
    await governance.actOnCase({ id, by: 'person:ben', act })
    await mesh.advance({ seconds: 20 })
    expect(await subjectAt(mesh)).toMatchObject({ score: 200, endorsed: 0 })
    expect(await entries(mesh, 'endorsement.ended')).toMatchObject([
      { peer: mesh.did('one'), ext: { reason: 'its endorser is under a sanction' } },
    ])
    await nextHour(mesh)
    expect(await entries(mesh, 'endorsement.received')).toHaveLength(1)
  })

  it('of a trusted peer adds points, once in the log, until it is taken back', async () => {
    await using mesh = await village({ one: 700 })
    await endorses(mesh, 'one')
    expect(await subjectAt(mesh)).toMatchObject({ score: 200, endorsed: 0 })
    await nextHour(mesh)
    expect(await subjectAt(mesh)).toMatchObject({
      score: 250,
      endorsed: 50,
      endorsements: [{ organisation: mesh.did('one'), points: 50 }],
    })
    await nextHour(mesh)
    expect(await entries(mesh, 'endorsement.received')).toHaveLength(1)

    await mesh.kernel('one').standing.unendorse({ who: mesh.did('subject'), by })
    await nextHour(mesh)
    expect(await subjectAt(mesh)).toMatchObject({ score: 200, endorsed: 0 })
    expect(await entries(mesh, 'endorsement.ended')).toMatchObject([
      { peer: mesh.did('one'), ext: { subject: mesh.did('subject'), reason: 'not endorsed any more' } },
    ])
  })

  it('comes to the same bytes for whoever has the log', async () => {
    await using mesh = await village({ one: 700, two: 800 })
    await endorses(mesh, 'one')
    await endorses(mesh, 'two', 600)
    await nextHour(mesh)
    const online = await subjectAt(mesh)
    expect(online.endorsements).toHaveLength(2)
    const evidence = new EvidenceLog()
    for await (const { entry } of readEntries(mesh.disk('judge'))) evidence.take(entry)
    const day = Date.parse(online.day) / DAY_MS
    const offline = explainStanding(evidence, { by: mesh.did('judge'), of: mesh.did('subject'), day })
    expect(JSON.stringify(offline)).toBe(JSON.stringify(online))
  })

  it('survives a restart of both, and runs out when its kernel is silent for a day', async () => {
    await using mesh = await village({ one: 700 })
    await endorses(mesh, 'one')
    await mesh.restart('one')
    await nextHour(mesh)
    await mesh.restart('judge')
    expect(await subjectAt(mesh)).toMatchObject({ endorsed: 50 })
    await mesh.stop('one')
    for (let hour = 0; hour < 23; hour++) await nextHour(mesh)
    await nextHour(mesh)
    expect(await subjectAt(mesh)).toMatchObject({ endorsed: 0 })
    expect((await entries(mesh, 'endorsement.ended')).map(({ ext }) => ext?.reason)).toEqual(['expired'])
  })

  it('is told of those only whom an operator endorses', async () => {
    await using mesh = await village({ one: 700 })
    await vouch(mesh, 'one', 'subject', 700)
    await nextHour(mesh)
    expect(await subjectAt(mesh)).toMatchObject({ endorsed: 0 })
    const { standing } = mesh.kernel('one')
    expect(await refusal(standing.unendorse({ who: mesh.did('subject'), by }))).toMatchObject({ code: 'not_found' })
  })

  it('adds no more than 150, whoever gives it', async () => {
    await using mesh = await village({ one: 899, two: 899, three: 899 })
    for (const name of ['one', 'two', 'three'] as const) await endorses(mesh, name, 899)
    await nextHour(mesh)
    expect(await subjectAt(mesh)).toMatchObject({ score: 350, endorsed: 150 })
  })
})

describe('mallory', () => {
  it('who is trusted with less than 700 is not asked, and what she said before counts nothing from then on', async () => {
    await using mesh = await village({ one: 699, two: 700 })
    await endorses(mesh, 'one')
    await endorses(mesh, 'two')
    await nextHour(mesh)
    expect(await entries(mesh, 'endorsement.received')).toMatchObject([{ peer: mesh.did('two') }])
    expect(await subjectAt(mesh)).toMatchObject({ endorsed: 50 })
    await mesh.kernel('judge').standing.unvouch({ who: mesh.did('two'), by })
    expect(await subjectAt(mesh)).toMatchObject({ score: 200, endorsed: 0 })
    const listed = await mesh.kernel('judge').standing.list()
    expect(listed.find(({ did }) => did === mesh.did('subject'))?.score).toBe(200)
  })

  it('who has many kernels in one house is one voice', async () => {
    await using mesh = await village({}, ['one', 'two', 'three'])
    for (const name of ['one', 'two', 'three'] as const) await endorses(mesh, name)
    await nextHour(mesh)
    expect(await entries(mesh, 'endorsement.received')).toHaveLength(3)
    expect(await subjectAt(mesh)).toMatchObject({ endorsed: 50 })
  })

  it('who endorses her own house is not asked about it', async () => {
    await using mesh = await village({}, ['one', 'subject'])
    await endorses(mesh, 'one')
    await nextHour(mesh)
    expect(await entries(mesh, 'endorsement.received')).toEqual([])
  })

  const forged: [what: string, reason: string, over: (mesh: Mesh, now: number) => Partial<Endorsement>, by?: Signer][] =
    [
      ['herself', 'endorses_itself', (mesh) => ({ sub: mesh.did('one') })],
      ['a kernel that nobody asked about', 'not_asked', () => ({ sub: mallory.did })],
      ['with what has run out', 'endorsement_expired', (_mesh, now) => ({ iat: now - 86_400, exp: now })],
      ['for longer than a day', 'endorsement_life', (_mesh, now) => ({ exp: now + 86_401 })],
      ['under the name of a stranger', 'another_endorser', () => ({ iss: mallory.did }), mallory],
      ['with the signature of a stranger', 'issuer_not_signer', () => ({}), mallory],
    ]

  it.each(forged)('who endorses %s changes nothing, and the line says %s', async (_what, reason, over, signer) => {
    await using mesh = await village({ one: 899 })
    const { inbound } = mesh.kernel('one')
    mesh.network.attach(mesh.endpoint('one'), {
      async handle(request) {
        if (request.path !== exchangePaths.endorsements) return inbound.handle(request)
        const now = Math.floor(mesh.clock.now() / 1000)
        const honest = {
          v: 1,
          iss: mesh.did('one'),
          sub: mesh.did('subject'),
          score: 1000,
          iat: now,
          exp: now + 86_400,
        }
        const { jws } = signJws(signer ?? signerOf('one'), ENDORSEMENT_TYP, { ...honest, ...over(mesh, now) })
        const body = Buffer.from(JSON.stringify({ v: 1, endorsements: [jws] }))
        return { ...(await inbound.handle(request)), status: 200, body }
      },
    })
    await nextHour(mesh)
    const refused = mesh.lines('judge').filter(({ event }) => event === 'standing.endorsement_refused')
    expect(refused.map(({ fields }) => fields)).toEqual([{ peer: mesh.did('one'), reason }])
    expect(await entries(mesh, 'endorsement.received')).toEqual([])
    expect(await subjectAt(mesh)).toMatchObject({ score: 200, endorsed: 0 })
  })

  it('is told nothing without a session', async () => {
    await using mesh = await village({})
    await endorses(mesh, 'one')
    const [iat, sid] = [Math.floor(mesh.clock.now() / 1000), 'A'.repeat(22)]
    const said = { v: 1, iss: mallory.did, aud: mesh.did('one'), sid, about: [mesh.did('subject')], iat, exp: iat + 60 }
    const body = Buffer.from(signJws(mallory, 'hansa-endorsements-request+jws', said).jws, 'latin1')
    const sent = { endpoint: mesh.endpoint('one'), peer: mesh.did('one'), path: exchangePaths.endorsements } as const
    const post = { method: 'POST', contentType: 'application/jose', body, maxReplyBytes: 10_000 } as const
    const reply = await mesh.network.transport('mallory').send({ ...sent, ...post })
    expect(JSON.parse(Buffer.from(reply.body).toString('utf8'))).toMatchObject({ code: 'handshake_failed' })
  })
})
