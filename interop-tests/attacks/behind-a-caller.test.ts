/** Mallory is sanctioned by bob, and comes to him through somebody else: a principal, a chain, a kernel on the way. */
import type { CaseAct, SanctionTerms } from '@hansa/protocols'
import { type IssuedLink, issueNext, readLink, type Signer } from '@hansa/trust'
import { alice, carol, mallory } from '@hansa/trust/testing'
import { describe, expect, it } from 'vitest'
import { entriesOf, outcomeOf } from '../harness/outcome.ts'
import { RoguePeer } from '../harness/rogue-peer.ts'
import { allow, type TwoOrgs, twoOrgs } from '../harness/two-orgs.ts'

const NOW = 1_800_000_000
const DAY = 86_400
const [ana, ben, cy] = ['person:ana', 'person:ben', 'person:cy'] as const

const bobOwns = (): Promise<TwoOrgs> => {
  // Alice is of bob's house, so that a chain can have two members more before it reaches a third one.
  const sameOwner = (did: string) => did === alice.did
  const peers = [alice.did, carol.did, mallory.did].map((did) => {
    return { did, delegation: true, standing: 900, sameOwner: sameOwner(did) }
  })
  return twoOrgs({ bob: { peers, rules: [allow('all', '*', '*')] } })
}

async function sanctioned(mesh: TwoOrgs, subject: string, sanction: SanctionTerms): Promise<void> {
  const { governance } = mesh.kernel('bob')
  const { id } = await governance.openCase({ subject, reason: 'it lied', evidence: [], by: ana })
  const act = (by: string, what: CaseAct) => governance.actOnCase({ id, by, act: what })
  await act(ben, { type: 'triage', reason: 'looks real' })
  const decide: CaseAct = { type: 'decide', reason: 'shown', terms: { verdict: 'sanction', sanction } }
  await act(ben, decide)
  if (sanction.kind === 'ban') await act(cy, decide)
}

async function reasonOf(mesh: TwoOrgs): Promise<string | undefined> {
  return (await entriesOf(mesh, 'bob', 'outcome')).at(-1)?.ext?.reason
}

describe('mallory, who is sanctioned', () => {
  it('does not act through a principal that calls on behalf of hers', async () => {
    await using mesh = await bobOwns()
    const call = (onBehalfOf: string) =>
      outcomeOf(mesh.kernel('bob').invoke('echo', { text: 'x' }, { principal: 'agent:clerk', onBehalfOf }))
    expect(await call('person:mallory')).toBe('released')
    await sanctioned(mesh, 'person:mallory', { kind: 'suspend', days: 3 })
    expect([await call('person:mallory'), await call('person:olga')]).toEqual(['policy_denied', 'released'])
    expect(
      (await entriesOf(mesh, 'bob', 'outcome')).some(({ ext }) => ext?.reason?.startsWith('person:mallory is')),
    ).toBe(true)
  })

  it('does not act as the one for whom a caller behind another kernel acts', async () => {
    await using mesh = await bobOwns()
    const rogue = await RoguePeer.open(mesh, 'bob', alice)
    const obo = 'M'.repeat(43)
    const call = async (over: object) => (await rogue.call(over)).receipt?.status
    expect(await call({ obo })).toBe('ok')
    await sanctioned(mesh, `${alice.did}#${obo}`, { kind: 'suspend', days: 3 })
    expect(await call({ obo })).toBe('denied')
    // The sanction began by ending the sessions of the kernel behind which it acts.
    expect(await reasonOf(mesh)).toContain('is suspended')
  })

  it('does not come through a kernel that passes her work on', async () => {
    await using mesh = await bobOwns()
    const relay = await RoguePeer.open(mesh, 'bob', carol)
    const passed = async () => (await relay.call({ hops: [mallory.did, carol.did], ttl_hops: 2 })).receipt?.status
    expect(await passed()).toBe('ok')
    await sanctioned(mesh, mallory.did, { kind: 'suspend', days: 3 })
    expect(await passed()).toBe('denied')
    expect(await reasonOf(mesh)).toContain(`${mallory.did} is suspended`)
    expect((await relay.call()).receipt?.status).toBe('ok')
  })

  it('does not come through it either when bob has revoked her', async () => {
    await using mesh = await bobOwns()
    const relay = await RoguePeer.open(mesh, 'bob', carol)
    await mesh.kernel('bob').revoke({ kind: 'peer', what: mallory.did, reason: 'gone', by: ben })
    expect((await relay.call({ hops: [mallory.did, carol.did], ttl_hops: 2 })).receipt?.status).toBe('denied')
    expect(await reasonOf(mesh)).toContain(mallory.did)
  })

  it('does not hide behind a member of a chain with a milder sanction', async () => {
    await using mesh = await bobOwns()
    const first = issued(
      (await mesh.kernel('bob').delegations.delegate({ to: alice.did, cmd: '/echo', exp: NOW + DAY, dep: 2, by: ben }))
        .chain,
    )
    const second = passedOn(alice, first, mallory.did, 1)
    const third = passedOn(mallory, second, carol.did, 0)
    const chain = [first.jws, second.jws, third.jws]
    const rogue = () => RoguePeer.open(mesh, 'bob', carol)
    expect((await (await rogue()).call({ chain })).receipt?.status).toBe('ok')
    await sanctioned(mesh, alice.did, { kind: 'warn' })
    expect((await (await rogue()).call({ chain })).receipt?.status).toBe('ok')
    await sanctioned(mesh, mallory.did, { kind: 'ban' })
    expect((await (await rogue()).call({ chain })).receipt?.status).toBe('denied')
    expect(await reasonOf(mesh)).toContain(`${mallory.did} is banned`)
  })
})

describe('mallory, of whom it is not known any more what she has revoked', () => {
  it('reads what is unlabelled, and no result in which something is found', async () => {
    await using mesh = await bobOwns()
    await mesh
      .kernel('bob')
      .register({ id: 'leak', safety: 'READ', output: {} }, () => ({ mail: 'jane.doe@example.com' }))
    const rogue = await RoguePeer.open(mesh, 'bob', mallory)
    expect((await rogue.call({ cap: 'leak', args: {} })).receipt).toMatchObject({ status: 'ok', labels: ['PII'] })
    await mesh.advance({ seconds: 301 })
    expect((await rogue.call()).receipt?.status).toBe('ok')
    expect((await rogue.call({ cap: 'leak', args: {} })).receipt).toMatchObject({ code: 'identity_unavailable' })
    expect(await reasonOf(mesh)).toMatch(/labelled data needs that within 300 s/)
  })
})

function issued(jws: string): IssuedLink {
  const read = readLink(jws)
  if (read === undefined) throw new TypeError('no link')
  return { jws, ...read }
}

function passedOn(by: Signer, from: IssuedLink, to: `did:${string}`, dep: number): IssuedLink {
  const verdict = issueNext(by, from, { to, cmd: '/echo', exp: NOW + DAY, dep, nbf: from.link.nbf }, NOW)
  if (!verdict.ok) throw new TypeError(verdict.reason)
  return verdict.issued
}
