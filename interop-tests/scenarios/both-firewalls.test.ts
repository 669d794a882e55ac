import type { CapabilityDefinition, Rule } from '@hansa/protocols'
import { describe, expect, it } from 'vitest'
import { entriesOf, refusal } from '../harness/outcome.ts'
import { allow, type TwoOrgs, twoOrgs } from '../harness/two-orgs.ts'

const row = {
  type: 'object',
  properties: { name: { type: 'string' }, ssn: { type: 'string' }, salary: { type: 'integer' } },
}
const customers: CapabilityDefinition = {
  id: 'customers.list',
  safety: 'READ',
  sensitivity: ['PII'],
  output: { type: 'object', properties: { rows: { type: 'array', items: row } }, required: ['rows'] },
}
const rows = [
  { name: 'Ada', ssn: '078-05-1120', salary: 9001 },
  { name: 'Bo', ssn: '219-09-9999', salary: 1234 },
]

async function mesh(rules: { alice: Partial<Rule>; bob: Partial<Rule> }): Promise<TwoOrgs> {
  const made = await twoOrgs({
    alice: { rules: [allow('a', 'agent:*', '*', rules.alice)] },
    bob: { rules: [allow('b', '*', '*', rules.bob)] },
  })
  await made.kernel('bob').register(customers, () => ({ rows }))
  await made.join('alice', 'bob')
  return made
}

const bobHides = { obligations: ['redact_fields:ssn'] }
const aliceHides = { obligations: ['redact_fields:salary'] }

describe('two firewalls', () => {
  it('each hide what their own side says, and each verdict is in its own log', async () => {
    await using both = await mesh({ alice: aliceHides, bob: bobHides })
    const frame = await both.kernel('alice').invoke('bob/customers.list', {})
    const text = JSON.stringify(frame.value)
    expect(text).toContain('Ada')
    for (const hidden of ['078-05-1120', '219-09-9999', '9001', '1234']) expect(text).not.toContain(hidden)
    const verdicts = async (name: 'alice' | 'bob') =>
      (await entriesOf(both, name)).flatMap((entry) => entry.verdicts ?? []).filter(({ action }) => action === 'redact')
    expect(await verdicts('bob')).toEqual([expect.objectContaining({ pass: 'egress_result', count: 2 })])
    expect(await verdicts('alice')).toEqual([expect.objectContaining({ pass: 'ingress_result', count: 2 })])
    expect(frame.redactions.map(({ by }) => by)).toEqual(['ingress_result', 'ingress_result'])
  })

  it.each([
    ["bob's", { alice: aliceHides, bob: {} }, ['078-05-1120', '219-09-9999'], ['9001', '1234']],
    ["alice's", { alice: {}, bob: bobHides }, ['9001', '1234'], ['078-05-1120', '219-09-9999']],
  ])('leak exactly the field of %s side when that one is switched off', async (_whose, rules, leaked, hidden) => {
    await using one = await mesh(rules)
    const text = JSON.stringify((await one.kernel('alice').invoke('bob/customers.list', {})).value)
    for (const value of leaked) expect(text).toContain(value)
    for (const value of hidden) expect(text).not.toContain(value)
  })

  it('keep what bob hides from the wire, not only from alice', async () => {
    await using both = await mesh({ alice: aliceHides, bob: bobHides })
    await both.kernel('alice').invoke('bob/customers.list', {})
    const wire = Buffer.concat(both.network.tap.flatMap(({ body, reply }) => [body, reply?.body ?? new Uint8Array()]))
    expect(wire.includes('078-05-1120')).toBe(false)
    expect(wire.includes('9001')).toBe(true)
  })

  it('label what they see, and the label travels with the frame', async () => {
    await using both = await mesh({ alice: {}, bob: {} })
    expect((await both.kernel('alice').invoke('bob/customers.list', {})).labels).toEqual(['PII'])
  })

  it('do not let labelled arguments out to a peer without clearance', async () => {
    await using both = await twoOrgs()
    await both.join('alice', 'bob')
    const call = both.kernel('alice').invoke('bob/echo', { text: 'write to ada@example.com' })
    expect(await refusal(call)).toMatchObject({ code: 'firewall_blocked', stage: 'inbound' })
    expect(both.network.tap.filter(({ path }) => path === '/hansa/v1/call')).toEqual([])
  })

  it('let them out to a peer that may see them', async () => {
    await using both = await twoOrgs()
    const { did } = both.kernel('bob')
    await using cleared = await twoOrgs({ alice: { peers: [{ did, clearance: ['PII'] }] } })
    await cleared.join('alice', 'bob')
    const frame = await cleared.kernel('alice').invoke('bob/echo', { text: 'write to ada@example.com' })
    expect(frame.labels).toContain('PII')
  })

  it('block a secret in a result at bob, so that it never leaves', async () => {
    await using both = await twoOrgs()
    await both
      .kernel('bob')
      .register({ id: 'leak', safety: 'READ', output: {} }, () => ({ key: 'AKIAIOSFODNN7EXAMPLE' }))
    await both.join('alice', 'bob')
    expect(await refusal(both.kernel('alice').invoke('bob/leak', {}))).toMatchObject({
      code: 'firewall_blocked',
      stage: 'remote',
    })
    const wire = Buffer.concat(both.network.tap.flatMap(({ reply }) => [reply?.body ?? new Uint8Array()]))
    expect(wire.includes('AKIAIOSFODNN7EXAMPLE')).toBe(false)
  })

  it('do not tell a peer why its driver failed', async () => {
    await using both = await twoOrgs()
    await both.kernel('bob').register({ id: 'breaks', safety: 'READ', output: {} }, () => {
      throw new Error('password=hunter2 at db-7.internal')
    })
    await both.join('alice', 'bob')
    expect(await refusal(both.kernel('alice').invoke('bob/breaks', {}))).toMatchObject({
      code: 'internal',
      stage: 'remote',
    })
    const wire = Buffer.concat(both.network.tap.flatMap(({ reply }) => [reply?.body ?? new Uint8Array()]))
    expect(wire.includes('hunter2')).toBe(false)
    const [outcome] = await entriesOf(both, 'bob', 'outcome')
    expect(outcome?.ext?.reason).toContain('db-7.internal')
  })
})
