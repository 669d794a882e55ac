/** Batch envelopes as they travel, with the type and the issuer that the receiver expects. */
import type { Envelope, EnvelopeType } from '@hansa/protocols'
import { encodeBase64url } from '../../encoding/base64url.ts'
import { rootOf } from '../../merkle/tree.ts'
import { type SignedObject, signBatch } from '../../signed/batch-signer.ts'
import { batchLeafHash } from '../../signed/batch-statement.ts'
import { type Prepared, prepare } from '../../signed/prepared.ts'
import { alice, bob, mallory } from '../actors.ts'
import { anAck, anIntent, aReceipt, severalAcks } from '../statements.ts'
import { filesOf, type VectorFile } from './vector-file.ts'

/** Five objects of three types that alice signs at once. */
const batch: Prepared[] = [
  prepare('hansa-intent', anIntent({ ctr: 1 })),
  prepare('hansa-receipt', aReceipt()),
  prepare('hansa-ack', anAck()),
  prepare('hansa-intent', anIntent({ ctr: 2 })),
  prepare('hansa-intent', anIntent({ ctr: 3 })),
]

/** What bob's receipts are answered with when they come together. */
const together: Prepared[] = [prepare('hansa-acks', severalAcks()), ...batch.slice(0, 1)]

function valid(description: string, objects: Prepared[], index: number) {
  const leaves = objects.map(({ typ, payloadBytes }) => batchLeafHash(typ, payloadBytes))
  const [typ, signed, leaf] = [objects[index]?.typ, at(signBatch(alice, objects), index), leaves[index]]
  return {
    description,
    typ,
    issuer: alice.did,
    envelope: signed.text,
    payload: Buffer.from(signed.payloadBytes).toString(),
    hash: signed.hash,
    leaf_hash: leaf === undefined ? '' : encodeBase64url(leaf),
    root: encodeBase64url(rootOf(leaves)),
  }
}

function invalid(
  description: string,
  envelope: unknown,
  reason: string,
  typ: EnvelopeType = 'hansa-intent',
  issuer = alice.did,
) {
  return {
    description,
    typ,
    issuer,
    envelope: typeof envelope === 'string' ? envelope : JSON.stringify(envelope),
    reason,
  }
}

function at(signed: readonly SignedObject[], index: number): SignedObject {
  const object = signed[index]
  if (object === undefined) throw new RangeError(`no object ${index}`)
  return object
}

/** One payload text, well signed by alice. */
function signedText(payload: string): string {
  return at(signBatch(alice, [{ typ: 'hansa-intent', payloadBytes: Buffer.from(payload), hash: '' }]), 0).text
}

export function envelopeVectors(): VectorFile[] {
  const { envelope: good, text } = at(signBatch(alice, batch), 3)
  const ofMallory = at(signBatch(mallory, batch), 3).envelope
  const withProof = (over: Partial<Envelope['proof']>): Envelope => ({ ...good, proof: { ...good.proof, ...over } })
  return [
    ...filesOf('envelope/valid', {
      single: valid('one object alone', batch.slice(0, 1), 0),
      'first-of-two': valid('the left leaf of two', batch.slice(0, 2), 0),
      'receipt-in-batch': valid('a receipt among objects of other types', batch, 1),
      'ack-in-batch': valid('an acknowledgement among objects of other types', batch, 2),
      'several-acks': valid('one acknowledgement of two receipts, beside an intent', together, 0),
      'last-of-five': valid('the leaf whose path skips levels', batch, 4),
    }),
    ...filesOf('envelope/invalid', {
      'other-type': invalid('an intent shown as an acknowledgement', text, 'signature_invalid', 'hansa-ack'),
      'acks-as-ack': invalid(
        'an acknowledgement of several receipts shown as one of a single receipt',
        at(signBatch(alice, together), 0).text,
        'signature_invalid',
        'hansa-ack',
      ),
      'other-issuer': invalid(
        'alice’s object where bob’s is expected',
        text,
        'signer_not_issuer',
        'hansa-intent',
        bob.did,
      ),
      'signed-by-another': invalid(
        'mallory’s batch under alice’s key identifier',
        { ...ofMallory, proof: { ...ofMallory.proof, kid: alice.kid } },
        'signature_invalid',
      ),
      'issuer-in-payload': invalid(
        'mallory’s object that names alice inside',
        ofMallory,
        'signer_not_issuer',
        'hansa-intent',
        mallory.did,
      ),
      'other-index': invalid('another place in the batch', withProof({ index: 2 }), 'signature_invalid'),
      'index-outside': invalid('a place outside the batch', withProof({ index: 5 }), 'path_does_not_fit'),
      'size-smaller': invalid('a smaller batch', withProof({ size: 4 }), 'path_does_not_fit'),
      'size-larger': invalid('a larger batch of the same shape', withProof({ size: 6 }), 'signature_invalid'),
      'path-shorter': invalid(
        'a path without its last hash',
        withProof({ path: good.proof.path.slice(0, -1) }),
        'path_does_not_fit',
      ),
      'path-longer': invalid(
        'a path with one hash more',
        withProof({ path: [...good.proof.path, good.proof.path[0] ?? ''] }),
        'path_does_not_fit',
      ),
      'payload-of-another': invalid(
        'the payload of another leaf',
        { ...good, payload: encodeBase64url(batch[0]?.payloadBytes ?? new Uint8Array()) },
        'signature_invalid',
      ),
      'signature-other-spelling': invalid(
        'a signature that is not canonical base64url',
        withProof({ sig: `${good.proof.sig.slice(0, -1)}B` }),
        'not_canonical_base64url',
      ),
      'unknown-member': invalid('a member outside the format', { ...good, note: '' }, 'not_an_envelope'),
      'batch-too-large': invalid('a batch of 1 025', withProof({ size: 1_025 }), 'not_an_envelope'),
      'payload-duplicate-name': invalid(
        'a well signed payload with a name twice',
        signedText('{"a":1,"a":1}'),
        'payload_duplicate_name',
      ),
      'payload-fraction': invalid(
        'a well signed payload with a fraction',
        signedText('{"a":0.5}'),
        'payload_number_not_allowed',
      ),
      'payload-list': invalid('a well signed list', signedText('[]'), 'payload_not_an_object'),
    }),
  ]
}
