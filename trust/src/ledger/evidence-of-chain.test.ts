import type { Did, Entry, Intent } from '@hansa/protocols'
import { describe, expect, it } from 'vitest'
import { type IssuedLink, issueNext, issueRoot, type LinkGrant } from '../delegation/issue-link.ts'
import { didKeyResolver } from '../did/did-key-resolver.ts'
import type { KeyResolver } from '../did/key-resolver.ts'
import { batchSigner } from '../signed/batch-signer.ts'
import { envelopeVerifier } from '../signed/envelope-verifier.ts'
import { alice, bob, carol, mallory } from '../testing/actors.ts'
import { checkEvidence } from './evidence.ts'
import { whyNotDelegated } from './evidence-of-chain.ts'

const NOW = 1_700_000_000
const ID = 'A'.repeat(22)
const HASH = 'A'.repeat(43)

const must = (made: ReturnType<typeof issueRoot>): IssuedLink => {
  if (!made.ok) throw new Error(made.reason)
  return made.issued
}
const grant = (over: Partial<LinkGrant>): LinkGrant => ({
  to: bob.did,
  cmd: '/billing',
  exp: NOW + 600,
  dep: 1,
  ...over,
})
const root = (over: Partial<LinkGrant> = {}) => must(issueRoot(alice, grant(over), NOW))
const first = root()
const second = must(issueNext(bob, first, grant({ to: carol.did, dep: 0 }), NOW))

/** As alice writes it down when carol calls under the chain that bob passed on. */
async function accepted(
  prf: readonly string[],
  links: readonly IssuedLink[] | undefined,
  over: Partial<Intent> = {},
  seconds = NOW,
) {
  const intent: Intent = {
    ...{ v: 1, call_id: ID, sid: ID, ctr: 1, iss: carol.did, aud: alice.did, sub: HASH },
    ...{ cap: 'billing.list', cap_hash: HASH, args_c: HASH, labels: [], prf: [...prf] },
    ...{ hops: [carol.did], ttl_hops: 3, deadline_ms: 10_000, iat: NOW, exp: NOW + 60 },
    ...over,
  }
  const signer = intent.iss === carol.did ? carol : mallory
  const { text } = await batchSigner(signer).sign('hansa-intent', intent)
  const entry = {
    ...{ v: 1, origin: 'o', seq: 1, t_ms: seconds * 1000, type: 'intent.accepted', prev: HASH, call_id: ID },
    peer: intent.iss as Did,
    ext: { envelope: JSON.parse(text), ...(links === undefined ? {} : { links: links.map(({ jws }) => jws) }) },
  } as Entry
  const verdict = await checkEvidence(entry, envelopeVerifier({ resolver: didKeyResolver() }))
  return verdict.kind === 'good' || verdict.kind === 'none' || verdict.kind === 'skipped'
    ? verdict.kind
    : verdict.reason
}

const both = [first.hash, second.hash]

describe('an intent under a chain in a log', () => {
  it('is good with the links that it names', async () => {
    expect(await accepted(both, [first, second])).toBe('good')
    expect(await accepted([], undefined)).toBe('good')
  })

  it.each<[string, () => Promise<string>, string]>([
    ['the links were left out', () => accepted(both, undefined), 'a chain that is not in the entry'],
    ['one link was left out', () => accepted(both, [second]), 'not the one that the intent names'],
    ['another link stands there', () => accepted(both, [root(), second]), 'not the one that the intent names'],
    ['links stand there that it does not name', () => accepted([], [first]), 'a chain that the intent does not name'],
    ['it names links in another order', () => accepted([second.hash, first.hash], [second, first]), 'root_missing'],
    ['somebody else used it', () => accepted(both, [first, second], { iss: mallory.did }), 'not_the_invoker'],
    [
      'the capability is beside its path',
      () => accepted(both, [first, second], { cap: 'crm.list' }),
      'not below /billing',
    ],
    [
      'it had ended long before',
      () => accepted(both, [first, second], { iat: NOW + 700, exp: NOW + 760 }, NOW + 700),
      'link_expired',
    ],
  ])('is told from one of which %s', async (_what, judged, reason) => {
    expect(await judged()).toContain(reason)
  })

  it('is judged by the keys that each issuer had when it signed its link', async () => {
    const asked: (number | undefined)[] = []
    const { resolve } = didKeyResolver()
    const later = must(issueNext(bob, first, grant({ to: carol.did, dep: 0, nbf: NOW }), NOW + 5))
    const entry = {
      ...{ v: 1, origin: 'o', seq: 1, t_ms: (NOW + 9) * 1000, type: 'intent.accepted', prev: HASH },
      ext: { links: [first.jws, later.jws] },
    } as Entry
    const intent = { prf: [first.hash, later.hash], iss: carol.did, cap: 'billing.list' } as unknown as Intent
    const resolver: KeyResolver = {
      resolve(kid, purpose, at) {
        asked.push(at)
        return resolve(kid, purpose)
      },
    }
    expect(await whyNotDelegated(entry, intent, resolver)).toBeUndefined()
    expect(asked).toEqual([NOW, NOW + 5])
  })

  it('is not held against a kernel that wrote it a moment after the chain had ended', async () => {
    expect(await accepted(both, [first, second], { iat: NOW + 599, exp: NOW + 640 }, NOW + 601)).toBe('good')
  })
})
