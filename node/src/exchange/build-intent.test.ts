import { intentSchema } from '@hansa/protocols'
import { alice, bob, carol } from '@hansa/trust/testing'
import { describe, expect, it } from 'vitest'
import { anImportedTarget, aReceivedCall, aSession } from '../testing/calls.ts'
import { buildIntent, type IntentFacts, Pseudonyms } from './build-intent.ts'

const secret = new Uint8Array(32).fill(1)
const pseudonyms = new Pseudonyms(secret)
const target = anImportedTarget()

const facts = (over: Partial<IntentFacts> = {}): IntentFacts => ({
  self: alice.did,
  session: aSession(),
  nowMs: 1_750_000_000_500,
  argsCommitment: 'A'.repeat(43),
  labels: ['PII'],
  pseudonym: pseudonyms.of('agent:a', bob.did),
  ...over,
})

describe(buildIntent, () => {
  it('says what is asked, of whom, and fits the wire', () => {
    const intent = buildIntent(
      aReceivedCall({ target, purpose: 'billing' }),
      target,
      facts({ key: 'k', approval: 'P'.repeat(22) }),
    )
    expect(intentSchema.safeParse(intent).success).toBe(true)
    expect(intent).toMatchObject({
      iss: alice.did,
      aud: bob.did,
      cap: 'echo',
      purpose: 'billing',
      idem_key: 'k',
      labels: ['PII'],
      exp: intent.iat + 60,
    })
  })

  it('names nothing that stays here: principal, alias, token', () => {
    const caller = { kind: 'own' as const, principal: 'agent:payroll', token: 'hkt1.secret' }
    const text = JSON.stringify(buildIntent(aReceivedCall({ target, caller }), target, facts()))
    for (const hidden of ['payroll', 'hkt1', 'bob/echo']) expect(text).not.toContain(hidden)
  })

  it('counts up, adds this kernel to the hops and leaves one less to go', () => {
    const shared = facts()
    const call = aReceivedCall({ target, hops: [carol.did], ttlHops: 3 })
    const [first, second] = [buildIntent(call, target, shared), buildIntent(call, target, shared)]
    expect([first.ctr, second.ctr]).toEqual([1, 2])
    expect(first).toMatchObject({ hops: [carol.did, alice.did], ttl_hops: 2 })
  })

  it.each([
    [10_000, 10_000],
    [0.4, 1],
    [-5, 1],
  ])('leaves %d ms as %d', (left, expected) => {
    const { deadline_ms } = buildIntent(aReceivedCall({ target, deadlineMs: facts().nowMs + left }), target, facts())
    expect(deadline_ms).toBe(expected)
  })
})

describe(Pseudonyms, () => {
  it('are the same for one principal and peer, also after a restart, and differ otherwise', () => {
    const of = (principal: string, peer = bob.did, from = pseudonyms) => from.of(principal, peer)
    expect(of('agent:a')).toBe(of('agent:a', bob.did, new Pseudonyms(secret)))
    const others = [of('agent:b'), of('agent:a', carol.did), of('agent:a', bob.did, new Pseudonyms(new Uint8Array(32)))]
    expect(new Set([of('agent:a'), ...others]).size).toBe(4)
  })

  it('keep keys of different principals apart, and say nothing of them', () => {
    const keys = [
      pseudonyms.keyOf('k', 'agent:a', bob.did),
      pseudonyms.keyOf('k', 'agent:b', bob.did),
      pseudonyms.keyOf('k', 'agent:a', carol.did),
      pseudonyms.keyOf('other', 'agent:a', bob.did),
    ]
    expect(new Set(keys).size).toBe(4)
    expect(pseudonyms.keyOf('k', 'agent:a', bob.did)).toBe(keys[0])
    expect(keys.every((key) => /^[\w-]{43}$/.test(key))).toBe(true)
  })
})
