/** Notices of sanctions: what each proves about its subject, or why it is refused (protocols: sanction-notice). */
import {
  type CapabilityManifest,
  type NoticeEvidence,
  SANCTION_NOTICE_TYP,
  type SanctionNotice,
} from '@hansa/protocols'
import { encodeBase64url } from '../../encoding/base64url.ts'
import { sha256 } from '../../encoding/hash.ts'
import type { Signer } from '../../keys/signer.ts'
import { formatCheckpoint } from '../../ledger/checkpoint.ts'
import { forkProof, type NotedHead } from '../../ledger/fork-proof.ts'
import { noteKey } from '../../ledger/note.ts'
import { signManifest } from '../../manifest/sign-manifest.ts'
import { signJws } from '../../signed/jws.ts'
import { alice, bob, mallory } from '../actors.ts'
import { aManifest, NOW } from '../manifests.ts'
import { filesOf, type VectorFile } from './vector-file.ts'

const key = noteKey(`${mallory.did}/log/1`, sha256('hansa test log key of mallory'))
const other = noteKey(key.name, sha256('hansa test log key of somebody'))
const id = encodeBase64url(sha256('hansa test case').subarray(0, 16))

function head(root: string, signer = key): NotedHead {
  const checkpoint = { origin: key.name, size: 5, root: encodeBase64url(sha256(root)) }
  return { checkpoint, note: signer.sign(formatCheckpoint(checkpoint)) }
}
const fork = (signer = key) =>
  forkProof({
    log: { origin: signer.name, vkey: signer.vkey },
    small: head('one', signer),
    large: head('two', signer),
    claim: 'two_roots',
    by: bob.did,
    at: NOW,
  })
const manifestOf = (signer: Signer, over: Partial<CapabilityManifest> = {}) =>
  signManifest(signer, aManifest({ kernel_id: signer.did, ...over })).jws
const logs = [{ origin: key.name, vkey: key.vkey }]
const named = manifestOf(mallory, { logs })
const entry: NoticeEvidence = { kind: 'entry', origin: `${bob.did}/log/1`, seq: 7, leaf_hash: 'A'.repeat(43) }

const notice: SanctionNotice = {
  v: 1,
  iss: bob.did,
  subject: mallory.did,
  case: id,
  kind: 'quarantine',
  until: NOW + 604_800,
  reason: 'it lied',
  iat: NOW,
  evidence: [entry],
}
const of = (over: Partial<SanctionNotice>, signer: Signer = bob) =>
  signJws(signer, SANCTION_NOTICE_TYP, { ...notice, ...over }).jws

type Given = { now?: number; logKeys?: typeof logs }
const valid = (description: string, evidence: NoticeEvidence[], proves: string[], given: Given = {}) => ({
  description,
  now: NOW,
  logKeys: [] as typeof logs,
  ...given,
  jws: of({ evidence }),
  proves,
})
const invalid = (description: string, jws: string, reason: string, given: Given = {}) => ({
  description,
  now: NOW,
  logKeys: [] as typeof logs,
  ...given,
  jws,
  reason,
})

export function sanctionVectors(): VectorFile[] {
  return [
    ...filesOf('sanction/valid', {
      fork: valid(
        'two roots, under the key that a manifest of the subject names',
        [{ kind: 'fork', proof: fork(), manifest: named }],
        ['fork'],
      ),
      'fork-pinned': valid('two roots, under the pinned key', [{ kind: 'fork', proof: fork() }], ['fork'], {
        logKeys: logs,
      }),
      equivocation: valid(
        'two manifests of one number',
        [{ kind: 'equivocation', manifests: [manifestOf(mallory), manifestOf(mallory, { name: 'another' })] }],
        ['equivocation'],
      ),
      'says-so': valid('an entry of the log of its issuer proves nothing by itself', [entry], []),
      'fork-of-nobody': valid('two roots, and nothing says whose key that is', [{ kind: 'fork', proof: fork() }], []),
      'fork-of-another-key': valid(
        'two roots under a key of somebody',
        [{ kind: 'fork', proof: fork(other), manifest: named }],
        [],
      ),
      'manifest-of-another': valid(
        'the key is named by a manifest of another kernel',
        [{ kind: 'fork', proof: fork(), manifest: manifestOf(alice, { logs }) }],
        [],
      ),
      'manifests-of-another': valid(
        'another kernel equivocates',
        [{ kind: 'equivocation', manifests: [manifestOf(alice), manifestOf(alice, { name: 'another' })] }],
        [],
      ),
      'one-manifest-twice': valid(
        'the same manifest twice',
        [{ kind: 'equivocation', manifests: [manifestOf(mallory), manifestOf(mallory)] }],
        [],
      ),
      'two-numbers': valid(
        'two manifests of two numbers',
        [{ kind: 'equivocation', manifests: [manifestOf(mallory, { seq: 8 }), manifestOf(mallory, { seq: 9 })] }],
        [],
      ),
    }),
    ...filesOf('sanction/invalid', {
      'name-of-another': invalid("bob's name under mallory's signature", of({}, mallory), 'issuer_not_signer'),
      'another-type': invalid('signed as another object', signJws(bob, 'hansa-manifest+jws', notice).jws, 'header_typ'),
      'about-itself': invalid('about its issuer', of({ subject: bob.did }), 'notice_about_its_issuer'),
      future: invalid('from the future', of({ iat: NOW + 61 }), 'notice_from_the_future'),
      expired: invalid('of a sanction that is over', of({ until: NOW }), 'notice_expired', { now: NOW + 60 }),
      'another-kind': invalid('a sanction of no known kind', of({ kind: 'exile' as 'ban' }), 'notice_malformed'),
      'more-members': invalid('a member that nobody knows', of({ also: 1 } as object), 'notice_malformed'),
    }),
  ]
}
