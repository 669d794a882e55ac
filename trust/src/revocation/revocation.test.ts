import { type Did, MAX_REVOCATION_BYTES, REVOCATION_TYP, type Revocation } from '@hansa/protocols'
import { describe, expect, it } from 'vitest'
import { issueNext, issueRoot, verifyChain } from '../delegation/index.ts'
import { didKeyResolver } from '../did/did-key-resolver.ts'
import { taggedHash } from '../encoding/hash.ts'
import type { Signer } from '../keys/signer.ts'
import { signJws } from '../signed/jws.ts'
import { alice, bob, carol, mallory } from '../testing/actors.ts'
import { NOW } from '../testing/manifests.ts'
import { makeRevocation, type RevocationDraft, readRevocation } from './read-revocation.ts'
import { RevocationBook } from './revocation-book.ts'
import { unrevokedKeys } from './unrevoked-keys.ts'

const LINK = taggedHash('delegation', 'a link')
const draft = (over: Partial<RevocationDraft> = {}): RevocationDraft => ({
  seq: 1,
  kind: 'delegation',
  what: LINK,
  reason: 'no longer needed',
  iat: NOW,
  ...over,
})
function made(by: Signer, over: Partial<RevocationDraft> = {}) {
  const making = makeRevocation(by, draft(over))
  if (!making.ok) throw new Error(making.reason)
  return making.read
}
const read = (jws: string, now = NOW) => readRevocation(jws, { resolver: didKeyResolver(), now })
const reasonOf = (verdict: { ok: boolean; reason?: string }) => (verdict.ok ? 'ok' : verdict.reason)

describe('a revocation', () => {
  it('reads as what was made', async () => {
    const revocation = made(alice)
    expect(await read(revocation.jws)).toEqual({ ok: true, read: revocation })
  })

  it.each<[string, Partial<RevocationDraft>, string]>([
    ['a key of another DID', { kind: 'key', what: bob.kid, since: NOW }, 'key_of_another'],
    ['the kernel that makes it, as a peer', { kind: 'peer', what: alice.did }, 'peer_is_its_issuer'],
    ['a key from a time to come on', { kind: 'key', what: alice.kid, since: NOW + 1 }, 'since_after_it_was_made'],
    ['a key without a time', { kind: 'key', what: alice.kid }, 'since: is there for a key and for nothing else'],
    ['a link with a time', { since: NOW }, 'since: is there for a key and for nothing else'],
    ['a link by a name', { what: 'the link of yesterday' }, 'what: does not name a delegation'],
    ['what has ended already', { exp: NOW }, 'ends_before_it_was_made'],
  ])('is not made for %s', (_what, over, reason) => {
    expect(reasonOf(makeRevocation(alice, draft(over)))).toBe(reason)
  })

  it('is refused from mallory for a key of alice, and under the name of alice', async () => {
    const key = { v: 1, iss: mallory.did, ...draft({ kind: 'key', what: alice.kid, since: NOW }) }
    expect(reasonOf(await read(signJws(mallory, REVOCATION_TYP, key).jws))).toBe('key_of_another')
    const named = { v: 1, iss: alice.did, ...draft() }
    expect(reasonOf(await read(signJws(mallory, REVOCATION_TYP, named).jws))).toBe('issuer_not_signer')
  })

  it('is refused when it is malformed, oversized, of another type or from the future', async () => {
    const sign = (payload: object, typ = REVOCATION_TYP) => signJws(alice, typ, payload).jws
    const good = { v: 1, iss: alice.did, ...draft() }
    expect(reasonOf(await read(sign({ ...good, undo: true })))).toBe('revocation_malformed')
    expect(reasonOf(await read(sign(good, 'hansa-delegation+jws')))).toBe('header_typ')
    expect(reasonOf(await read(`${sign(good)}${'A'.repeat(MAX_REVOCATION_BYTES)}`))).toBe('too_large')
    expect(reasonOf(await read(sign({ ...good, iat: NOW + 61 })))).toBe('from_the_future')
    expect(reasonOf(await read(sign({ ...good, iat: NOW + 60 })))).toBe('ok')
  })
})

describe('the book of revocations', () => {
  const book = () => new RevocationBook(alice.did)

  it('holds one for good, and takes it again without a change', () => {
    const held = book()
    expect(held.take(made(alice))).toEqual({ ok: true, news: true })
    expect(held.take(made(alice))).toEqual({ ok: true, news: false })
    expect(held.revoked('delegation', LINK)?.seq).toBe(1)
    expect(held.list()).toHaveLength(1)
  })

  it('takes no number twice, none that is rolled back, and nothing that concerns its issuer alone', () => {
    const held = book()
    expect(held.take(made(mallory, { seq: 5 })).ok).toBe(true)
    expect(reasonOf(held.take(made(mallory, { seq: 5, reason: 'another text' })))).toBe('number_used_twice')
    expect(reasonOf(held.take(made(mallory, { seq: 4 })))).toBe('number_rolled_back')
    expect(reasonOf(held.take(made(mallory, { seq: 6, kind: 'principal', what: 'agent:a' })))).toBe('not_for_others')
    expect(held.list()).toHaveLength(1)
  })

  it('lets mallory revoke nothing that is not hers: her word counts where somebody asks for it', () => {
    const held = book()
    held.take(made(mallory))
    expect(held.revoked('delegation', LINK)).toBeUndefined()
    expect(held.revoked('delegation', LINK, [bob.did, carol.did])).toBeUndefined()
    expect(held.revoked('delegation', LINK, [bob.did, mallory.did])?.iss).toBe(mallory.did)
  })

  it('stops following whoever makes too many, and forgets nothing that it holds', () => {
    const held = new RevocationBook(alice.did, { maxOfPeer: 2 })
    for (const seq of [1, 2, 3]) held.take(made(mallory, { seq, what: taggedHash('delegation', String(seq)) }))
    expect(held.highest(mallory.did)).toBe(2)
    expect(reasonOf(held.take(made(mallory, { seq: 4 })))).toBe('too_many')
    expect(held.take(made(bob)).ok).toBe(true)
  })

  it('says what others are told of, and keeps to itself what concerns itself', () => {
    const held = book()
    held.take(made(alice, { seq: 1, kind: 'principal', what: 'agent:a' }))
    held.take(made(alice, { seq: 2 }))
    held.take(made(alice, { seq: 3, kind: 'peer', what: bob.did }))
    expect([held.highest(alice.did), held.highestPublic(alice.did)]).toEqual([3, 2])
    expect([...held.publicSince(alice.did, 0)].map(({ revocation }) => revocation.seq)).toEqual([2])
    expect([...held.publicSince(alice.did, 2)]).toEqual([])
  })

  it('forgets what has ended by itself, save for the newest of each issuer', () => {
    const held = book()
    const links = [1, 2, 3].map((seq) =>
      made(bob, { seq, what: taggedHash('delegation', String(seq)), exp: NOW + seq }),
    )
    for (const link of links) held.take(link)
    const [first, second, third] = links.map(({ revocation }) => revocation) as [Revocation, Revocation, Revocation]
    expect(held.prune(NOW + 1).map(({ revocation }) => revocation)).toEqual([first])
    expect(held.prune(NOW + 10).map(({ revocation }) => revocation)).toEqual([second])
    expect(held.revoked('delegation', first.what, [bob.did])).toBeUndefined()
    expect(held.revoked('delegation', third.what, [bob.did])).toEqual(third)
    expect(reasonOf(held.take(links[0] as NonNullable<(typeof links)[0]>))).toBe('number_rolled_back')
  })

  it('takes the earliest time from which a key counts for nothing', () => {
    const held = book()
    for (const [seq, since] of [NOW - 10, NOW - 20, NOW - 5].entries())
      held.take(made(alice, { seq: seq + 1, kind: 'key', what: alice.kid, since }))
    expect(held.revoked('key', alice.kid)?.since).toBe(NOW - 20)
  })
})

describe('a key that was revoked', () => {
  it('resolves to nothing, also where it was at hand', async () => {
    const held = new RevocationBook(alice.did)
    const resolver = unrevokedKeys(didKeyResolver(), (kid, by) => held.revoked('key', kid, by))
    expect((await resolver.resolve(bob.kid, 'authentication')).ok).toBe(true)
    expect(resolver.peek?.(bob.kid, 'authentication')?.did).toBe(bob.did)
    held.take(made(bob, { kind: 'key', what: bob.kid, since: NOW }))
    expect(await resolver.resolve(bob.kid, 'authentication')).toEqual({ ok: false, reason: 'key_revoked' })
    expect(resolver.peek?.(bob.kid, 'authentication')).toBeUndefined()
    expect((await resolver.resolve(carol.kid, 'authentication')).ok).toBe(true)
  })
})

describe('a link that was taken back', () => {
  function chain() {
    const root = issueRoot(alice, { to: bob.did, cmd: '/billing', exp: NOW + 60, dep: 1 }, NOW)
    if (!root.ok) throw new Error(root.reason)
    const next = issueNext(bob, root.issued, { to: carol.did, cmd: '/billing', exp: NOW + 60 }, NOW)
    if (!next.ok) throw new Error(next.reason)
    return [root.issued, next.issued]
  }
  async function verdictAfter(by: Signer, at: number) {
    const links = chain()
    const held = new RevocationBook(alice.did)
    held.take(made(by, { what: links[at]?.hash ?? '' }))
    const verdict = await verifyChain(
      links.map(({ jws }) => jws),
      {
        invoker: carol.did,
        owners: new Set<Did>([alice.did]),
        resolver: didKeyResolver(),
        now: NOW,
        revoked: (hash, issuers) => held.revoked('delegation', hash, issuers) !== undefined,
      },
    )
    return verdict.ok ? 'ok' : `${verdict.reason} at ${verdict.at}`
  }

  it('takes every link behind it with it', async () => {
    expect(await verdictAfter(alice, 0)).toBe('link_revoked at 0')
  })

  it('is taken back by its issuer, and by whoever stands above it', async () => {
    expect(await verdictAfter(bob, 1)).toBe('link_revoked at 1')
    expect(await verdictAfter(alice, 1)).toBe('link_revoked at 1')
  })

  it('is not taken back by whoever stands below it, nor by mallory', async () => {
    expect(await verdictAfter(bob, 0)).toBe('ok')
    expect(await verdictAfter(carol, 1)).toBe('ok')
    expect(await verdictAfter(mallory, 0)).toBe('ok')
  })
})
