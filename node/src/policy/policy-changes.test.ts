import { memoryStore, type Rule, type Store, silentLogger } from '@hansa/protocols'
import { type ManualClock, manualClock } from '@hansa/protocols/testing'
import type { PolicySource } from '@hansa/trust'
import { beforeEach, describe, expect, it } from 'vitest'
import { EventOutbox } from '../kernel/event-outbox.ts'
import { PolicyHolder } from '../kernel/policy-holder.ts'
import { FakeLedger } from '../testing/fake-ledger.ts'
import { PolicyChanges } from './policy-changes.ts'

const rule = (id: string, over: Partial<Rule> = {}): Rule => {
  return { id, effect: 'allow', subject: 'agent:*', action: 'invoke', resource: `${id}.*`, ...over }
}
const policy = (...rules: Rule[]): PolicySource[] => [{ name: 'test', rules }]
const [narrow, wide, wider] = [policy(rule('a')), policy(rule('a'), rule('b')), policy(rule('a'), rule('b'), rule('c'))]
const [ana, ben, cy] = ['person:ana', 'person:ben', 'person:cy'] as const

let clock: ManualClock
let store: Store
let ledger: FakeLedger

beforeEach(() => {
  clock = manualClock(1_800_000_000_000)
  store = memoryStore()
  ledger = new FakeLedger(clock)
})

/** A kernel starts with these policy files. */
async function started(sources: PolicySource[], twoPersons = true) {
  const events = new EventOutbox({ store, logger: silentLogger, ledger: () => ledger, room: async () => {} })
  await events.open()
  const changes = await PolicyChanges.open({ store, sources, twoPersons })
  const holder = new PolicyHolder(changes.first, ledger.ofType('policy.loaded').length + 1)
  await changes.start({ clock, logger: silentLogger, events, holder })
  const inForce = () => holder.current.rules.map(({ id }) => id).join('')
  const waits = async () => (await changes.pending()).pending
  const idOf = async () => (await waits())?.id ?? ''
  return { changes, holder, inForce, waits, idOf }
}
const told = () =>
  ledger.entries.map(({ type, actor }) => `${type.slice(7)}${actor === undefined ? '' : ` ${actor.slice(7)}`}`)

describe('a policy for which one person is enough', () => {
  it('is in force from the moment its entry is durable, under a version of its own', async () => {
    const { changes, inForce, holder } = await started(policy(), false)
    const release = ledger.hold()
    const loading = changes.load(wide)
    for (let turn = 0; turn < 20; turn++) await Promise.resolve()
    expect([inForce(), holder.version]).toEqual(['', 1])
    release()
    expect(await loading).toEqual({ inForce: true })
    await Promise.all([changes.load(narrow), changes.load(wider)])
    expect(ledger.ofType('policy.loaded').map(({ pol }) => pol)).toEqual([1, 2, 3, 4])
    expect([inForce(), holder.version]).toEqual(['abc', 4])
    expect(await changes.pending()).toEqual({ twoPersons: false, pending: null })
  })

  it('that the log does not take is not in force, and the next one can be', async () => {
    const { changes, inForce } = await started(policy(), false)
    const mend = ledger.fail('log_full')
    await expect(changes.load(wide)).rejects.toMatchObject({ detail: { code: 'log_full' } })
    expect(inForce()).toBe('')
    mend()
    await changes.load(narrow)
    expect(inForce()).toBe('a')
  })

  it('with faults names all of them, and the old one stays', async () => {
    const { changes, inForce } = await started(narrow, false)
    const faulty = policy(rule('x', { when: 'nonsense(' }), rule('y', { subject: 'agent:a*' }))
    await expect(async () => changes.load(faulty)).rejects.toThrow(/rule x[\s\S]*rule y/)
    expect(inForce()).toBe('a')
  })
})

describe('where two persons are needed', () => {
  it('what permits no more is in force at once', async () => {
    const { changes, inForce } = await started(wide)
    expect(await changes.load(narrow)).toEqual({ inForce: true })
    expect(inForce()).toBe('a')
  })

  it('what may permit more waits for two of them, and says what is wider', async () => {
    const { changes, inForce, waits, idOf } = await started(narrow)
    expect(await changes.load(wide)).toMatchObject({ inForce: false, pending: { state: 'waits', rules: 2 } })
    expect((await waits())?.wider).toEqual(['rule b may permit what no rule permitted before'])
    await changes.approve({ id: await idOf(), by: ana })
    expect(inForce()).toBe('a')
    expect((await changes.approve({ id: (await idOf()).slice(0, 8), by: ben })).pending).toBeNull()
    expect(inForce()).toBe('ab')
    expect(told()).toEqual(['loaded', 'pending', 'approved ana', 'approved ben', 'loaded'])
  })

  it('whoever reloads is one of them', async () => {
    const { changes, inForce, idOf } = await started(narrow)
    expect(await changes.load(wide, ana)).toMatchObject({ inForce: false, pending: { approvals: [{ by: ana }] } })
    await changes.approve({ id: await idOf(), by: ben })
    expect(inForce()).toBe('ab')
    await changes.load(wider, ana)
    expect(await changes.load(wider, cy)).toEqual({ inForce: true })
    expect(inForce()).toBe('abc')
  })

  it.each(['person:ana', 'person:a.na', 'person:an_a'])('%s is not another person than ana', async (by) => {
    const { changes, inForce, idOf } = await started(narrow)
    await changes.load(wide, ana)
    await expect(changes.approve({ id: await idOf(), by })).rejects.toMatchObject({ detail: { code: 'policy_denied' } })
    await changes.load(wide, by)
    expect(inForce()).toBe('a')
  })

  it('what ana approved is what is in force: another policy begins with nobody', async () => {
    const { changes, inForce, idOf, waits } = await started(narrow)
    await changes.load(wide, ana)
    const first = await idOf()
    await changes.load(wider)
    expect((await waits())?.approvals).toEqual([])
    await expect(changes.approve({ id: first, by: ben })).rejects.toMatchObject({ detail: { code: 'not_found' } })
    expect(inForce()).toBe('a')
    expect(told()).toEqual(['loaded', 'pending ana', 'approved ana', 'rejected', 'pending'])
  })

  it('what is rejected stays so, until a person loads it again', async () => {
    const { changes, inForce, idOf, waits } = await started(narrow)
    await changes.load(wide, ana)
    await changes.reject({ id: await idOf(), by: ben, reason: 'too wide' })
    await expect(changes.approve({ id: await idOf(), by: cy })).rejects.toThrow(/was rejected/)
    await changes.load(wide)
    expect(await waits()).toMatchObject({ state: 'rejected', rejected: { by: ben, reason: 'too wide' } })
    await changes.load(wide, ana)
    expect(await waits()).toMatchObject({ state: 'waits', approvals: [{ by: ana }] })
    expect(inForce()).toBe('a')
  })

  it('a narrower policy takes the place of one that waits', async () => {
    const { changes, inForce, waits } = await started(wide)
    await changes.load(wider, ana)
    await changes.load(narrow)
    expect([inForce(), await waits()]).toEqual(['a', null])
    expect(ledger.ofType('policy.rejected')).toHaveLength(1)
  })
})

describe('a restart where two persons are needed', () => {
  it('with other files begins with what was in force, and they wait', async () => {
    await started(narrow)
    const { changes, inForce, idOf } = await started(wide)
    expect(inForce()).toBe('a')
    await changes.approve({ id: await idOf(), by: ana })
    const again = await started(wide)
    expect([again.inForce(), (await again.waits())?.approvals.map(({ by }) => by)]).toEqual(['a', [ana]])
    await again.changes.approve({ id: await again.idOf(), by: ben })
    expect(again.inForce()).toBe('ab')
    expect((await started(wide)).inForce()).toBe('ab')
  })

  it('with narrower files begins with them', async () => {
    await started(wide)
    expect((await started(narrow)).inForce()).toBe('a')
    expect((await started(wide)).inForce()).toBe('a')
  })

  it('with a configuration that says one person is enough waits for two persons too', async () => {
    await started(narrow)
    const { changes, inForce, idOf, waits } = await started(wide, false)
    expect(inForce()).toBe('a')
    expect(await waits()).toMatchObject({ off: true, state: 'waits' })
    await changes.approve({ id: await idOf(), by: ana })
    await changes.approve({ id: await idOf(), by: ben })
    expect([inForce(), (await changes.pending()).twoPersons]).toEqual(['ab', false])
    const later = await started(wider, false)
    expect([later.inForce(), (await later.changes.pending()).twoPersons]).toEqual(['abc', false])
  })

  it('with the same files and that configuration does, too', async () => {
    await started(narrow)
    const { inForce, waits } = await started(narrow, false)
    expect([inForce(), (await waits())?.off]).toEqual(['a', true])
  })

  it('takes what is in force when it is first needed as it is', async () => {
    await started(narrow, false)
    expect((await started(wide)).inForce()).toBe('ab')
    expect((await started(wider)).inForce()).toBe('ab')
  })

  it('does not begin with what cannot be read', async () => {
    await started(narrow)
    await store.set('policy', 'in_force', '{"v":1,"sources":[{"name":"x","text":"rules: ["}]}')
    await expect(started(narrow)).rejects.toThrow(/cannot be read/)
  })
})
