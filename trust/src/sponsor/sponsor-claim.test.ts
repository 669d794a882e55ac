import type { SponsorClaim } from '@hansa/protocols'
import { describe, expect, it } from 'vitest'
import { didKeyResolver } from '../did/did-key-resolver.ts'
import { signJws } from '../signed/jws.ts'
import { alice, bob, mallory } from '../testing/actors.ts'
import { changedSignature } from '../testing/changed-signature.ts'
import { keptSponsorClaim, makeSponsorClaim, verifySponsorClaim } from './sponsor-claim.ts'

const NOW = 1_700_000_000
const DAY = 86_400
const draft = { kernel: bob.did, agent: 'agent:reporter' as const, purpose: 'monthly report', exp: NOW + 90 * DAY }

function claimOf(over: Partial<SponsorClaim> = {}) {
  const made = makeSponsorClaim(alice, draft, NOW)
  if (!made.ok) throw new Error(made.reason)
  return { ...made.read, forged: signJws(alice, 'hansa-sponsor+jws', { ...made.read.claim, ...over }).jws }
}

const verify = async (jws: string, now = NOW) => {
  const reading = await verifySponsorClaim(jws, { resolver: didKeyResolver(), kernel: bob.did, now })
  return reading.ok ? reading.read.claim.purpose : reading.reason
}

describe(verifySponsorClaim, () => {
  it('accepts what the sponsor signed for an agent of this kernel', async () => {
    const { jws, hash } = claimOf()
    expect(await verify(jws)).toBe('monthly report')
    expect(keptSponsorClaim(jws)).toMatchObject({ hash, claim: { iss: alice.did, agent: 'agent:reporter' } })
  })

  it.each<[string, Partial<SponsorClaim>, number, string]>([
    ['of another kernel', { kernel: mallory.did }, NOW, 'another_kernel'],
    ['that has ended', {}, NOW + 90 * DAY, 'claim_expired'],
    ['for longer than a year', { exp: NOW + 366 * DAY }, NOW, 'claim_life'],
    ['that ends before it begins', { exp: NOW }, NOW, 'claim_life'],
    ['from the future', { iat: NOW + 61 }, NOW, 'from_the_future'],
    ['under the name of somebody else', { iss: mallory.did }, NOW, 'issuer_not_signer'],
    ['of a principal that is no agent', { agent: 'person:olga' as 'agent:x' }, NOW, 'claim_malformed'],
  ])('refuses one %s', async (_what, over, now, reason) => {
    expect(await verify(claimOf(over).forged, now)).toBe(reason)
  })

  it('refuses the word of a kernel for its own agents, another type of object, and a changed byte', async () => {
    const own = makeSponsorClaim(bob, draft, NOW)
    expect(own.ok && (await verify(own.read.jws))).toBe('sponsor_is_the_kernel')
    const { claim, jws } = claimOf()
    expect(await verify(signJws(alice, 'hansa-delegation+jws', claim).jws)).not.toBe('monthly report')
    expect(await verify(changedSignature(jws))).not.toBe('monthly report')
    expect(await verify('a.b.c')).not.toBe('monthly report')
  })

  it('is made for a year at most', () => {
    expect(makeSponsorClaim(alice, { ...draft, exp: NOW + 366 * DAY }, NOW)).toEqual({
      ok: false,
      reason: 'claim_life',
    })
    expect(makeSponsorClaim(alice, { ...draft, purpose: '' }, NOW)).toMatchObject({ ok: false })
  })
})
