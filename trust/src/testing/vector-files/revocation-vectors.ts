/** Revocations as they travel, after what a kernel holds already, and whom a question about them counts. */
import { REVOCATION_STATUS_TYP, REVOCATION_TYP } from '@hansa/protocols'
import { taggedHash } from '../../encoding/hash.ts'
import type { Signer } from '../../keys/signer.ts'
import { makeRevocation, type RevocationDraft } from '../../revocation/read-revocation.ts'
import { signJws } from '../../signed/jws.ts'
import { alice, bob, mallory } from '../actors.ts'
import { NOW } from '../manifests.ts'
import { filesOf, type VectorFile } from './vector-file.ts'

const LINK = taggedHash('delegation', 'hansa test link')
const draft: RevocationDraft = { seq: 7, kind: 'delegation', what: LINK, reason: 'the work is done', iat: NOW }

function signed(by: Signer, over: Partial<RevocationDraft> = {}) {
  const making = makeRevocation(by, { ...draft, ...over })
  if (!making.ok) throw new Error(making.reason)
  return making.read
}
const unchecked = (by: Signer, over: object) =>
  signJws(by, REVOCATION_TYP, { v: 1, iss: by.did, ...draft, ...over }).jws

/** `self` holds `held` when `jws` comes. */
const about = { self: alice.did, now: NOW, held: [] as string[] }

function valid(description: string, { jws, hash, revocation }: ReturnType<typeof signed>, over: object = {}) {
  return { description, ...about, ...over, jws, hash, kind: revocation.kind, what: revocation.what }
}
const invalid = (description: string, jws: string, reason: string, over: object = {}) => ({
  description,
  ...about,
  ...over,
  jws,
  reason,
})

export function revocationVectors(): VectorFile[] {
  const seventh = signed(bob)
  return [
    ...filesOf('revocation/valid', {
      delegation: valid('a link', seventh),
      capability: valid('a capability', signed(bob, { kind: 'capability', what: 'billing.list' })),
      key: valid('a key, from a day ago on', signed(bob, { kind: 'key', what: bob.kid, since: NOW - 86_400 })),
      agreement: valid('an agreement', signed(bob, { kind: 'agreement' })),
      ended: valid('a link that ends by itself tomorrow', signed(bob, { exp: NOW + 86_400 })),
      again: valid('one that is held already', seventh, { held: [seventh.jws] }),
      gap: valid('a number after a gap', signed(bob, { seq: 9_000 }), { held: [seventh.jws] }),
      'own-principal': valid(
        'of the kernel itself, which alone it concerns',
        signed(alice, { kind: 'principal', what: 'agent:reporter' }),
      ),
    }),
    ...filesOf('revocation/invalid', {
      'number-used-twice': invalid(
        'another text under a number that was used',
        signed(bob, { reason: 'another text' }).jws,
        'number_used_twice',
        { held: [seventh.jws] },
      ),
      'number-rolled-back': invalid('a lower number', signed(bob, { seq: 6 }).jws, 'number_rolled_back', {
        held: [seventh.jws],
      }),
      'key-of-another': invalid(
        "mallory revokes bob's key",
        unchecked(mallory, { kind: 'key', what: bob.kid, since: NOW }),
        'key_of_another',
      ),
      'name-of-another': invalid(
        "bob's name under mallory's signature",
        unchecked(mallory, { iss: bob.did }),
        'issuer_not_signer',
      ),
      'principal-of-a-peer': invalid(
        'what concerns nobody but its issuer',
        signed(bob, { kind: 'principal', what: 'agent:reporter' }).jws,
        'not_for_others',
      ),
      'peer-of-a-peer': invalid(
        'that bob keeps mallory out binds nobody else',
        signed(bob, { kind: 'peer', what: mallory.did }).jws,
        'not_for_others',
      ),
      'no-such-kind': invalid('a kind that is not known', unchecked(bob, { kind: 'kernel' }), 'revocation_malformed'),
      'wrong-name': invalid('what is not named as its kind is', unchecked(bob, { what: 'x' }), 'revocation_malformed'),
      'key-without-time': invalid(
        'from which time on a key counts for nothing is not said',
        unchecked(bob, { kind: 'key', what: bob.kid }),
        'revocation_malformed',
      ),
      future: invalid('made two minutes from now', unchecked(bob, { iat: NOW + 120 }), 'from_the_future'),
      'since-later': invalid(
        'a key is good until after it was revoked',
        unchecked(bob, { kind: 'key', what: bob.kid, since: NOW + 1 }),
        'since_after_it_was_made',
      ),
    }),
  ]
}

const REQUEST = taggedHash('revocation-status', 'hansa test request')
const bare = {
  v: 1 as const,
  iss: bob.did,
  aud: alice.did,
  iat: NOW,
  seq: 0,
  since: 0,
  revocations: [] as string[],
  have: 0,
}
const status = (by: Signer, over: object = {}) => {
  const { jws, payloadBytes } = signJws(by, REVOCATION_STATUS_TYP, { ...bare, ...over })
  return { jws, hash: taggedHash('revocation-status', payloadBytes) }
}
const asked = { self: alice.did, peer: bob.did, now: NOW }

/** Statuses as they travel, to whom and when, and what they have to answer. */
export function revocationStatusVectors(): VectorFile[] {
  const shown = signed(bob)
  const holds = (description: string, over: object, more: object = {}) => ({
    description,
    ...asked,
    ...more,
    ...status(bob, over),
    seq: (over as { seq?: number }).seq ?? 0,
  })
  const refused = (description: string, { jws }: { jws: string }, reason: string, more: object = {}) => ({
    description,
    ...asked,
    ...more,
    jws,
    reason,
  })
  return [
    ...filesOf('revocation-status/valid', {
      nothing: holds('nothing was ever revoked', {}),
      one: holds('one revocation', { seq: shown.revocation.seq, revocations: [shown.jws] }),
      answer: holds('the answer to a status', { request: REQUEST, have: 3 }, { request: REQUEST }),
      lost: holds('one hands back what the other does not seem to know', { lost: [signed(alice).jws], have: 7 }),
      skew: holds('a clock that is a minute ahead', { iat: NOW + 60 }),
    }),
    ...filesOf('revocation-status/invalid', {
      'of-another': refused(
        'mallory speaks for herself, where bob was asked',
        status(mallory, { iss: mallory.did }),
        'status_of_another',
      ),
      'name-of-another': refused("bob's name under mallory's signature", status(mallory), 'issuer_not_signer'),
      'for-another': refused(
        'said to mallory, shown to alice',
        status(bob, { aud: mallory.did }),
        'status_for_another',
      ),
      'answers-another': refused(
        'the answer to another question',
        status(bob, { request: taggedHash('revocation-status', 'another') }),
        'status_answers_another',
        { request: REQUEST },
      ),
      'answers-nothing': refused('no answer, where one was asked for', status(bob), 'status_answers_another', {
        request: REQUEST,
      }),
      future: refused('a time to come', status(bob, { iat: NOW + 61 }), 'from_the_future'),
      'too-many': refused('more than fit', status(bob, { revocations: Array(65).fill('a.b.c') }), 'status_malformed'),
      'unknown-member': refused('a member that nobody reads', status(bob, { fresh: true }), 'status_malformed'),
    }),
  ]
}
