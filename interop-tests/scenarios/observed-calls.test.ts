/** What is seen of calls for figures and traces: both sides, every stage, and nothing of what was said. */
import { describe, expect, it } from 'vitest'
import { refusal } from '../harness/outcome.ts'
import { allow, twoOrgs } from '../harness/two-orgs.ts'

type Seen = { direction: string; outcome: string; capability: string; stages: readonly { stage: string; ms: number }[] }

function observer() {
  const seen: Seen[] = []
  let time = 0
  return { seen, now: () => ++time, call: (one: Seen) => void seen.push(one) }
}

describe('an observer of calls', () => {
  it('sees a delegated call once on each side, with its stages in order', async () => {
    const [atAlice, atBob] = [observer(), observer()]
    await using mesh = await twoOrgs({ alice: { observer: atAlice }, bob: { observer: atBob } })
    const signed = await mesh.kernel('bob').advertise()
    await mesh.kernel('alice').importRemote({ manifest: signed, as: 'bob' })
    await mesh.kernel('alice').invoke('bob/echo', { text: 'a secret' })
    const stages = ['receive', 'policy', 'token', 'inbound', 'begin', 'driver', 'outbound']
    for (const { seen } of [atAlice, atBob]) {
      expect(seen).toHaveLength(1)
      expect(seen[0]?.stages.map(({ stage }) => stage)).toEqual(stages)
      expect(seen[0]?.stages.every(({ ms }) => ms > 0)).toBe(true)
      expect(JSON.stringify(seen)).not.toContain('a secret')
    }
    expect(atAlice.seen[0]).toMatchObject({ direction: 'outbound', outcome: 'released', capability: 'bob/echo' })
    expect(atBob.seen[0]).toMatchObject({ direction: 'inbound', outcome: 'released', capability: 'echo' })
  })

  it('sees where and why a call was refused', async () => {
    const atAlice = observer()
    await using mesh = await twoOrgs({
      alice: { observer: atAlice, rules: [allow('none', 'agent:nobody', 'nothing')] },
    })
    await mesh.kernel('alice').register({ id: 'own', safety: 'READ' }, () => 1)
    await refusal(mesh.kernel('alice').invoke('own', {}))
    await refusal(mesh.kernel('alice').invoke('unknown', {}))
    expect(atAlice.seen).toMatchObject([
      { direction: 'local', outcome: 'refused', code: 'policy_denied', stage: 'policy', safety: 'READ' },
      { direction: 'local', outcome: 'refused', code: 'not_found', stage: 'receive' },
    ])
  })
})
