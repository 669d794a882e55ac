/** Envelopes by which libp2p hosts name a kernel, with the document that has to name them. */
import { PEER_BINDING_DOMAIN, PEER_BINDING_TYPE, type PeerBinding } from '@hansa/protocols'
import { makePeerBinding, peerIdService } from '../../did/peer-binding.ts'
import { peerIdOf } from '../../did/peer-id.ts'
import { sealEnvelope } from '../../did/signed-envelope.ts'
import { encodeBase64url } from '../../encoding/base64url.ts'
import { canonicalJson } from '../../json/canonical-json.ts'
import type { Signer } from '../../keys/signer.ts'
import { bob, mallory } from '../actors.ts'
import { documentOf, signingKey } from '../did-logs.ts'
import { NOW } from '../manifests.ts'
import { filesOf, type VectorFile } from './vector-file.ts'

const host = signingKey('host of bob', 1)
const binding: PeerBinding = { v: 1, did: bob.did, iat: NOW - 60, exp: NOW + 3_600 }
const documentWith = (...hosts: Signer[]) => {
  const peerIds = hosts.map(({ publicKey }) => peerIdOf(publicKey))
  const service = hosts.length === 0 ? [] : [peerIdService(bob.did, peerIds)]
  return { ...documentOf(bob.did, [bob]), service }
}
const base = { now: NOW, connected: peerIdOf(host.publicKey), document: documentWith(host) }
const sealed = (over: object, by = host, domain = PEER_BINDING_DOMAIN, type = PEER_BINDING_TYPE) =>
  sealEnvelope(by, domain, type, Buffer.from(canonicalJson({ ...binding, ...over })))

const file = (description: string, envelope: Uint8Array, over: object = {}) => ({
  description,
  ...base,
  ...over,
  envelope: encodeBase64url(envelope),
})
const refused = (description: string, envelope: Uint8Array, reason: string, over: object = {}) => ({
  ...file(description, envelope, over),
  reason,
})

export function peerBindingVectors(): VectorFile[] {
  const good = makePeerBinding(host, binding)
  const twice = Buffer.concat([good, Buffer.from([0x2a, 0x00])])
  return [
    ...filesOf('peer-binding/valid', {
      both: file('each names the other', good),
      'one-of-two-hosts': file('one of the hosts that the document lists', good, {
        document: documentWith(signingKey('host of bob', 2), host),
      }),
      'last-second': file('a second before it ends', good, { now: NOW + 3_599 }),
    }),
    ...filesOf('peer-binding/invalid', {
      'not-listed': refused("mallory's host claims to be bob's", sealed({}, mallory), 'peer_id_not_in_the_document', {
        connected: peerIdOf(mallory.publicKey),
      }),
      'nothing-listed': refused('the document lists no host', good, 'peer_id_not_in_the_document', {
        document: documentWith(),
      }),
      copied: refused('shown over a connection of another host', good, 'envelope_of_another_host', {
        connected: peerIdOf(mallory.publicKey),
      }),
      'another-kernel': refused('it names another kernel', sealed({ did: mallory.did }), 'binding_of_another_kernel'),
      expired: refused('when it ends', good, 'expired', { now: NOW + 3_600 }),
      'from-the-future': refused('made in two minutes', sealed({ iat: NOW + 120 }), 'from_the_future'),
      'too-long': refused('it lives longer than a day', sealed({ exp: NOW + 86_400 }), 'life_out_of_bounds'),
      'other-domain': refused(
        'signed for another purpose',
        sealed({}, host, 'libp2p-peer-record'),
        'signature_invalid',
      ),
      'other-type': refused('a payload of another type', sealed({}, host, undefined, '/other/1'), 'envelope_type'),
      'unknown-member': refused('a member that nobody knows', sealed({ admin: true }), 'payload_malformed'),
      'field-twice': refused('a second signature behind the first', twice, 'not_an_envelope'),
    }),
  ]
}
