/** Revocations as they travel, after what a kernel holds already, and whom a question about them counts. */
import { REVOCATION_TYP } from '@hansa/protocols'
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
