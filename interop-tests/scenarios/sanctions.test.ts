/** Mallory's kernel and mallory's agent under sanctions, by whole kernels: what is left to them, at once and after a restart. */
import type { ActOnCase, CaseAct, CaseView, Frame, SanctionScope, SanctionTerms, Store } from '@hansa/protocols'
import { didKeyResolver } from '@hansa/trust'
import { verifyLog } from '@hansa/trust/ledger'
import { describe, expect, it } from 'vitest'
import { entriesOf, outcomeOf, refusal } from '../harness/outcome.ts'
import { TestMesh } from '../harness/test-mesh.ts'

type Name = 'bob' | 'mallory'
const policy = [{ name: 'p', text: 'rules: [{ id: all, effect: allow, subject: "*", action: invoke, resource: "*" }]' }]
const [ana, ben, cy] = ['person:ana', 'person:ben', 'person:cy'] as const

async function twoKernels(bob: Parameters<typeof TestMesh.create>[0]['kernels'][string] = {}): Promise<TestMesh<Name>> {
  const mesh = await TestMesh.create<Name>({ kernels: { bob: { policy, ...bob }, mallory: { policy } } })
  await offers(mesh)
  await mesh.join('mallory', 'bob', { as: 'bob' })
  return mesh
}

async function offers(mesh: TestMesh<Name>): Promise<void> {
  const bob = mesh.kernel('bob')
  const output = { type: 'object' }
  await bob.register({ id: 'read', safety: 'READ', output, limits: { calls_per_minute: 1_000 } }, () => ({
    it: 'reads',
  }))
  await bob.register({ id: 'people', safety: 'READ', sensitivity: ['PII'] }, () => 'labelled')
  await bob.register({ id: 'leak', safety: 'READ', output }, () => ({ mail: 'jane.doe@example.com' }))
  await bob.register({ id: 'write', safety: 'WRITE' }, () => 'written')
}

const act = (id: string, by: string, what: CaseAct): ActOnCase => ({ id, by, act: what })
async function opened(mesh: TestMesh<Name>, subject: string): Promise<CaseView> {
  const { operator } = { operator: mesh.kernel('bob').governance }
  const { id } = await operator.openCase({ subject, reason: 'it lied', evidence: [0], by: ana })
  return operator.actOnCase(act(id, ben, { type: 'triage', reason: 'worth a look' }))
}
async function sanctioned(mesh: TestMesh<Name>, subject: string, sanction: SanctionTerms): Promise<CaseView> {
  const { governance } = mesh.kernel('bob')
  const { id } = await opened(mesh, subject)
  const decide = { type: 'decide', reason: 'shown', terms: { verdict: 'sanction', sanction } } as const
  const decided = await governance.actOnCase(act(id, ben, decide))
  return sanction.kind === 'ban' ? governance.actOnCase(act(id, cy, decide)) : decided
}

const of = (mesh: TestMesh<Name>, ref: string) => outcomeOf(mesh.kernel('mallory').invoke(ref, {}))
async function leftTo(mesh: TestMesh<Name>): Promise<string[]> {
  const outcomes: string[] = []
  for (const ref of ['bob/read', 'bob/people', 'bob/leak', 'bob/write', 'bob/governance.case'])
    outcomes.push(`${ref.slice(4)} ${await of(mesh, ref)}`)
  return outcomes
}
const casesIn = ({ value }: Frame) => (value as { cases: { id: string; state: string }[] }).cases

describe("mallory's kernel", () => {
  it.each<[SanctionTerms, string[]]>([
    [{ kind: 'warn' }, ['released', 'released', 'released', 'released']],
    [{ kind: 'quarantine', days: 3 }, ['released', 'policy_denied', 'token_rejected', 'policy_denied']],
    [{ kind: 'suspend', days: 3 }, Array(4).fill('policy_denied')],
    [{ kind: 'ban' }, Array(4).fill('policy_denied')],
  ])('under %j has what the table leaves, and can always read its case', async (terms, left) => {
    await using mesh = await twoKernels()
    expect(await leftTo(mesh)).toEqual(namesWith(Array(5).fill('released')))
    await sanctioned(mesh, mesh.did('mallory'), terms)
    expect(await leftTo(mesh)).toEqual(namesWith([...left, 'released']))
    await mesh.restart('bob')
    await offers(mesh)
    expect(await leftTo(mesh)).toEqual(namesWith([...left, 'released']))
    expect(mesh.errors('bob')).toEqual([])
  })

  it('loses its sessions at once, and what it is refused names the case in the log of bob only', async () => {
    await using mesh = await twoKernels()
    await of(mesh, 'bob/read')
    const { id } = await sanctioned(mesh, mesh.did('mallory'), { kind: 'suspend', days: 3 })
    const detail = await refusal(mesh.kernel('mallory').invoke('bob/read', {}))
    expect(detail).toMatchObject({ code: 'policy_denied' })
    expect(JSON.stringify(detail)).not.toContain(id)
    const outcome = (await entriesOf(mesh, 'bob', 'outcome')).at(-1)
    expect(outcome).toMatchObject({
      rules: ['sanction'],
      ext: { code: 'policy_denied', reason: expect.stringContaining(id) },
    })
    expect((await entriesOf(mesh, 'bob')).map(({ type }) => type)).toEqual(
      expect.arrayContaining(['case.opened', 'case.changed', 'sanction.imposed', 'token.revoked']),
    )
  })

  it('appeals from afar, once and in time, and learns no name of a person', async () => {
    await using mesh = await twoKernels()
    const { id } = await sanctioned(mesh, mesh.did('mallory'), { kind: 'suspend', days: 30 })
    const mallory = mesh.kernel('mallory')
    const read = await mallory.invoke('bob/governance.case', {})
    expect(casesIn(read)).toMatchObject([{ id, state: 'decided', decision: { reason: 'shown' } }])
    expect(JSON.stringify(read.value)).not.toContain('person:')
    const first = await mallory.invoke('bob/governance.appeal', { case: id, text: 'it was a restore' })
    expect(first.value).toMatchObject({ accepted: true, cases: [{ state: 'appealed' }] })
    const second = await mallory.invoke('bob/governance.appeal', { case: id, text: 'again' })
    expect(second.value).toMatchObject({ accepted: false, reason: 'the case is appealed' })
    expect(await of(mesh, 'bob/read')).toBe('policy_denied')
    const hear = { type: 'decide_appeal', reason: 'heard', terms: { outcome: 'overturn' } } as const
    await expect(mesh.kernel('bob').governance.actOnCase(act(id, 'person:b.en', hear))).rejects.toThrow(
      /policy_denied: person:b.en has had a part in the case/,
    )
    await mesh.kernel('bob').governance.actOnCase(act(id, cy, hear))
    expect(await of(mesh, 'bob/read')).toBe('released')
    expect((await entriesOf(mesh, 'bob', 'sanction.lifted')).length).toBe(1)
  })

  it('does not appeal for another kernel, nor fill the log with appeals', async () => {
    await using mesh = await twoKernels()
    const other = await sanctioned(mesh, 'did:key:z6MkotherKernel', { kind: 'suspend', days: 3 })
    const { id } = await sanctioned(mesh, mesh.did('mallory'), { kind: 'suspend', days: 3 })
    const mallory = mesh.kernel('mallory')
    expect(casesIn(await mallory.invoke('bob/governance.case', {})).map((one) => one.id)).toEqual([id])
    const tried = await mallory.invoke('bob/governance.appeal', { case: other.id, text: 'x' })
    expect(tried.value).toMatchObject({ accepted: false, cases: [] })
    const flood = Array.from({ length: 20 }, () =>
      outcomeOf(mallory.invoke('bob/governance.appeal', { case: id, text: 'x'.repeat(500) })),
    )
    const outcomes = await Promise.all(flood)
    expect(outcomes.filter((outcome) => outcome === 'released').length).toBeLessThanOrEqual(6)
    expect(await outcomeOf(mallory.invoke('bob/governance.appeal', { case: id, text: 'x'.repeat(501) }))).not.toBe(
      'released',
    )
    expect((await mesh.kernel('bob').governance.case(other.id)).state).toBe('decided')
  })

  it('that is suspended is not called either, and its handles are void', async () => {
    await using mesh = await twoKernels()
    await mesh.kernel('mallory').register({ id: 'bait', safety: 'READ' }, () => 'bait')
    await mesh.join('bob', 'mallory', { as: 'm' })
    const bait = () => outcomeOf(mesh.kernel('bob').invoke('m/bait', {}))
    expect(await bait()).toBe('released')
    await sanctioned(mesh, mesh.did('mallory'), { kind: 'suspend', days: 3 })
    expect(await bait()).toBe('policy_denied')
    expect(await mesh.kernel('bob').explain('m/bait', {})).toMatchObject({ decision: 'deny', code: 'policy_denied' })
    await mesh.kernel('bob').removePeer('m', 'person:mallory')
    await mesh.join('bob', 'mallory', { as: 'again' })
    expect(await outcomeOf(mesh.kernel('bob').invoke('again/bait', {}))).toBe('policy_denied')
  })

  it('is asked for no opinion under remote_deferred, so no argument reaches it', async () => {
    await using mesh = await twoKernels()
    await mesh.kernel('mallory').register({ id: 'bait', safety: 'READ' }, () => 'bait')
    await mesh.join('bob', 'mallory', { as: 'm', trustPolicy: 'remote_deferred' })
    await sanctioned(mesh, mesh.did('mallory'), { kind: 'suspend', days: 3 })
    const before = (await entriesOf(mesh, 'mallory', 'decision.made')).length
    expect(await outcomeOf(mesh.kernel('bob').invoke('m/bait', { secret: 1 }))).toBe('policy_denied')
    expect((await entriesOf(mesh, 'mallory', 'decision.made')).length).toBe(before)
  })

  it('is answered about cases only when there is one: identities cost nothing', async () => {
    await using mesh = await twoKernels({ policy: [] })
    const asked = () => outcomeOf(mesh.kernel('mallory').invoke('bob/governance.case', {}))
    expect(await asked()).toBe('policy_denied')
    await opened(mesh, mesh.did('mallory'))
    expect(await asked()).toBe('released')
  })

  it('takes the name of no capability that the kernel answers itself', async () => {
    await using mesh = await twoKernels()
    await expect(mesh.kernel('bob').register({ id: 'governance.appeal' }, () => 'mine')).rejects.toThrow(
      /governance\.\* belongs to the kernel/,
    )
  })
})

describe('a sanction with a scope', () => {
  const suspension = (scope: SanctionScope): SanctionTerms => {
    return { kind: 'suspend', days: 3, scope }
  }

  it('takes from mallory what it names and leaves the rest, also after a restart and when its case is gone', async () => {
    let store: Store | undefined
    await using mesh = await twoKernels({ wrapStore: (given) => (store = given) })
    const { id } = await sanctioned(mesh, mesh.did('mallory'), suspension({ capabilities: ['write', 'people'] }))
    const left = ['released', 'policy_denied', 'released', 'policy_denied', 'released']
    expect(await leftTo(mesh)).toEqual(namesWith(left))
    await store?.set('governance.cases', id, 'no case')
    await mesh.restart('bob')
    await offers(mesh)
    expect(await leftTo(mesh)).toEqual(namesWith(left))
    const imposed = (await entriesOf(mesh, 'bob', 'sanction.imposed'))[0]
    expect(imposed?.ext?.scope).toEqual({ capabilities: ['write', 'people'] })
  })

  it('is for one direction: mallory is not called, and calls', async () => {
    await using mesh = await twoKernels()
    await mesh.kernel('mallory').register({ id: 'offer', safety: 'READ' }, () => 'x')
    await mesh.join('bob', 'mallory', { as: 'mallory' })
    await sanctioned(mesh, mesh.did('mallory'), suspension({ direction: 'outbound' }))
    expect(await outcomeOf(mesh.kernel('bob').invoke('mallory/offer', {}))).toBe('policy_denied')
    expect(await of(mesh, 'bob/read')).toBe('released')
  })

  it('is for one agent of mallory, and for no other', async () => {
    await using mesh = await twoKernels()
    const as = (principal: string, over: object = {}) =>
      outcomeOf(mesh.kernel('mallory').invoke('bob/read', {}, { principal, ...over }))
    await as('agent:eve')
    const eve = (await entriesOf(mesh, 'bob', 'intent.accepted')).at(-1)?.actor ?? ''
    await sanctioned(mesh, mesh.did('mallory'), suspension({ agents: [eve] }))
    expect([await as('agent:eve'), await as('agent:dan')]).toEqual(['policy_denied', 'released'])
    expect(await as('agent:dan', { onBehalfOf: 'agent:eve' })).toBe('policy_denied')
  })

  it('is for one agent that calls a kernel, also where another one calls for it', async () => {
    await using mesh = await twoKernels()
    await mesh.kernel('mallory').register({ id: 'offer', safety: 'READ' }, () => 'x')
    await mesh.join('bob', 'mallory', { as: 'mallory' })
    await sanctioned(mesh, mesh.did('mallory'), suspension({ direction: 'outbound', agents: ['agent:eve'] }))
    const as = (over: object) => outcomeOf(mesh.kernel('bob').invoke('mallory/offer', {}, over))
    expect(await as({ principal: 'agent:eve' })).toBe('policy_denied')
    expect(await as({ principal: 'agent:dan', onBehalfOf: 'agent:eve' })).toBe('policy_denied')
    expect(await as({ principal: 'agent:dan' })).toBe('released')
  })

  it('adds to another one: of two the more severe that is about the call is in force', async () => {
    await using mesh = await twoKernels()
    await sanctioned(mesh, mesh.did('mallory'), suspension({ capabilities: ['read'] }))
    await sanctioned(mesh, mesh.did('mallory'), { kind: 'quarantine', days: 3 })
    expect(await leftTo(mesh)).toEqual(
      namesWith(['policy_denied', 'policy_denied', 'token_rejected', 'policy_denied', 'released']),
    )
  })

  it('is made narrower by an appeal, and never wider', async () => {
    await using mesh = await twoKernels()
    const { id } = await sanctioned(mesh, mesh.did('mallory'), suspension({ capabilities: ['write', 'read'] }))
    await mesh.kernel('mallory').invoke('bob/governance.appeal', { case: id, text: 'only write' })
    const modify = (scope?: object) => {
      const sanction = { kind: 'suspend', days: 3, ...(scope === undefined ? {} : { scope }) } as SanctionTerms
      const what: CaseAct = { type: 'decide_appeal', reason: 'heard', terms: { outcome: 'modify', sanction } }
      return mesh.kernel('bob').governance.actOnCase(act(id, cy, what))
    }
    await expect(modify()).rejects.toThrow(/milder, shorter or narrower/)
    await expect(modify({ capabilities: ['people'] })).rejects.toThrow(/milder, shorter or narrower/)
    await modify({ capabilities: ['write'] })
    expect([await of(mesh, 'bob/read'), await of(mesh, 'bob/write')]).toEqual(['released', 'policy_denied'])
  })
})

describe("mallory's agent", () => {
  const agent = 'agent:mallory'
  it('loses its tokens at once and for good, and others keep theirs', async () => {
    await using mesh = await twoKernels()
    const bob = mesh.kernel('bob')
    const grant = (principal: string) => bob.grant({ principal, capability: 'read', uses: 100, life: 3_600 })
    const [hers, theirs] = [(await grant(agent)).token, (await grant('agent:honest')).token]
    const by = (token: string) => outcomeOf(mesh.kernel('bob').invoke('read', {}, { token }))
    expect([await by(hers), await by(theirs)]).toEqual(['released', 'released'])
    const { id } = await sanctioned(mesh, agent, { kind: 'quarantine', days: 3 })
    expect([await by(hers), await by(theirs)]).toEqual(['token_rejected', 'released'])
    await mesh.restart('bob')
    await offers(mesh)
    expect([await by(hers), await by(theirs)]).toEqual(['token_rejected', 'released'])
    const mine = await mesh.kernel('bob').invoke('governance.case', {}, { principal: agent })
    expect(casesIn(mine).map((one) => one.id)).toEqual([id])
    const others = await mesh.kernel('bob').invoke('governance.case', {}, { principal: 'agent:honest' })
    expect(casesIn(others)).toEqual([])
  })

  it('does not speak for its kernel elsewhere while it is suspended here', async () => {
    await using mesh = await twoKernels()
    await mesh.kernel('mallory').register({ id: 'bait', safety: 'READ' }, () => 'bait')
    await mesh.join('bob', 'mallory', { as: 'm' })
    await sanctioned(mesh, agent, { kind: 'suspend', days: 3 })
    const invoke = (principal: string) => outcomeOf(mesh.kernel('bob').invoke('m/governance.case', {}, { principal }))
    expect([await invoke(agent), await invoke('agent:honest')]).toEqual(['policy_denied', 'released'])
  })
})

describe('a case', () => {
  it('whose deadline passes lowers a suspension in the log and in force, at the same look', async () => {
    await using mesh = await twoKernels()
    const principal = 'agent:mallory'
    const { id } = await sanctioned(mesh, principal, { kind: 'suspend', days: 60 })
    await mesh.kernel('bob').invoke('governance.appeal', { case: id, text: 'no' }, { principal })
    const left = async () => [
      await outcomeOf(mesh.kernel('bob').invoke('read', {}, { principal })),
      await outcomeOf(mesh.kernel('bob').invoke('write', {}, { principal })),
    ]
    await jump(mesh, 7 * 24 - 1)
    expect(await left()).toEqual(['policy_denied', 'policy_denied'])
    await jump(mesh, 1)
    expect(await left()).toEqual(['released', 'policy_denied'])
    expect((await entriesOf(mesh, 'bob', 'sanction.imposed')).map(({ ext }) => [ext?.sanction, ext?.rule])).toEqual([
      ['suspend', 'decision'],
      ['quarantine', 'deadline'],
    ])
    expect((await mesh.kernel('bob').governance.case(id)).missed).toEqual(['appeal'])
    await jump(mesh, 53 * 24)
    expect(await left()).toEqual(['released', 'released'])
  })

  it('is told of in a log that verifies', async () => {
    await using mesh = await twoKernels()
    await sanctioned(mesh, mesh.did('mallory'), { kind: 'ban' })
    await mesh.kernel('bob').ledger.sync()
    const { disk, ...keys } = mesh.log('bob')
    const report = await verifyLog(disk, { ...keys, resolver: didKeyResolver() })
    expect(report).toMatchObject({ verdict: 'clean' })
  })

  it('that cannot be read, or is gone, leaves its sanction in force, and nothing is lifted', async () => {
    for (const damage of ['unreadable row', 'no row', 'no store'] as const) {
      let broken = false
      const wrapStore = (store: Store): Store => ({
        ...store,
        async list(namespace) {
          if (!broken || namespace !== 'governance.cases') return store.list(namespace)
          if (damage === 'no store') throw new Error('the disk is gone')
          return damage === 'no row' ? [] : (await store.list(namespace)).map(({ key }) => ({ key, value: '{}' }))
        },
      })
      await using mesh = await twoKernels({ wrapStore })
      const { id } = await sanctioned(mesh, mesh.did('mallory'), { kind: 'suspend', days: 3 })
      broken = true
      await mesh.restart('bob')
      await offers(mesh)
      expect(await of(mesh, 'bob/read'), damage).toBe('policy_denied')
      const hear = act(id, cy, { type: 'close' })
      await expect(mesh.kernel('bob').governance.actOnCase(hear), damage).rejects.toThrow(/busy|not_found/)
    }
  })

  it('whose change cannot be kept changes nothing', async () => {
    let failing = false
    const wrapStore = (store: Store): Store => ({
      ...store,
      async apply(changes) {
        if (failing && changes.some(({ namespace }) => namespace === 'governance.cases')) throw new Error('disk full')
        await store.apply(changes)
      },
    })
    await using mesh = await twoKernels({ wrapStore })
    const { id } = await sanctioned(mesh, mesh.did('mallory'), { kind: 'suspend', days: 3 })
    await mesh.kernel('mallory').invoke('bob/governance.appeal', { case: id, text: 'no' })
    failing = true
    const hear = { type: 'decide_appeal', reason: 'heard', terms: { outcome: 'overturn' } } as const
    await expect(mesh.kernel('bob').governance.actOnCase(act(id, cy, hear))).rejects.toThrow('disk full')
    expect(await of(mesh, 'bob/read')).toBe('policy_denied')
    expect((await mesh.kernel('bob').governance.case(id)).state).toBe('appealed')
    failing = false
    await mesh.kernel('bob').governance.actOnCase(act(id, cy, hear))
    expect(await of(mesh, 'bob/read')).toBe('released')
  })
})

describe('an exception to the policy', () => {
  const denies = [{ name: 'p', text: 'rules: [{ id: no, effect: deny, subject: "*", action: invoke, resource: "*" }]' }]
  const ask = { principal: 'agent:ops', capability: 'write', reason: 'the house burns', minutes: 240, by: ana }
  const write = (mesh: TestMesh<Name>, principal = 'agent:ops') =>
    outcomeOf(mesh.kernel('bob').invoke('write', {}, { principal }))

  it('takes a second person, is for one principal and capability, and ends by itself', async () => {
    await using mesh = await twoKernels({ policy: denies })
    const { governance } = mesh.kernel('bob')
    const { id } = await governance.askException(ask)
    expect(await write(mesh)).toBe('policy_denied')
    for (const by of [ana, 'person:a.na', 'person:an-a'])
      await expect(governance.confirmException({ id, by })).rejects.toThrow(/another person has to confirm/)
    await governance.confirmException({ id, by: ben })
    expect(await write(mesh)).toBe('released')
    expect(await write(mesh, 'agent:mallory')).toBe('policy_denied')
    expect(await outcomeOf(mesh.kernel('bob').invoke('read', {}, { principal: 'agent:ops' }))).toBe('policy_denied')
    const begun = (await entriesOf(mesh, 'bob', 'call.begun')).at(-1)
    expect(begun?.rules).toEqual([`break_glass:${id}`])
    await mesh.restart('bob')
    await offers(mesh)
    expect(await write(mesh)).toBe('released')
    await mesh.advance({ hours: 3, minutes: 59 })
    expect(await write(mesh)).toBe('released')
    await mesh.advance({ minutes: 2 })
    expect(await write(mesh)).toBe('policy_denied')
    const told = (await entriesOf(mesh, 'bob')).filter(({ type }) => type.startsWith('exception.'))
    expect(told.map(({ type, actor }) => [type, actor])).toEqual([
      ['exception.requested', ana],
      ['exception.granted', ben],
      ['exception.ended', undefined],
    ])
  })

  it('is not over a sanction, and is not confirmed an hour late', async () => {
    await using mesh = await twoKernels({ policy: denies })
    const { governance } = mesh.kernel('bob')
    const { id } = await governance.askException(ask)
    await mesh.advance({ minutes: 61 })
    await expect(governance.confirmException({ id, by: ben })).rejects.toThrow(/is over/)
    const again = await governance.askException({ ...ask, minutes: 1 })
    await governance.confirmException({ id: again.id, by: ben })
    await sanctioned(mesh, 'agent:ops', { kind: 'suspend', days: 1 })
    expect(await write(mesh)).toBe('policy_denied')
  })
})

/** Lets days pass in one step, and then some seconds as they pass. */
async function jump(mesh: TestMesh<Name>, hours: number): Promise<void> {
  mesh.clock.advance(hours * 3_600_000)
  await mesh.advance({ seconds: 40 })
}

function namesWith(outcomes: readonly string[]): string[] {
  return ['read', 'people', 'leak', 'write', 'governance.case'].map((name, at) => `${name} ${outcomes[at]}`)
}
