/** Agreements as they travel: proposals alone, and acceptances with what they accept. */
import {
  AGREEMENT_ACCEPTANCE_TYP,
  AGREEMENT_TYP,
  type Agreement,
  type AgreementAcceptance,
  MAX_AGREEMENT_LIFE_SECONDS,
} from '@hansa/protocols'
import { encodeBase64url } from '../../encoding/base64url.ts'
import { sha256, taggedHash } from '../../encoding/hash.ts'
import type { Signer } from '../../keys/signer.ts'
import { signJws } from '../../signed/jws.ts'
import { alice, bob, mallory } from '../actors.ts'
import { NOW } from '../manifests.ts'
import { filesOf, type VectorFile } from './vector-file.ts'

const DAY = 86_400

const terms: Agreement = {
  v: 1,
  jti: encodeBase64url(sha256('hansa test id agreement').subarray(0, 16)),
  iss: alice.did,
  aud: bob.did,
  purpose: 'billing',
  iss_permits: { capabilities: [], labels: [] },
  aud_permits: { capabilities: ['invoices.*'], labels: ['PII'], calls_per_day: 500 },
  standing: 700,
  from: NOW,
  until: NOW + 365 * DAY,
  accept_by: NOW + 14 * DAY,
  iat: NOW,
}

const LIMITS = { rows: 5_000, tokens: 20_000, money: { currency: 'EUR', minor: 50_000 } }

function proposal(over: object = {}, by: Signer = alice, typ = AGREEMENT_TYP) {
  const { jws, payloadBytes } = signJws(by, typ, { ...terms, ...over })
  return { jws, hash: taggedHash('agreement', payloadBytes) }
}

function acceptance(over: Partial<AgreementAcceptance> = {}, by: Signer = bob, typ = AGREEMENT_ACCEPTANCE_TYP) {
  const { hash } = proposal()
  const accepted: AgreementAcceptance = { v: 1, iss: bob.did, aud: alice.did, agreement: hash, iat: NOW + 60 }
  return signJws(by, typ, { ...accepted, ...over }).jws
}

const asked = { by: alice.did, for: bob.did, now: NOW + 60 }
type Proposal = ReturnType<typeof proposal>
const offer = (description: string, { jws, hash }: Proposal, over: Partial<typeof asked> = {}) => {
  return { description, ...asked, ...over, proposal: jws, hash }
}
const noOffer = (description: string, reason: string, { jws }: Proposal, over: Partial<typeof asked> = {}) => {
  return { description, ...asked, ...over, proposal: jws, reason }
}
const signed = (description: string, jws: string, now = NOW + 60) => {
  return { description, now, proposal: proposal().jws, acceptance: jws }
}
const both = (description: string, jws: string, now?: number) => ({
  ...signed(description, jws, now),
  hash: proposal().hash,
})
const notBoth = (description: string, reason: string, jws: string, now?: number) => ({
  ...signed(description, jws, now),
  reason,
})

export function agreementVectors(): VectorFile[] {
  return [
    ...filesOf('agreement/valid', {
      proposal: offer('calls in one direction, for a year', proposal()),
      'last-second': offer('a second before it can no longer be accepted', proposal(), { now: NOW + 14 * DAY - 1 }),
      'proposal-with-limits': offer(
        'that limits rows, tokens and money of all calls together',
        proposal({ aud_permits: { ...terms.aud_permits, limits: LIMITS } }),
      ),
      accepted: both('accepted by the one it is for', acceptance()),
      'accepted-late': both('accepted in the last second', acceptance({ iat: NOW + 14 * DAY - 1 }), NOW + 14 * DAY - 1),
    }),
    ...filesOf('agreement/invalid', {
      'proposal-by-another': noOffer(
        "alice's name under mallory's signature",
        'issuer_not_signer',
        proposal({}, mallory),
      ),
      'proposal-passed-on': noOffer('handed over by somebody else', 'another_proposer', proposal(), {
        by: mallory.did,
      }),
      'proposal-for-another': noOffer('looked at by a third', 'for_another_kernel', proposal(), { for: mallory.did }),
      'proposal-swapped': noOffer(
        'with its parties swapped',
        'issuer_not_signer',
        proposal({ iss: bob.did, aud: alice.did }),
      ),
      'proposal-with-itself': noOffer('with itself', 'agreement_with_itself', proposal({ aud: alice.did }), {
        for: alice.did,
      }),
      'proposal-expired': noOffer('when it can no longer be accepted', 'proposal_expired', proposal(), {
        now: NOW + 14 * DAY,
      }),
      'proposal-from-the-future': noOffer('looked at before it was made', 'from_the_future', proposal(), {
        now: NOW - 61,
      }),
      'proposal-back-dated': noOffer(
        'that begins before it was proposed',
        'begins_before_it_is_proposed',
        proposal({ from: NOW - 1 }),
      ),
      'proposal-too-long': noOffer(
        'for more than three years',
        'agreement_life',
        proposal({ until: NOW + MAX_AGREEMENT_LIFE_SECONDS + 1 }),
      ),
      'proposal-waits-too-long': noOffer(
        'that waits for more than ninety days',
        'proposal_life',
        proposal({ accept_by: NOW + 90 * DAY + 1 }),
      ),
      'proposal-of-too-much-trust': noOffer(
        'that vouches for more than an agreement may',
        'agreement_malformed',
        proposal({ standing: 701 }),
      ),
      'proposal-with-no-limit': noOffer(
        'whose limits limit nothing',
        'agreement_malformed',
        proposal({ aud_permits: { ...terms.aud_permits, limits: {} } }),
      ),
      'proposal-with-another-limit': noOffer(
        'whose limits have a name that nobody knows',
        'agreement_malformed',
        proposal({ aud_permits: { ...terms.aud_permits, limits: { calls: 5 } } }),
      ),
      'proposal-cut-segment': noOffer(
        'of a prefix that cuts a segment',
        'agreement_malformed',
        proposal({ iss_permits: { capabilities: ['inv*'], labels: [] } }),
      ),
      'proposal-of-more': noOffer('with a member that nobody reads', 'agreement_malformed', proposal({ x: 1 })),
      'proposal-of-another-type': noOffer(
        'signed as another object',
        'header_typ',
        proposal({}, alice, 'hansa-sponsor+jws'),
      ),
      'accepted-by-proposer': notBoth(
        'accepted by the one who proposed it',
        'another_party',
        acceptance({ iss: alice.did }, alice),
      ),
      'accepted-by-another': notBoth('accepted by a third', 'another_party', acceptance({ iss: mallory.did }, mallory)),
      'accepted-in-a-name': notBoth(
        "bob's name under mallory's signature",
        'issuer_not_signer',
        acceptance({}, mallory),
      ),
      'accepted-for-another': notBoth('for a third', 'another_party', acceptance({ aud: mallory.did })),
      'accepted-other-terms': notBoth(
        'of other terms',
        'another_agreement',
        acceptance({ agreement: proposal({ standing: 500 }).hash }),
      ),
      'accepted-before': notBoth(
        'from before the proposal',
        'accepted_before_it_was_proposed',
        acceptance({ iat: NOW - 61 }),
      ),
      'accepted-from-the-future': notBoth('from the future', 'from_the_future', acceptance({ iat: NOW + 121 })),
      'accepted-too-late': notBoth(
        'that names a time and comes after the last one',
        'accepted_too_late',
        acceptance(),
        NOW + 14 * DAY,
      ),
      'accepted-another-type': notBoth('signed as another object', 'header_typ', acceptance({}, bob, AGREEMENT_TYP)),
    }),
  ]
}
