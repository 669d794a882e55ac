/** Pointer records as they travel, and the channel binding of two PeerIds. */
import { POINTER_TYP, type PointerRecord } from '@hansa/protocols'
import { peerIdOf } from '../../did/peer-id.ts'
import { peerIdsBinding } from '../../did/peer-ids-binding.ts'
import { pointerKey } from '../../discovery/pointer-record.ts'
import { encodeBase64url } from '../../encoding/base64url.ts'
import { sha256 } from '../../encoding/hash.ts'
import type { Signer } from '../../keys/signer.ts'
import { signJws } from '../../signed/jws.ts'
import { alice, bob, mallory } from '../actors.ts'
import { signingKey } from '../did-logs.ts'
import { NOW } from '../manifests.ts'
import { filesOf, type VectorFile } from './vector-file.ts'

const host = peerIdOf(signingKey('host of bob', 1).publicKey)
const pointer: PointerRecord = {
  v: 1,
  did: bob.did,
  seq: 7,
  manifest_hash: encodeBase64url(sha256('manifest of bob')),
  endpoints: [
    { proto: 'hansa-http/1', url: 'https://b.example/hansa' },
    { proto: 'hansa-libp2p/1', url: `/ip4/192.0.2.7/tcp/7401/p2p/${host}` },
  ],
  peer_ids: [host],
  iat: NOW,
  exp: NOW + 172_800,
}
const base = { of: bob.did, now: NOW + 60 }
const signed = (over: object = {}, by: Signer = bob, typ = POINTER_TYP) => signJws(by, typ, { ...pointer, ...over }).jws
const refused = (description: string, jws: string, reason: string, over: object = {}) => ({
  description,
  ...base,
  ...over,
  jws,
  reason,
})

export function pointerVectors(): VectorFile[] {
  const valid = (description: string, jws: string, over: object = {}) => ({
    description,
    ...base,
    ...over,
    jws,
    key: pointerKey(bob.did),
  })
  const many = Array.from({ length: 8 }, (_, at) => ({
    proto: 'hansa-http/1',
    url: `https://${'b'.repeat(160)}${at}.example`,
  }))
  return [
    ...filesOf('pointer/valid', {
      reachable: valid('where the manifest is, and one host', signed()),
      'only-dials': valid('a kernel that nobody can reach, and its host', signed({ endpoints: [] })),
      'last-second': valid('a second before it ends', signed(), { now: NOW + 172_799 }),
    }),
    ...filesOf('pointer/invalid', {
      'of-another': refused(
        "mallory's record under the key of bob",
        signed({ did: mallory.did }, mallory),
        'record_of_another_kernel',
      ),
      'name-of-another': refused("bob's name under mallory's signature", signed({}, mallory), 'issuer_not_signer'),
      'other-type': refused('signed as another type of object', signed({}, bob, 'hansa-manifest+jws'), 'header_typ'),
      expired: refused('when it ends', signed(), 'expired', { now: NOW + 172_800 }),
      'too-long': refused('it lives longer than two days', signed({ exp: NOW + 172_801 }), 'life_out_of_bounds'),
      'from-the-future': refused('made in two minutes', signed({ iat: NOW + 180 }), 'from_the_future'),
      'too-large': refused('more endpoints than fit', signed({ endpoints: many }), 'too_large'),
      'unknown-member': refused(
        'a member that nobody knows',
        signed({ admin: true }),
        'schema: payload: Unrecognized key: "admin"',
      ),
      'not-a-host': refused(
        'a host that is no PeerId',
        signed({ peer_ids: ['12D3KooW'] }),
        'schema: peer_ids.0: not the PeerId of an Ed25519 key',
      ),
    }),
    ...filesOf('channel', {
      'peer-ids': {
        description: 'the binding of a libp2p connection, the same from both ends',
        peer_ids: [peerIdOf(alice.publicKey), host],
        binding: encodeBase64url(peerIdsBinding(peerIdOf(alice.publicKey), host)),
      },
    }),
  ]
}
