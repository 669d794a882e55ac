/** What mallory does with chains of delegations: copies, splices, widens, races. Bob owns, and says in his log why not. */
import { DELEGATION_TYP, type Delegate, type DelegationLink, type Did } from '@hansa/protocols'
import { type IssuedLink, issueNext, type LinkGrant, readLink, type Signer, signJws } from '@hansa/trust'
import { alice, carol, mallory } from '@hansa/trust/testing'
import { describe, expect, it } from 'vitest'
import { entriesOf } from '../harness/outcome.ts'
import { RoguePeer } from '../harness/rogue-peer.ts'
import type { TestKernelInit } from '../harness/test-mesh.ts'
import { allow, echo, type TwoOrgs, twoOrgs } from '../harness/two-orgs.ts'

const NOW = 1_800_000_000
const DAY = 86_400
const STRANGERS = [alice.did, carol.did, mallory.did]

type Init = { standing?: Partial<Record<Did, number>>; consent?: boolean } & TestKernelInit

/** Bob permits everything, so that only chains can refuse; everybody is trusted unless said otherwise. */
function bobOwns({ standing = {}, consent = true, ...bob }: Init = {}): Promise<TwoOrgs> {
  const peers = STRANGERS.map((did) => ({ did, delegation: consent, standing: standing[did] ?? 900 }))
  return twoOrgs({ bob: { peers, rules: [allow('all', '*', '*')], ...bob } })
}

async function given(mesh: TwoOrgs, to: Did, over: Partial<Delegate> = {}): Promise<IssuedLink> {
  const init = { to, cmd: '/echo', exp: NOW + DAY, dep: 2, by: 'person:bob', ...over }
  return issued((await mesh.kernel('bob').delegations.delegate(init)).chain)
}

function issued(jws: string): IssuedLink {
  const read = readLink(jws)
  if (read === undefined) throw new Error('no link')
  return { jws, ...read }
}

function passed(by: Signer, from: IssuedLink, over: Partial<LinkGrant> = {}): IssuedLink {
  const verdict = issueNext(
    by,
    from,
    { to: mallory.did, cmd: '/echo', exp: NOW + DAY, dep: 1, ...over, nbf: from.link.nbf },
    NOW,
  )
  if (!verdict.ok) throw new Error(verdict.reason)
  return verdict.issued
}

/** A link as its signer likes it, whatever the rules are. */
function forged(by: Signer, like: IssuedLink, over: Partial<DelegationLink>): string {
  return signJws(by, DELEGATION_TYP, { ...like.link, ...over }).jws
}

type Sent = Parameters<RoguePeer['call']>[0]

/** The status that bob signed, and the reason that only his log knows. */
async function answer(mesh: TwoOrgs, rogue: RoguePeer, call: Sent): Promise<string> {
  const { receipt, code } = await rogue.call(call)
  if (receipt?.status === 'ok') return 'accepted'
  const reason = (await entriesOf(mesh, 'bob', 'outcome')).at(-1)?.ext?.reason
  return `${receipt?.code ?? code}: ${reason}`
}

describe('mallory with a chain of bob', () => {
  it('cannot use one that she copied, though every signature in it is good', async () => {
    await using mesh = await bobOwns()
    const first = await given(mesh, alice.did)
    const thief = await RoguePeer.open(mesh, 'bob', mallory)
    expect(await answer(mesh, thief, { chain: [first.jws] })).toBe('policy_denied: delegation: link 0: not_the_invoker')
    const second = passed(alice, first, { to: carol.did })
    expect(await answer(mesh, thief, { chain: [first.jws, second.jws] })).toContain('not_the_invoker')
    const holder = await RoguePeer.open(mesh, 'bob', alice)
    expect(await answer(mesh, holder, { chain: [first.jws] })).toBe('accepted')
  })

  it('cannot leave the chain out of the intent, or the chain out of the body, or send another one', async () => {
    await using mesh = await bobOwns()
    const [first, other] = [await given(mesh, mallory.did), await given(mesh, mallory.did)]
    const rogue = await RoguePeer.open(mesh, 'bob', mallory)
    expect(await answer(mesh, rogue, { chain: [first.jws], prf: [] })).toContain(
      'a chain came that the intent does not name',
    )
    expect(await answer(mesh, rogue, { prf: [first.hash] })).toContain('names a chain that did not come with it')
    expect(await answer(mesh, rogue, { chain: [other.jws], prf: [first.hash] })).toContain(
      'is not the one that the intent names',
    )
    expect(await answer(mesh, rogue, { chain: ['what is that'], prf: [first.hash] })).toContain(
      'the frame is not a chain',
    )
    expect(await answer(mesh, rogue, { chain: [first.jws, first.jws] })).toContain('link_elsewhere')
    expect(await answer(mesh, rogue, { chain: [first.jws] })).toBe('accepted')
  })

  it('cannot splice links of two chains, drop the first one, or give what is not hers', async () => {
    await using mesh = await bobOwns()
    const [first, twin] = [await given(mesh, alice.did), await given(mesh, alice.did)]
    const second = passed(alice, first)
    const rogue = await RoguePeer.open(mesh, 'bob', mallory)
    expect(await answer(mesh, rogue, { chain: [twin.jws, second.jws] })).toContain('link_elsewhere')
    expect(await answer(mesh, rogue, { chain: [second.jws] })).toContain('root_missing')
    const own = forged(mallory, first, { iss: mallory.did, sub: mallory.did, aud: mallory.did })
    expect(await answer(mesh, rogue, { chain: [own] })).toContain('owner_not_accepted')
    const asBob = forged(mallory, first, { aud: mallory.did })
    expect(await answer(mesh, rogue, { chain: [asBob] })).toContain('issuer_not_signer')
  })

  it.each<[string, Partial<DelegationLink>, string]>([
    ['another path', { cmd: '/' }, 'not below'],
    ['a later end', { exp: NOW + DAY + 1 }, 'ends later'],
    ['an earlier beginning', { nbf: NOW - 61 }, 'begins sooner'],
    ['more depth', { dep: 2 }, 'depth'],
    ['more calls', { lim: { calls: 11 } }, 'limit of calls'],
  ])('gains nothing when alice signs her %s', async (_what, over, reason) => {
    await using mesh = await bobOwns()
    const first = await given(mesh, alice.did, { lim: { calls: 10 } })
    const wider = forged(alice, passed(alice, first), over)
    const rogue = await RoguePeer.open(mesh, 'bob', mallory)
    expect(await answer(mesh, rogue, { chain: [first.jws, wider] })).toContain(reason)
  })

  it('gains nothing when alice leaves out the predicates that bob had set', async () => {
    await using mesh = await bobOwns()
    const first = await given(mesh, alice.did, { pol: [['==', '.text', 'hello']] })
    const chain = [first.jws, passed(alice, first, { pol: [] }).jws]
    const rogue = await RoguePeer.open(mesh, 'bob', mallory)
    expect(await answer(mesh, rogue, { chain, args: { text: 'all of it' } })).toContain('predicate 0 does not hold')
    expect(await answer(mesh, rogue, { chain, args: { text: 'hello' } })).toBe('accepted')
    expect(await answer(mesh, rogue, { chain, cap: 'note.write', args: { text: 'hello' } })).toContain(
      'not below /echo',
    )
  })

  it('finds no way back: nobody is in a chain twice', async () => {
    await using mesh = await bobOwns()
    const first = await given(mesh, alice.did)
    const second = passed(alice, first, { to: carol.did })
    const third = passed(carol, second, { to: alice.did, dep: 0 })
    const rogue = await RoguePeer.open(mesh, 'bob', alice)
    const chain = [first.jws, second.jws, third.jws]
    expect(await answer(mesh, rogue, { chain })).toContain('chain_returns')
    const hops = [alice.did, mesh.did('bob'), alice.did]
    expect(await answer(mesh, rogue, { chain: [first.jws], hops })).toContain('loop: this kernel is among the hops')
  })

  it('is refused where bob has not consented to chains, and by rules that do not permit it anyway', async () => {
    await using deaf = await bobOwns({ consent: false })
    const rogue = await RoguePeer.open(deaf, 'bob', mallory)
    const chain = [(await given(deaf, mallory.did)).jws]
    expect(await answer(deaf, rogue, { chain })).toContain('has not consented')
    await using strict = await bobOwns({ policy: [{ name: 'bob', rules: [] }] })
    const other = await RoguePeer.open(strict, 'bob', mallory)
    expect(await answer(strict, other, { chain: [(await given(strict, mallory.did)).jws] })).toMatch(/^policy_denied: /)
  })

  it('is trusted no more than the least of those before her, and whoever passes on has to be trusted', async () => {
    const rules = [allow('trusted', 'did:*', '*', { when: 'subject.standing >= 800' })]
    await using mesh = await bobOwns({ standing: { [alice.did]: 750 }, policy: [{ name: 'bob', rules }] })
    const rogue = await RoguePeer.open(mesh, 'bob', mallory)
    expect(await answer(mesh, rogue, {})).toBe('accepted')
    const first = await given(mesh, alice.did)
    expect(await answer(mesh, rogue, { chain: [first.jws, passed(alice, first).jws] })).toMatch(/^policy_denied: /)
    await using low = await bobOwns({ standing: { [alice.did]: 699 } })
    const start = await given(low, alice.did)
    const again = await RoguePeer.open(low, 'bob', mallory)
    expect(await answer(low, again, { chain: [start.jws, passed(alice, start).jws] })).toContain(
      'takes a standing of 700',
    )
  })

  it('cannot pass from one organisation to a third and a fourth, unless they are of one owner', async () => {
    const far = async (mesh: TwoOrgs) => {
      const first = await given(mesh, alice.did)
      const second = passed(alice, first, { to: carol.did })
      const third = passed(carol, second, { to: mallory.did, dep: 0 })
      const rogue = await RoguePeer.open(mesh, 'bob', mallory)
      return answer(mesh, rogue, { chain: [first.jws, second.jws, third.jws] })
    }
    await using mesh = await bobOwns()
    expect(await far(mesh)).toContain('from one organisation to another 3 times')
    const peers = STRANGERS.map((did) => ({ did, delegation: true, standing: 900, sameOwner: did === alice.did }))
    await using near = await bobOwns({ peers })
    expect(await far(near)).toBe('accepted')
  })

  it('is refused once a link has ended, also when it ends on the way', async () => {
    await using mesh = await bobOwns()
    const first = await given(mesh, mallory.did, { exp: NOW + 10 })
    const rogue = await RoguePeer.open(mesh, 'bob', mallory)
    expect(await answer(mesh, rogue, { chain: [first.jws] })).toBe('accepted')
    const body = await rogue.body({ chain: [first.jws] })
    await mesh.advance({ seconds: 10 })
    const { receipt } = await rogue.send('/hansa/v1/call', body)
    expect(receipt?.code).toBe('policy_denied')
    expect((await entriesOf(mesh, 'bob', 'outcome')).at(-1)?.ext?.reason).toBe('delegation: link 0: link_expired')
  })
})

describe('a middle link that is taken back', () => {
  it('takes everything below it along, at once and after a restart, and nothing beside it', async () => {
    const peers = STRANGERS.map((did) => ({ did, delegation: true, standing: 900, sameOwner: did === alice.did }))
    await using mesh = await bobOwns({ peers })
    const first = await given(mesh, alice.did)
    const [middle, beside] = [passed(alice, first, { to: carol.did }), passed(alice, first, { to: mallory.did })]
    const last = passed(carol, middle, { to: mallory.did, dep: 0 })
    const rogue = await RoguePeer.open(mesh, 'bob', mallory)
    const chain = [first.jws, middle.jws, last.jws]
    expect(await answer(mesh, rogue, { chain })).toBe('accepted')
    await mesh.kernel('bob').revoke({ kind: 'delegation', what: middle.hash, by: 'person:bob' })
    expect(await answer(mesh, rogue, { chain })).toBe('policy_denied: delegation: link 1: link_revoked')
    expect(await answer(mesh, rogue, { chain: [first.jws, beside.jws] })).toBe('accepted')
    await mesh.restart('bob')
    await mesh.kernel('bob').register(echo, (args) => args)
    const again = await RoguePeer.open(mesh, 'bob', mallory)
    expect(await answer(mesh, again, { chain })).toContain('link_revoked')
    expect(await answer(mesh, again, { chain: [first.jws, beside.jws] })).toBe('accepted')
  })

  it('falls too when somebody in the chain is revoked by bob', async () => {
    await using mesh = await bobOwns()
    const first = await given(mesh, alice.did)
    const chain = [first.jws, passed(alice, first).jws]
    const rogue = await RoguePeer.open(mesh, 'bob', mallory)
    expect(await answer(mesh, rogue, { chain })).toBe('accepted')
    await mesh.kernel('bob').revoke({ kind: 'peer', what: alice.did, by: 'person:bob' })
    expect(await answer(mesh, rogue, { chain })).toContain('was revoked')
    expect(await answer(mesh, rogue, {})).toBe('accepted')
  })
})

describe('a limit of a link', () => {
  it('is not passed by calls that race, nor by two who share it, nor after a restart', async () => {
    await using mesh = await bobOwns()
    const first = await given(mesh, alice.did, { lim: { calls: 5 } })
    const second = passed(alice, first)
    const [one, two] = [await RoguePeer.open(mesh, 'bob', alice), await RoguePeer.open(mesh, 'bob', mallory)]
    const mine = { chain: [first.jws] }
    const hers = { chain: [first.jws, second.jws] }
    const replies = await Promise.all([
      ...Array.from({ length: 6 }, () => one.call(mine)),
      ...Array.from({ length: 6 }, () => two.call(hers)),
    ])
    const codes = replies.map(({ receipt }) => receipt?.code ?? receipt?.status)
    expect(codes.filter((code) => code === 'ok')).toHaveLength(5)
    expect(codes.filter((code) => code === 'budget_exceeded')).toHaveLength(7)
    await mesh.restart('bob')
    await mesh.kernel('bob').register({ id: 'echo', safety: 'READ' }, () => 'x')
    const again = await RoguePeer.open(mesh, 'bob', alice)
    expect(await answer(mesh, again, mine)).toBe('budget_exceeded: delegation: link 0: its 5 calls are used up')
  })
})
