/** Endorsements as they travel, with the question that they answer. */
import { ENDORSEMENT_TYP, type Endorsement } from '@hansa/protocols'
import { taggedHash } from '../../encoding/hash.ts'
import type { Signer } from '../../keys/signer.ts'
import { signJws } from '../../signed/jws.ts'
import { alice, bob, mallory } from '../actors.ts'
import { NOW } from '../manifests.ts'
import { filesOf, type VectorFile } from './vector-file.ts'

const said: Endorsement = { v: 1, iss: alice.did, sub: bob.did, score: 640, iat: NOW, exp: NOW + 86_400 }

function signed(over: Partial<Endorsement> = {}, by: Signer = alice, typ = ENDORSEMENT_TYP) {
  const { jws, payloadBytes } = signJws(by, typ, { ...said, ...over })
  return { jws, hash: taggedHash('endorsement', payloadBytes), score: { ...said, ...over }.score }
}

const look = { endorser: alice.did, asked: [bob.did], now: NOW }
const invalid = (description: string, reason: string, { jws }: { jws: string }, over: object = {}) => ({
  description,
  ...look,
  ...over,
  jws,
  reason,
})

export function endorsementVectors(): VectorFile[] {
  return [
    ...filesOf('endorsement/valid', {
      'a-day': { description: 'for a day', ...look, ...signed() },
      'last-second': { description: 'a second before it ends', ...look, now: NOW + 86_399, ...signed() },
      nothing: { description: 'of a kernel that is worth nothing', ...look, ...signed({ score: 0 }) },
      'one-of-two': {
        description: 'of one of those that were asked about',
        ...look,
        asked: [mallory.did, bob.did],
        ...signed(),
      },
    }),
    ...filesOf('endorsement/invalid', {
      expired: invalid('when it ends', 'endorsement_expired', signed(), { now: NOW + 86_400 }),
      'from-the-future': invalid('made after it is looked at', 'from_the_future', signed({ iat: NOW + 61 })),
      'too-long': invalid('longer than a day', 'endorsement_life', signed({ exp: NOW + 86_401 })),
      'ends-before': invalid('ends when it begins', 'endorsement_life', signed({ exp: NOW })),
      'another-subject': invalid('of a kernel that nobody asked about', 'not_asked', signed({ sub: mallory.did })),
      'of-itself': invalid('of the one who signs it', 'endorses_itself', signed({ sub: alice.did }), {
        asked: [alice.did, bob.did],
      }),
      stranger: invalid('of one who was not asked', 'another_endorser', signed({ iss: mallory.did }, mallory)),
      'name-of-another': invalid("alice's name under mallory's signature", 'issuer_not_signer', signed({}, mallory)),
      'another-type': invalid('signed as another type of object', 'header_typ', signed({}, alice, 'hansa-sponsor+jws')),
      'too-much': invalid('more than the most that there is', 'endorsement_malformed', signed({ score: 1001 })),
      'more-members': invalid(
        'with a member that nobody knows',
        'endorsement_malformed',
        signed({ weight: 9 } as object),
      ),
    }),
  ]
}
