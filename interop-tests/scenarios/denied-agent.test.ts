import { describe, expect, it } from 'vitest'
import { entriesOf, outcomeOf, refusal } from '../harness/outcome.ts'
import { allow, type TwoOrgs, type TwoOrgsInit, twoOrgs } from '../harness/two-orgs.ts'

/** Bob permits `echo` and nothing else. */
async function withDenials(init: TwoOrgsInit & { isStranger?: boolean } = {}): Promise<TwoOrgs> {
  const mesh = await twoOrgs({ bob: { rules: [allow('echo', '*', 'echo')] }, ...init })
  await mesh.join('alice', 'bob')
  if (init.isStranger === true) return mesh
  await mesh.kernel('alice').register({ id: 'time', safety: 'READ' }, () => 'noon')
  await mesh.join('bob', 'alice')
  return mesh
}

const callDenied = (mesh: TwoOrgs, principal = 'agent:loop') =>
  mesh.kernel('alice').invoke('bob/note.write', { text: 'x' }, { principal })
const permitted = (mesh: TwoOrgs, principal = 'agent:good') =>
  outcomeOf(mesh.kernel('alice').invoke('bob/echo', { text: 'x' }, { principal }))

/** Each agent makes a thousand calls within a minute. @returns what became of twenty calls of another one meanwhile */
async function whileLooping(mesh: TwoOrgs, agents: readonly string[]): Promise<string[]> {
  const others: string[] = []
  for (let n = 0; n < 1_000; n++) {
    for (const agent of agents) void outcomeOf(callDenied(mesh, agent))
    await mesh.settle()
    // Without the clock: nothing makes it wait.
    if (n % 50 === 49) others.push(await permitted(mesh))
    mesh.clock.advance(59)
  }
  return others
}

const deniedAt = async (mesh: TwoOrgs) => {
  const entries = await entriesOf(mesh, 'bob', 'outcome')
  return entries.filter(({ ext }) => ext?.code === 'policy_denied').length
}

describe('agents whose calls a peer denies, in a loop', () => {
  it.each([1, 2, 10])('leave the peer to the others of their organisation: %i of them', async (count) => {
    await using mesh = await withDenials()
    const agents = Array.from({ length: count }, (_, n) => `agent:loop-${n}`)
    expect(await whileLooping(mesh, agents)).toEqual(Array(20).fill('released'))
    expect(await deniedAt(mesh)).toBeLessThan(600)
    const slowed = mesh.lines('alice').filter(({ event }) => event === 'agent.slowed')
    expect(slowed.map(({ fields }) => fields.principal).sort()).toEqual(agents)
  })

  it('are refused here, and the log says what to do', async () => {
    await using mesh = await withDenials()
    await whileLooping(mesh, ['agent:loop'])
    const refused = refusal(callDenied(mesh))
    await mesh.settle()
    expect(await refused).toMatchObject({ code: 'rate_limited', stage: 'receive' })
    const [last] = (await entriesOf(mesh, 'alice', 'outcome')).slice(-1)
    expect(last?.ext).toMatchObject({
      code: 'rate_limited',
      reason: expect.stringMatching(
        /^bob denied so many calls of agent:loop .*: correct them, or ask the operator of bob/,
      ),
    })
  })

  it('leave the peer to the others also where it is asked for its decision first', async () => {
    const remote = { id: 'remote', effect: 'allow', subject: 'agent:*', action: 'invoke', resource: '*' } as const
    await using mesh = await twoOrgs({ alice: { rules: [remote] }, bob: { rules: [allow('echo', '*', 'echo')] } })
    await mesh.join('alice', 'bob', { trustPolicy: 'remote_deferred' })
    await mesh.kernel('alice').register({ id: 'time', safety: 'READ' }, () => 'noon')
    await mesh.join('bob', 'alice')
    expect(await whileLooping(mesh, ['agent:loop'])).toEqual(Array(20).fill('released'))
  })

  it('take a stranger away from the others for a minute, until it is known how little it bears', async () => {
    await using mesh = await withDenials({ isStranger: true })
    await whileLooping(mesh, ['agent:loop'])
    await mesh.advance({ seconds: 10 })
    expect(await whileLooping(mesh, ['agent:loop'])).toEqual(Array(20).fill('released'))
  })
})

describe('what does not slow an agent down', () => {
  it('is what its own kernel denies', async () => {
    await using mesh = await twoOrgs({ alice: { rules: [allow('echo', 'agent:*', 'bob/echo')] } })
    await mesh.join('alice', 'bob')
    for (let n = 0; n < 200; n++) await outcomeOf(callDenied(mesh))
    expect(await permitted(mesh, 'agent:loop')).toBe('released')
  })
})
