/** Who vouches for an agent, and what rules make of it (security.md B5: on whose behalf). */
import { makeSponsorClaim, signJws } from '@hansa/trust'
import { carol, mallory } from '@hansa/trust/testing'
import { expect, it } from 'vitest'
import { entriesOf, outcomeOf } from '../harness/outcome.ts'
import { allow, type TwoOrgs, twoOrgs } from '../harness/two-orgs.ts'

const NOW = 1_800_000_000
const BY = 'person:ada'

const sponsored = () =>
  twoOrgs({
    alice: {
      rules: [
        allow('vouched-for', 'agent:*', 'bob/*', {
          when: `sponsor.did == "${carol.did}" && sponsor.purpose == "monthly report"`,
        }),
      ],
    },
  })

function claimFor(mesh: TwoOrgs, signer = carol, over: { agent?: `agent:${string}`; exp?: number } = {}) {
  const draft = {
    kernel: mesh.did('alice'),
    agent: 'agent:reporter' as const,
    purpose: 'monthly report',
    exp: NOW + 3_600,
  }
  const made = makeSponsorClaim(signer, { ...draft, ...over }, NOW)
  if (!made.ok) throw new Error(made.reason)
  return made.read
}

const call = (mesh: TwoOrgs, principal = 'agent:reporter') =>
  outcomeOf(mesh.kernel('alice').invoke('bob/echo', { text: 'x' }, { principal }))

it('rules see who vouches for an agent, and only for that agent, as long as it holds', async () => {
  await using mesh = await sponsored()
  await mesh.join('alice', 'bob')
  expect(await call(mesh)).toBe('policy_denied')
  const { sponsors } = mesh.kernel('alice')
  const { id } = await sponsors.add({ claim: claimFor(mesh).jws, by: BY })
  expect(await call(mesh)).toBe('released')
  expect(await call(mesh, 'agent:other')).toBe('policy_denied')
  expect(await entriesOf(mesh, 'alice', 'sponsor.added')).toMatchObject([
    { actor: BY, peer: carol.did, ext: { hash: id } },
  ])
  await mesh.restart('alice')
  expect(await call(mesh)).toBe('released')
  await mesh.advance({ hours: 1 })
  await mesh.kernel('alice').refresh('bob')
  expect(await mesh.kernel('alice').sponsors.list()).toMatchObject([{ state: 'expired' }])
  expect(await call(mesh)).toBe('policy_denied')
})

it('a claim that was taken away counts no more', async () => {
  await using mesh = await sponsored()
  await mesh.join('alice', 'bob')
  const { id } = await mesh.kernel('alice').sponsors.add({ claim: claimFor(mesh).jws, by: BY })
  await mesh.kernel('alice').sponsors.remove(id.slice(0, 10), BY)
  expect(await call(mesh)).toBe('policy_denied')
  expect(await entriesOf(mesh, 'alice', 'sponsor.removed')).toHaveLength(1)
})

it('mallory vouches for nobody but herself', async () => {
  await using mesh = await sponsored()
  await mesh.join('alice', 'bob')
  const { sponsors } = mesh.kernel('alice')
  const good = claimFor(mesh).claim
  // Under her own name it is taken in, and the rule wants another sponsor.
  await sponsors.add({ claim: claimFor(mesh, mallory).jws, by: BY })
  expect(await call(mesh)).toBe('policy_denied')
  const asCarol = signJws(mallory, 'hansa-sponsor+jws', good).jws
  expect(await outcomeOf(sponsors.add({ claim: asCarol, by: BY }))).toBe('invalid_request')
  const elsewhere = makeSponsorClaim(carol, { ...good, kernel: mesh.did('bob') }, NOW)
  expect(elsewhere.ok && (await outcomeOf(sponsors.add({ claim: elsewhere.read.jws, by: BY })))).toBe('invalid_request')
  expect(await call(mesh)).toBe('policy_denied')
})

it('an organisation vouches for agents of another one, never for its own', async () => {
  await using mesh = await sponsored()
  const draft = { agent: 'agent:reporter' as const, purpose: 'monthly report', exp: NOW + 3_600 }
  const bob = mesh.kernel('bob').sponsors
  const { claim } = await bob.sign({ kernel: mesh.did('alice'), ...draft })
  expect(await mesh.kernel('alice').sponsors.add({ claim, by: BY })).toMatchObject({
    sponsor: mesh.did('bob'),
    state: 'valid',
  })
  expect(await outcomeOf(bob.sign({ kernel: mesh.did('bob'), ...draft }))).toBe('invalid_request')
})
