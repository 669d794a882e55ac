import { callFrameLimits, decodeFrames, exchangePaths, type Intent, type Rule, trustPolicies } from '@hansa/protocols'
import { describe, expect, it } from 'vitest'
import { entriesOf, outcomeOf } from '../harness/outcome.ts'
import { RoguePeer } from '../harness/rogue-peer.ts'
import { allow, type TwoOrgs, twoOrgs } from '../harness/two-orgs.ts'

const deny = (over: Partial<Rule> = {}): Rule => ({ id: 'no', effect: 'deny', ...subject, ...over })
const subject = { subject: 'agent:*', action: 'invoke', resource: 'bob/*' }

/** Whether the text crossed to bob, in whatever message. */
function crossed(mesh: TwoOrgs, text: string): boolean {
  return mesh.network.tap.some(({ body }) => Buffer.from(body).includes(text))
}

/** The intent in the body of a call. */
function intentIn(body: Uint8Array): Intent {
  const [envelope] = decodeFrames(body, callFrameLimits) ?? []
  const { payload } = JSON.parse(Buffer.from(envelope ?? []).toString())
  return JSON.parse(Buffer.from(payload, 'base64url').toString())
}

describe('arguments that this kernel refuses to send', () => {
  it.each(trustPolicies)('do not leave as a question either: %s', async (trustPolicy) => {
    await using mesh = await twoOrgs({ alice: { rules: [deny()] } })
    await mesh.join('alice', 'bob', { trustPolicy })
    expect(await outcomeOf(mesh.kernel('alice').invoke('bob/echo', { text: 'the-plan' }))).toBe('policy_denied')
    expect(crossed(mesh, 'the-plan')).toBe(false)
  })

  it.each(trustPolicies)('do not leave when somebody only asks why: %s', async (trustPolicy) => {
    await using mesh = await twoOrgs({ alice: { rules: [deny()] } })
    await mesh.join('alice', 'bob', { trustPolicy })
    const explanation = await mesh.kernel('alice').explain('bob/echo', { text: 'the-plan' })
    expect(explanation).toMatchObject({ decision: 'deny', code: 'policy_denied', local: { rules: ['no'] } })
    expect(crossed(mesh, 'the-plan')).toBe(false)
  })

  it.each(['most_restrictive', 'local_only'] as const)(
    'do not leave when no rule speaks for them and somebody asks why: %s',
    async (trustPolicy) => {
      await using mesh = await twoOrgs({ alice: { rules: [] } })
      await mesh.join('alice', 'bob', { trustPolicy })
      expect(await mesh.kernel('alice').explain('bob/echo', { text: 'the-plan' })).toMatchObject({ decision: 'deny' })
      expect(crossed(mesh, 'the-plan')).toBe(false)
    },
  )

  it('are asked about where the deny depends on what the peer says', async () => {
    const depends = deny({ when: 'remote.effect == "permit"' })
    await using mesh = await twoOrgs({ alice: { rules: [depends] } })
    await mesh.join('alice', 'bob', { trustPolicy: 'remote_deferred' })
    expect(await outcomeOf(mesh.kernel('alice').invoke('bob/echo', { text: 'the-plan' }))).toBe('policy_denied')
    expect(crossed(mesh, 'the-plan')).toBe(true)
  })
})

describe('what the rules hide from a peer', () => {
  it.each(['most_restrictive', 'remote_deferred'] as const)(
    'is hidden in the question as in the call: %s',
    async (trustPolicy) => {
      const hides = allow('hides', 'agent:*', '*', { obligations: ['redact:PII'] })
      await using mesh = await twoOrgs({ alice: { rules: [hides] } })
      await mesh.join('alice', 'bob', { trustPolicy })
      const text = 'write to ada@example.com'
      expect(await outcomeOf(mesh.kernel('alice').invoke('bob/echo', { text }))).toBe('released')
      await mesh.kernel('alice').explain('bob/echo', { text })
      expect(crossed(mesh, 'ada@example.com')).toBe(false)
    },
  )

  it('includes what its principals call their keys, and one of them cannot take that of another', async () => {
    await using mesh = await twoOrgs()
    await mesh.join('alice', 'bob')
    const call = (principal: string) =>
      outcomeOf(
        mesh.kernel('alice').invoke('bob/note.write', { text: 'x' }, { principal, idempotencyKey: 'salary-of-ada' }),
      )
    expect([await call('agent:a'), await call('agent:b'), await call('agent:a')]).toEqual(Array(3).fill('released'))
    expect(mesh.notes).toHaveLength(2)
    const intents = mesh.network.tap.filter(({ path }) => path === exchangePaths.call).map(({ body }) => intentIn(body))
    expect(intents).toHaveLength(3)
    expect(new Set(intents.map(({ idem_key }) => idem_key)).size).toBe(2)
    expect(JSON.stringify(intents)).not.toContain('salary')
  })
})

describe('a rule about the kernel that serves', () => {
  it('knows it by the alias under which it was imported', async () => {
    const byAlias = deny({ resource: '*', when: 'resource.peer == "bob"' })
    await using mesh = await twoOrgs({ alice: { rules: [allow('all', 'agent:*', '*'), byAlias] } })
    await mesh.join('alice', 'bob')
    expect(await outcomeOf(mesh.kernel('alice').invoke('bob/echo', { text: 'x' }))).toBe('policy_denied')
  })
})

describe('a question that is asked again and again', () => {
  it('is answered alike and written once, so that a recorded one cannot fill the log', async () => {
    await using mesh = await twoOrgs()
    const rogue = await RoguePeer.open(mesh, 'bob')
    const body = await rogue.body()
    const answers = await Promise.all(Array.from({ length: 20 }, () => rogue.send(exchangePaths.decide, body)))
    for (let again = 0; again < 20; again++) answers.push(await rogue.send(exchangePaths.decide, body))
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]))
    expect(await entriesOf(mesh, 'bob', 'decision.made')).toHaveLength(1)
  })

  it('takes nothing of what it is about: no place, no rate, no key, no approval', async () => {
    await using mesh = await twoOrgs({
      bob: { rules: [allow('once', '*', '*', { limit: { calls: 1, per_seconds: 60 } })] },
    })
    const rogue = await RoguePeer.open(mesh, 'bob')
    for (let ask = 0; ask < 5; ask++) {
      await rogue.send(exchangePaths.decide, await rogue.body({ idem_key: 'k', args: { text: `${ask}` } }))
    }
    expect((await rogue.call({ idem_key: 'k' })).receipt).toMatchObject({ status: 'ok' })
    expect((await mesh.kernel('bob').status()).pendingApprovals).toBe(0)
  })
})

describe('what a stranger with a session learns', () => {
  it('is no more than the manifest says: names that are imported answer like names that do not exist', async () => {
    await using mesh = await twoOrgs({ bob: { rules: [] } })
    await mesh.kernel('alice').register({ id: 'inner', safety: 'READ' }, () => 'secret')
    await mesh.join('bob', 'alice')
    const rogue = await RoguePeer.open(mesh, 'bob')
    const answers = [await rogue.call({ cap: 'inner' }), await rogue.call({ cap: 'nothing' })]
    expect(answers.map(({ receipt }) => [receipt?.status, receipt?.code])).toEqual([
      ['denied', 'not_found'],
      ['denied', 'not_found'],
    ])
    expect((await rogue.call({ cap: 'alice/inner' })).receipt).toBeUndefined()
  })

  it('never is a reason, a rule or a policy', async () => {
    const secret = allow('the-secret-rule', 'did:key:*', 'echo', { effect: 'deny' })
    await using mesh = await twoOrgs({ bob: { rules: [secret] } })
    const rogue = await RoguePeer.open(mesh, 'bob')
    expect((await rogue.call()).receipt).toMatchObject({ status: 'denied', code: 'policy_denied' })
    await rogue.send(exchangePaths.decide, await rogue.body())
    const replies = Buffer.concat(mesh.network.tap.map(({ reply }) => Buffer.from(reply?.body ?? [])))
    expect(replies.includes('the-secret-rule')).toBe(false)
    expect(replies.includes('denied (')).toBe(false)
  })

  it('is nothing about a key that somebody else has used', async () => {
    await using mesh = await twoOrgs()
    await mesh.join('alice', 'bob')
    await mesh.kernel('alice').invoke('bob/note.write', { text: 'mine' }, { idempotencyKey: 'order-1' })
    const rogue = await RoguePeer.open(mesh, 'bob')
    expect((await rogue.call({ cap: 'note.write', idem_key: 'order-1' })).receipt).toMatchObject({ status: 'ok' })
    expect(mesh.notes).toEqual(['mine', 'x'])
  })
})

describe('an intent', () => {
  it.each([
    ['of another issuer', { iss: 'did:key:z6MkvBAdaewPmLShZkjFRRnEJuK85pjmcH8hjSKXMs9Acnav' as const }],
    ['for another kernel', { aud: 'did:key:z6MkvBAdaewPmLShZkjFRRnEJuK85pjmcH8hjSKXMs9Acnav' as const, ctr: 7 }],
    ['that lives too long', { exp: 2_000_000_000 }],
    ['from the future', { iat: 1_800_000_100, exp: 1_800_000_150 }],
    ['that has expired', { iat: 1_799_999_800, exp: 1_799_999_850 }],
    ['that ended before it began', { iat: 1_800_000_000, exp: 1_800_000_000 }],
    ['with more hops than there are', { ttl_hops: 9 }],
    ['with a counter of another number format', { ctr: 1.5 }],
  ])('%s earns neither a receipt nor an entry', async (_what, over) => {
    await using mesh = await twoOrgs({ seed: 3 })
    const rogue = await RoguePeer.open(mesh, 'bob')
    const before = (await entriesOf(mesh, 'bob')).length
    const answer = await rogue.call(over)
    expect(answer.receipt).toBeUndefined()
    expect(answer.code).toMatch(/^(invalid_request|clock_skew)$/)
    expect(await entriesOf(mesh, 'bob')).toHaveLength(before)
  })

  it('of the session of another kernel is refused, although the signature is good', async () => {
    await using mesh = await twoOrgs()
    await mesh.join('alice', 'bob')
    await mesh.kernel('alice').invoke('bob/echo', { text: 'x' })
    const sent = mesh.network.tap.find(({ path }) => path === exchangePaths.call)
    const { sid } = intentIn(sent?.body ?? new Uint8Array())
    const rogue = await RoguePeer.open(mesh, 'bob')
    expect(await rogue.call({ sid, ctr: 500 })).toMatchObject({ code: 'invalid_request' })
  })

  it('cannot be used twice with counters in any order, and a high one does not shut out the others', async () => {
    await using mesh = await twoOrgs()
    const rogue = await RoguePeer.open(mesh, 'bob')
    const ok = async (ctr: number) => (await rogue.call({ ctr })).receipt?.status ?? 'refused'
    expect([await ok(5_000), await ok(4_999), await ok(905), await ok(904), await ok(904), await ok(5_000)]).toEqual([
      'ok',
      'ok',
      'ok',
      'refused',
      'refused',
      'refused',
    ])
  })
})
