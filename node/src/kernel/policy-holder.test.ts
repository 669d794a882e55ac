import type { Rule } from '@hansa/protocols'
import { manualClock } from '@hansa/protocols/testing'
import { describe, expect, it } from 'vitest'
import { FakeLedger } from '../testing/fake-ledger.ts'
import { compileOrThrow, PolicyHolder } from './policy-holder.ts'

const rule = (id: string): Rule => ({ id, effect: 'allow', subject: '*', action: 'invoke', resource: '*' })
const source = (id: string) => [{ name: 'test', rules: [rule(id)] }]

function holder() {
  const ledger = new FakeLedger(manualClock())
  return { ledger, policy: new PolicyHolder(compileOrThrow([]), 1, ledger.append) }
}
const idsOf = (policy: PolicyHolder) => policy.current.rules.map(({ id }) => id)

describe('a policy', () => {
  it('is in force from the moment its entry is durable', async () => {
    const { ledger, policy } = holder()
    const release = ledger.hold()
    const loading = policy.load(source('a'))
    for (let turn = 0; turn < 5; turn++) await Promise.resolve()
    expect([idsOf(policy), policy.version]).toEqual([[], 1])
    release()
    await loading
    expect([idsOf(policy), policy.version]).toEqual([['a'], 2])
  })

  it('has a version of its own, also when several are loaded at once, and the last one stays', async () => {
    const { ledger, policy } = holder()
    await Promise.all(['a', 'b', 'c'].map((id) => policy.load(source(id))))
    expect(ledger.ofType('policy.loaded').map(({ pol }) => pol)).toEqual([2, 3, 4])
    expect([idsOf(policy), policy.version]).toEqual([['c'], 4])
  })

  it.each(['busy', 'log_full'] as const)(
    'that cannot be written is not in force, and the next one can be: %s',
    async (fault) => {
      const { ledger, policy } = holder()
      const mend = ledger.fail(fault)
      await expect(policy.load(source('a'))).rejects.toMatchObject({ detail: { code: fault } })
      mend()
      await policy.load(source('b'))
      expect([idsOf(policy), policy.version]).toEqual([['b'], 2])
    },
  )

  it('with faults names all of them, and the old one stays', async () => {
    const { ledger, policy } = holder()
    const faulty = [
      {
        name: 'test',
        rules: [
          { ...rule('a'), when: 'nonsense(' },
          { ...rule('b'), subject: 'agent:a*' },
        ],
      },
    ]
    await expect(policy.load(faulty)).rejects.toThrow(/rule a[\s\S]*rule b/)
    expect([idsOf(policy), ledger.entries]).toEqual([[], []])
  })
})
