/** What two kernels agree on, from the proposal to the end: whole kernels on a clock that the test holds. */
import type { AgreementInfo, Entry } from '@hansa/protocols'
import { readEntries } from '@hansa/trust/ledger'
import { EvidenceLog, explainStanding } from '@hansa/trust/score'
import { describe, expect, it } from 'vitest'
import { outcomeOf, refusal } from '../harness/outcome.ts'
import { TestMesh } from '../harness/test-mesh.ts'

type Name = 'orga' | 'orgb'
type Mesh = TestMesh<Name>

const DAY = 86_400
const anybody = 'rules: [{ id: all, effect: allow, subject: "*", action: invoke, resource: "*" }'
const policy = [{ name: 'p', text: `${anybody}]` }]
/** Nothing of another kernel that is not agreed. */
const agreedOnly = [
  {
    name: 'p',
    text: `${anybody}, { id: agreed-only, effect: deny, subject: "did:*", action: invoke, resource: "*", when: "!agreement.covers" }]`,
  },
]

async function twoHouses(rules = policy): Promise<Mesh> {
  const mesh: Mesh = await TestMesh.create<Name>({
    strangers: true,
    kernels: { orga: { policy }, orgb: { policy: rules } },
  })
  await mesh.kernel('orga').register({ id: 'orders.read', safety: 'READ' }, () => 'order')
  await offer(mesh)
  await mesh.join('orga', 'orgb', { as: 'orgb' })
  await mesh.join('orgb', 'orga', { as: 'orga' })
  return mesh
}

async function offer(mesh: Mesh): Promise<void> {
  const orgb = mesh.kernel('orgb')
  await orgb.register({ id: 'files.read', safety: 'READ' }, () => 'text')
  await orgb.register({ id: 'files.write', safety: 'WRITE' }, () => 'written')
  await orgb.register({ id: 'crm.customers', safety: 'READ', sensitivity: ['PII'] }, () => 'none')
}

const seconds = (mesh: Mesh) => Math.floor(mesh.clock.now() / 1000)

async function proposed(mesh: Mesh, over: object = {}): Promise<AgreementInfo> {
  return mesh.kernel('orga').agreements.propose({
    ...{ with: 'orgb', purpose: 'billing', ask: ['files.*'], until: seconds(mesh) + 30 * DAY, by: 'person:olga' },
    ...over,
  })
}

async function agreed(mesh: Mesh, over: object = {}): Promise<string> {
  const { id } = await proposed(mesh, over)
  await mesh.kernel('orgb').agreements.accept({ id, by: 'person:bjorn' })
  return id
}

const stateAt = async (mesh: Mesh, name: Name, id: string) => (await mesh.kernel(name).agreements.show(id)).state
const endAt = async (mesh: Mesh, name: Name, id: string) => (await mesh.kernel(name).agreements.show(id)).end?.why
const entries = async (mesh: Mesh, name: Name, type: RegExp): Promise<Entry[]> =>
  (await mesh.kernel(name).audit({ limit: 10_000 })).filter((entry) => type.test(entry.type))
const call = (mesh: Mesh, ref: string, options = {}) => outcomeOf(mesh.kernel('orga').invoke(ref, {}, options))
const standing = async (mesh: Mesh, at: Name, of: Name) => (await mesh.kernel(at).standing.explain(mesh.did(of))).score

describe('an agreement', () => {
  it('is in force when both have signed the same terms, and each side vouches for the other at what was agreed', async () => {
    await using mesh = await twoHouses()
    const { id, handed, wePermit, theyPermit } = await proposed(mesh, { permit: ['orders.read'] })
    expect({ handed, wePermit: wePermit.capabilities, theyPermit: theyPermit.capabilities }).toEqual({
      ...{ handed: true, wePermit: ['orders.read'], theyPermit: ['files.*'] },
    })
    expect(await mesh.kernel('orgb').agreements.show(id.slice(0, 8))).toMatchObject({
      ...{ id, state: 'proposed', own: false, peer: mesh.did('orga'), alias: 'orga' },
      ...{ wePermit: { capabilities: ['files.*'] }, theyPermit: { capabilities: ['orders.read'] } },
    })
    expect(await standing(mesh, 'orgb', 'orga')).toBe(200)
    expect(await mesh.kernel('orgb').agreements.accept({ id, by: 'person:bjorn' })).toMatchObject({ state: 'in_force' })
    expect(await stateAt(mesh, 'orga', id)).toBe('in_force')
    expect([await standing(mesh, 'orgb', 'orga'), await standing(mesh, 'orga', 'orgb')]).toEqual([700, 700])
    expect((await mesh.kernel('orgb').standing.explain(mesh.did('orga'))).vouches).toMatchObject([
      { source: `agreement:${id}`, standing: 700, reason: 'billing' },
    ])
    expect(await call(mesh, 'orgb/files.write')).toBe('released')
  })

  it('vouches for no more than what was agreed, and for nothing if that was agreed', async () => {
    await using mesh = await twoHouses()
    await agreed(mesh, { standing: 500 })
    expect(await standing(mesh, 'orgb', 'orga')).toBe(500)
    expect(await call(mesh, 'orgb/files.write')).toBe('policy_denied')
    await agreed(mesh, { standing: 0, purpose: 'tests' })
    expect((await mesh.kernel('orgb').standing.explain(mesh.did('orga'))).vouches).toHaveLength(1)
  })

  it('is told of in both logs, with what each has signed, and the score follows from the log alone', async () => {
    await using mesh = await twoHouses()
    const id = await agreed(mesh)
    await mesh.kernel('orgb').agreements.end({ id, reason: 'moved', by: 'person:bjorn' })
    await mesh.settle()
    const told = async (name: Name) =>
      (await entries(mesh, name, /^(?:agreement|standing)\.(?!changed)/)).map(({ type, actor }) => [type, actor])
    expect(await told('orga')).toEqual([
      ['agreement.proposed', 'person:olga'],
      ['agreement.accepted', undefined],
      ['standing.vouched', undefined],
      ['agreement.ended', undefined],
      ['standing.unvouched', undefined],
    ])
    expect(await told('orgb')).toEqual([
      ['agreement.proposed', undefined],
      ['agreement.accepted', 'person:bjorn'],
      ['standing.vouched', undefined],
      ['agreement.ended', 'person:bjorn'],
      ['standing.unvouched', undefined],
    ])
    const [proposal] = await entries(mesh, 'orga', /agreement.proposed/)
    const [taken] = await entries(mesh, 'orgb', /agreement.proposed/)
    expect(proposal?.ext?.jws).toBe(taken?.ext?.jws)
    const evidence = new EvidenceLog()
    await mesh.kernel('orgb').audit({ from: -1 })
    await mesh.stop('orgb')
    for await (const { entry } of readEntries(mesh.disk('orgb'))) evidence.take(entry)
    const day = Math.floor(mesh.clock.now() / DAY / 1000)
    const again = explainStanding(evidence, { by: mesh.did('orgb'), of: mesh.did('orga'), day })
    await mesh.start('orgb')
    expect(await mesh.kernel('orgb').standing.explain(mesh.did('orga'))).toEqual(again)
  })

  it.each<[string, Name, Name]>([
    ['the one that proposed it', 'orga', 'orgb'],
    ['the one that accepted it', 'orgb', 'orga'],
  ])('is ended by %s alone, at once and for good, and the other one knows', async (_who, ends, other) => {
    await using mesh = await twoHouses(agreedOnly)
    const id = await agreed(mesh)
    expect(await call(mesh, 'orgb/files.read')).toBe('released')
    const ended = await mesh.kernel(ends).agreements.end({ id, reason: 'moved', by: 'person:ann' })
    expect(ended).toMatchObject({ state: 'ended', end: { why: 'ended', by: 'person:ann', reason: 'moved' } })
    await mesh.settle()
    expect(await mesh.kernel(other).agreements.show(id)).toMatchObject({
      ...{ state: 'ended', end: { why: 'ended', by: mesh.did(ends), reason: 'moved' } },
    })
    expect(await call(mesh, 'orgb/files.read')).toBe('policy_denied')
    expect([await standing(mesh, 'orgb', 'orga'), await standing(mesh, 'orga', 'orgb')]).toEqual([200, 200])
    expect(await refusal(mesh.kernel(other).agreements.end({ id, by: 'person:x' }))).toMatchObject({
      code: 'invalid_request',
    })
  })

  it('ends by a revocation of kind agreement, as hansa revoke makes it', async () => {
    await using mesh = await twoHouses(agreedOnly)
    const id = await agreed(mesh)
    await mesh.kernel('orga').revoke({ kind: 'agreement', what: id, reason: 'moved' })
    await mesh.settle()
    expect([await stateAt(mesh, 'orga', id), await stateAt(mesh, 'orgb', id)]).toEqual(['ended', 'ended'])
    expect(await call(mesh, 'orgb/files.read')).toBe('policy_denied')
  })

  it('begins and ends at its own times, to the second', async () => {
    await using mesh = await twoHouses(agreedOnly)
    const now = seconds(mesh)
    const id = await agreed(mesh, { from: now + 3_600, until: now + 7_200, acceptBy: now + 600 })
    expect(await stateAt(mesh, 'orgb', id)).toBe('agreed')
    expect(await call(mesh, 'orgb/files.read')).toBe('policy_denied')
    await mesh.advance({ seconds: 3_620 })
    expect(await stateAt(mesh, 'orgb', id)).toBe('in_force')
    expect(await call(mesh, 'orgb/files.read')).toBe('released')
    await mesh.advance({ seconds: 3_580 })
    expect(await call(mesh, 'orgb/files.read')).toBe('policy_denied')
    await mesh.advance({ seconds: 20 })
    expect([await endAt(mesh, 'orga', id), await endAt(mesh, 'orgb', id)]).toEqual(['over', 'over'])
    expect(await standing(mesh, 'orgb', 'orga')).toBe(200)
  })

  it('that nobody accepts in time lapses on both sides; one that is rejected or withdrawn is over', async () => {
    await using mesh = await twoHouses()
    const { id: late } = await proposed(mesh, { acceptBy: seconds(mesh) + 60 })
    const { id: refused } = await proposed(mesh)
    const { id: withdrawn } = await proposed(mesh)
    await mesh.kernel('orgb').agreements.reject({ id: refused, reason: 'too much', by: 'person:bjorn' })
    await mesh.kernel('orga').agreements.end({ id: withdrawn, by: 'person:olga' })
    await mesh.advance({ seconds: 80 })
    for (const name of ['orga', 'orgb'] as const) {
      expect([
        await endAt(mesh, name, late),
        await endAt(mesh, name, refused),
        await endAt(mesh, name, withdrawn),
      ]).toEqual(['lapsed', 'rejected', 'withdrawn'])
    }
    for (const id of [late, refused, withdrawn])
      expect(await refusal(mesh.kernel('orgb').agreements.accept({ id, by: 'person:bjorn' }))).toMatchObject({
        code: 'invalid_request',
      })
    expect(await standing(mesh, 'orgb', 'orga')).toBe(200)
  })

  it('is handed over again when the other kernel was away, each way', async () => {
    await using mesh = await twoHouses()
    await mesh.stop('orgb')
    const { id, handed, undelivered } = await proposed(mesh)
    expect(handed).toBe(false)
    expect(undelivered).toBeTruthy()
    await mesh.start('orgb')
    await mesh.advance({ minutes: 3 })
    expect(await stateAt(mesh, 'orgb', id)).toBe('proposed')
    await mesh.stop('orga')
    expect(await mesh.kernel('orgb').agreements.accept({ id, by: 'person:bjorn' })).toMatchObject({ state: 'accepted' })
    // The other side knows of nothing, so this one vouches for nobody yet.
    expect(await standing(mesh, 'orgb', 'orga')).toBe(200)
    await mesh.start('orga')
    await mesh.advance({ minutes: 3 })
    expect([await stateAt(mesh, 'orga', id), await stateAt(mesh, 'orgb', id)]).toEqual(['in_force', 'in_force'])
  })

  it('is the same after a restart, which writes nothing twice', async () => {
    await using mesh = await twoHouses(agreedOnly)
    const id = await agreed(mesh)
    await mesh.restart('orgb')
    await offer(mesh)
    await mesh.advance({ seconds: 20 })
    expect(await stateAt(mesh, 'orgb', id)).toBe('in_force')
    expect(await call(mesh, 'orgb/files.read')).toBe('released')
    expect(await standing(mesh, 'orgb', 'orga')).toBe(700)
    expect(await entries(mesh, 'orgb', /agreement|standing.vouched/)).toHaveLength(3)
  })
})

describe('rules that ask for an agreement', () => {
  it('see whether one covers the call: capability, labels, purpose', async () => {
    await using mesh = await twoHouses(agreedOnly)
    await agreed(mesh)
    expect(await call(mesh, 'orgb/files.read')).toBe('released')
    expect(await call(mesh, 'orgb/files.read', { purpose: 'billing' })).toBe('released')
    expect(await call(mesh, 'orgb/files.read', { purpose: 'marketing' })).toBe('policy_denied')
    expect(await call(mesh, 'orgb/crm.customers')).toBe('policy_denied')
    await agreed(mesh, { purpose: 'crm', ask: ['crm.customers'] })
    expect(await call(mesh, 'orgb/crm.customers')).toBe('policy_denied')
    await agreed(mesh, { purpose: 'crm', ask: ['crm.customers'], askLabels: ['PII'] })
    expect(await call(mesh, 'orgb/crm.customers')).toBe('released')
    const covered = (await entries(mesh, 'orgb', /intent.accepted/)).map(({ ext }) => ext?.agreement !== undefined)
    expect(covered).toEqual([true, true, true])
  })

  it('see the purposes of all that are in force', async () => {
    const wants = `${anybody}, { id: x, effect: deny, subject: "did:*", action: invoke, resource: "*", when: '!("crm" in agreement.purposes)' }]`
    await using mesh = await twoHouses([{ name: 'p', text: wants }])
    await agreed(mesh)
    expect(await call(mesh, 'orgb/files.read')).toBe('policy_denied')
    const crm = await agreed(mesh, { purpose: 'crm', ask: [] })
    expect(await call(mesh, 'orgb/files.read')).toBe('released')
    await mesh.kernel('orgb').agreements.end({ id: crm, by: 'person:bjorn' })
    expect(await call(mesh, 'orgb/files.read')).toBe('policy_denied')
  })

  it('decide what is beyond the limit of a day, also after a restart; without such a rule nothing is refused', async () => {
    await using mesh = await twoHouses(agreedOnly)
    await agreed(mesh, { askCallsPerDay: 3 })
    const many = async () => [await call(mesh, 'orgb/files.read'), await call(mesh, 'orgb/files.read')]
    expect(await many()).toEqual(['released', 'released'])
    await mesh.restart('orgb')
    await offer(mesh)
    expect(await many()).toEqual(['released', 'policy_denied'])
    await mesh.kernel('orgb').loadPolicy(policy)
    expect(await many()).toEqual(['released', 'released'])
    await mesh.kernel('orgb').loadPolicy(agreedOnly)
    mesh.clock.advance(25 * 3_600_000)
    await mesh.advance({ minutes: 2 })
    expect(await many()).toEqual(['released', 'released'])
  })
})

describe('two kernels of which one does not reach the other', () => {
  it.each<[string, 'proposer' | 'acceptor']>([
    ['asks until it has the acceptance, and hands it back', 'acceptor'],
    ['takes no acceptance that it cannot have, and nobody is bound', 'proposer'],
  ])('the one that proposed %s', async (_what, cut) => {
    await using mesh = await twoHouses(agreedOnly)
    const { id } = await proposed(mesh, { acceptBy: seconds(mesh) + 600 })
    const from = cut === 'acceptor' ? mesh.endpoint('orgb') : undefined
    // One way only, or both.
    const end = mesh.network.intercept(({ source, path }) =>
      path.includes('agreements') && (from === undefined || source === from) ? { lose: 'request' } : undefined,
    )
    expect(await mesh.kernel('orgb').agreements.accept({ id, by: 'person:bjorn' })).toMatchObject({
      ...{ state: 'accepted', handed: false },
    })
    await mesh.advance({ minutes: 3 })
    const states = [await stateAt(mesh, 'orga', id), await stateAt(mesh, 'orgb', id)]
    expect(states).toEqual(cut === 'acceptor' ? ['in_force', 'in_force'] : ['proposed', 'accepted'])
    expect(await call(mesh, 'orgb/files.read')).toBe(cut === 'acceptor' ? 'released' : 'policy_denied')
    if (cut === 'acceptor') return
    await mesh.advance({ minutes: 8 })
    end()
    expect([await endAt(mesh, 'orga', id), await endAt(mesh, 'orgb', id)]).toEqual(['lapsed', 'lapsed'])
  })
})

describe('limits of an agreement', () => {
  const report = { id: 'files.report', safety: 'READ', output: {}, limits: { calls_per_minute: 1_000 } } as const
  const cost = { tokens: 100, money: { currency: 'EUR', minor: 250 } }
  const rows = (count: number) => Array.from({ length: count }, (_, row) => ({ row }))

  async function metered(limits: object): Promise<Mesh & { next: { rows: number } }> {
    const mesh = await twoHouses(agreedOnly)
    const next = { rows: 3 }
    const serve = () => mesh.kernel('orgb').register({ ...report, cost }, () => rows(next.rows))
    await serve()
    await mesh.kernel('orga').unimport('orgb')
    await mesh.join('orga', 'orgb', { as: 'orgb' })
    await agreed(mesh, { askLimits: limits })
    return Object.assign(mesh, { next, serve })
  }
  const many = async (mesh: Mesh, calls: number) => {
    const outcomes: string[] = []
    for (let n = 0; n < calls; n++) outcomes.push(await call(mesh, 'orgb/files.report'))
    return outcomes
  }

  it.each<[string, object, string[]]>([
    ['tokens', { tokens: 250 }, ['released', 'released', 'policy_denied']],
    ['money', { money: { currency: 'EUR', minor: 500 } }, ['released', 'released', 'policy_denied']],
    ['rows', { rows: 6 }, ['released', 'released', 'policy_denied']],
    ['the least of several', { rows: 600, tokens: 100 }, ['released', 'policy_denied']],
    [
      'money of another currency, which nobody can hold against the cost',
      { money: { currency: 'USD', minor: 500 } },
      ['policy_denied'],
    ],
  ])('are held by the kernel that serves, also after a restart: %s', async (_what, limits, expected) => {
    await using mesh = await metered(limits)
    expect(await many(mesh, expected.length)).toEqual(expected)
    await mesh.restart('orgb')
    await offer(mesh)
    await mesh.kernel('orgb').register({ ...report, cost }, () => rows(1))
    expect(await call(mesh, 'orgb/files.report')).toBe('policy_denied')
  })

  it('do not cover a capability of which nobody has said what it costs', async () => {
    await using mesh = await metered({ tokens: 1_000_000 })
    expect(await call(mesh, 'orgb/files.read')).toBe('policy_denied')
    expect(await call(mesh, 'orgb/files.report')).toBe('released')
  })

  it('give out no more rows than are left, and count those that were given out', async () => {
    await using mesh = await metered({ rows: 10 })
    expect(await call(mesh, 'orgb/files.report')).toBe('released')
    mesh.next.rows = 50
    const frame = await mesh.kernel('orga').invoke('orgb/files.report', {})
    expect((frame.value as unknown[]).length).toBe(7)
    expect(await call(mesh, 'orgb/files.report')).toBe('policy_denied')
    const charges = (await entries(mesh, 'orgb', /^outcome$/)).flatMap(({ ext }) => ext?.charge?.rows ?? [])
    expect(charges).toEqual([3, 7])
  })

  it('hold against mallory, who calls many times at once', async () => {
    await using mesh = await metered({ tokens: 300 })
    const outcomes = await Promise.all(Array.from({ length: 12 }, () => call(mesh, 'orgb/files.report')))
    expect(outcomes.filter((one) => one === 'released')).toHaveLength(3)
  })
})

describe('a kernel that is removed', () => {
  it('has no agreement any more: it is ended for both, with an entry, and what was proposed is refused', async () => {
    await using mesh = await twoHouses(agreedOnly)
    await mesh.kernel('orgb').addPeer({ did: mesh.did('orga'), by: 'person:bjorn' })
    const id = await agreed(mesh)
    const waiting = await proposed(mesh, { purpose: 'more' })
    expect(await call(mesh, 'orgb/files.read')).toBe('released')
    await mesh.kernel('orgb').removePeer('orga', 'person:bjorn')
    await mesh.settle()
    expect([await endAt(mesh, 'orgb', id), await endAt(mesh, 'orgb', waiting.id)]).toEqual(['ended', 'rejected'])
    expect(await entries(mesh, 'orgb', /^agreement\.ended$/)).toMatchObject([
      { ext: { hash: id, reason: 'the kernel was removed' } },
      { ext: { hash: waiting.id, reason: 'the kernel was removed' } },
    ])
    expect(await call(mesh, 'orgb/files.read')).not.toBe('released')
    expect(await endAt(mesh, 'orga', id)).toBe('ended')
  })
})
