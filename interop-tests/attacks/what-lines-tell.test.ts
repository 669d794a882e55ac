import { exchangePaths, type LogFields } from '@hansa/protocols'
import { describe, expect, it } from 'vitest'
import { entriesOf, outcomeOf } from '../harness/outcome.ts'
import { RoguePeer } from '../harness/rogue-peer.ts'
import { allow, type TwoOrgs, twoOrgs } from '../harness/two-orgs.ts'

const SECRET = 'sk-live-4eC39HqLyjWDarjtT1zdp7dc'
const agent = { principal: 'agent:a' }

const textOf = (mesh: TwoOrgs, name: 'alice' | 'bob') => JSON.stringify(mesh.lines(name))
const fieldsOf = (mesh: TwoOrgs, name: 'alice' | 'bob', event: string): LogFields[] =>
  mesh.lines(name).flatMap((line) => (line.event === event ? [line.fields] : []))

/** Every way in which a call ends, with a secret in the arguments and a token in the hand. */
async function everyEnding(): Promise<TwoOrgs & { token: string }> {
  const mesh = await twoOrgs({
    alice: {
      rules: [
        allow('all', 'agent:*', '*'),
        { id: 'no', effect: 'deny', subject: '*', action: '*', resource: 'denied' },
      ],
    },
  })
  const fails = (args: unknown) => {
    throw new Error(`cannot log in with ${JSON.stringify(args)}`)
  }
  const alice = mesh.kernel('alice')
  await alice.register({ id: 'local', safety: 'READ' }, (args) => JSON.stringify(args))
  await alice.register({ id: 'denied', safety: 'READ' }, () => 'never')
  await alice.register({ id: 'fails', safety: 'WRITE', limits: { calls_per_minute: 100 } }, fails)
  await mesh.kernel('bob').register({ id: 'fails', safety: 'WRITE', limits: { calls_per_minute: 100 } }, fails)
  await mesh.join('alice', 'bob')
  const { token } = await alice.grant({ principal: 'agent:a', capability: 'local' })
  const args = { text: 'x', password: SECRET }
  const calls = [
    () => alice.invoke('local', args, { token }),
    () => alice.invoke('denied', args, agent),
    () => alice.invoke('fails', args, agent),
    () => alice.invoke('bob/echo', { text: SECRET }, agent),
    () => alice.invoke('bob/fails', args, agent),
    () => alice.invoke('bob/echo', args, agent),
    () => alice.invoke(`no capability but ${SECRET}`, args, agent),
    () => alice.invoke('denied', args, { token }),
  ]
  const outcomes: string[] = []
  for (const call of calls) outcomes.push(await outcomeOf(call()))
  expect(outcomes).toEqual([
    'released',
    'policy_denied',
    'internal',
    'released',
    'internal',
    'invalid_request',
    'invalid_request',
    'token_rejected',
  ])
  return Object.assign(mesh, { token })
}

describe('the lines of a node', () => {
  it('have no argument, result, token or text of a driver, at any level', async () => {
    await using mesh = await everyEnding()
    for (const name of ['alice', 'bob'] as const) {
      const text = textOf(mesh, name)
      expect(mesh.lines(name).some(({ level }) => level === 'debug')).toBe(true)
      expect(text).not.toContain(SECRET)
      expect(text).not.toContain('cannot log in')
      expect(text).not.toContain(mesh.token)
    }
  })

  it('name each call that has an outcome entry, as the entry does, on both sides', async () => {
    await using mesh = await everyEnding()
    for (const name of ['alice', 'bob'] as const) {
      const outcomes = (await entriesOf(mesh, name)).filter(({ type }) => /^(?:outcome|receipt\.received)$/.test(type))
      const ended = mesh.lines(name).filter(({ event }) => /^call\.(?:released|refused)$/.test(event))
      expect(ended.map(({ fields }) => fields.call_id)).toEqual(outcomes.map(({ call_id }) => call_id))
      expect(ended.map(({ fields }) => fields.peer)).toEqual(outcomes.map(({ peer }) => peer))
      expect(ended.map(({ fields }) => fields.denial_id)).toEqual(outcomes.map(({ ext }) => ext?.denial_id))
    }
  })

  it('name call and peer when the log fails under the call of a peer', async () => {
    await using mesh = await twoOrgs()
    const rogue = await RoguePeer.open(mesh, 'bob')
    await rogue.call()
    mesh.disk('bob').limit(0)
    const { status } = await rogue.send(exchangePaths.call, await rogue.body({ args: { text: SECRET } }))
    expect(status).toBeGreaterThanOrEqual(500)
    expect(fieldsOf(mesh, 'bob', 'inbound.failed')).toMatchObject([
      { peer: rogue.signer.did, call_id: expect.stringMatching(/^[\w-]{22}$/), path: exchangePaths.call },
    ])
    expect(textOf(mesh, 'bob')).not.toContain(SECRET)
  })

  it('do not grow with refusals that leave no entry', async () => {
    await using mesh = await twoOrgs({ bob: { rules: [] } })
    const rogue = await RoguePeer.open(mesh, 'bob')
    for (let at = 0; at < 700; at++) await rogue.send(exchangePaths.call, await rogue.body())
    const entries = (await entriesOf(mesh, 'bob')).filter(({ type }) => type === 'outcome')
    expect(entries.length).toBeLessThan(700)
    expect(fieldsOf(mesh, 'bob', 'call.refused')).toHaveLength(entries.length)
  })
})
