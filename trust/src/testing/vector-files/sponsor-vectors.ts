/** Claims of sponsors as they travel, with the kernel that looks at them, and when. */
import { SPONSOR_TYP, type SponsorClaim } from '@hansa/protocols'
import { encodeBase64url } from '../../encoding/base64url.ts'
import { sha256, taggedHash } from '../../encoding/hash.ts'
import type { Signer } from '../../keys/signer.ts'
import { signJws } from '../../signed/jws.ts'
import { alice, bob, mallory } from '../actors.ts'
import { NOW } from '../manifests.ts'
import { filesOf, type VectorFile } from './vector-file.ts'

const claim: SponsorClaim = {
  v: 1,
  jti: encodeBase64url(sha256('hansa test id sponsor').subarray(0, 16)),
  iss: alice.did,
  kernel: bob.did,
  agent: 'agent:reporter',
  purpose: 'monthly report',
  nbf: NOW,
  iat: NOW,
  exp: NOW + 7_776_000,
}

function signed(over: Partial<SponsorClaim> = {}, by: Signer = alice, typ = SPONSOR_TYP) {
  const { jws, payloadBytes } = signJws(by, typ, { ...claim, ...over })
  return { jws, hash: taggedHash('sponsor', payloadBytes) }
}

const look = { kernel: bob.did, now: NOW }
const invalid = (description: string, reason: string, { jws }: { jws: string }, over: Partial<typeof look> = {}) => ({
  description,
  ...look,
  ...over,
  jws,
  reason,
})

export function sponsorVectors(): VectorFile[] {
  return [
    ...filesOf('sponsor/valid', {
      person: { description: 'vouched for, for ninety days', ...look, ...signed() },
      'last-second': { description: 'a second before it ends', ...look, now: NOW + 7_775_999, ...signed() },
    }),
    ...filesOf('sponsor/invalid', {
      'another-kernel': invalid(
        'about an agent behind another kernel',
        'another_kernel',
        signed({ kernel: mallory.did }),
      ),
      expired: invalid('when it ends', 'claim_expired', signed(), { now: NOW + 7_776_000 }),
      'too-long': invalid('longer than a year', 'claim_life', signed({ exp: NOW + 31_536_001 })),
      'from-the-future': invalid('made after it is looked at', 'from_the_future', signed({ iat: NOW + 61 })),
      'own-agent': invalid('a kernel about its own agent', 'sponsor_is_the_kernel', signed({ iss: bob.did }, bob)),
      'name-of-another': invalid("alice's name under mallory's signature", 'issuer_not_signer', signed({}, mallory)),
      'another-type': invalid(
        'signed as another type of object',
        'header_typ',
        signed({}, alice, 'hansa-delegation+jws'),
      ),
      'no-agent': invalid('about a person', 'claim_malformed', signed({ agent: 'person:olga' as 'agent:x' })),
    }),
  ]
}
