/** The payload bytes of an object before it is signed, and its hash: both are known before the signature exists. */
import type { EnvelopeType } from '@hansa/protocols'
import { taggedHash } from '../encoding/hash.ts'
import { canonicalJson } from '../json/canonical-json.ts'

export type Prepared = {
  typ: EnvelopeType
  payloadBytes: Uint8Array
  /** `taggedHash` of the payload bytes under `intent`, `receipt`, `ack` or `acks`: how other objects and the ledger name it. */
  hash: string
}

const HASH_KINDS: Readonly<Record<EnvelopeType, string>> = {
  'hansa-intent': 'intent',
  'hansa-receipt': 'receipt',
  'hansa-ack': 'ack',
  'hansa-acks': 'acks',
}

/** Serialises a payload for `BatchSigner.sign`. Whether it fits its schema is not looked at. */
export function prepare(typ: EnvelopeType, payload: object): Prepared {
  const payloadBytes = Buffer.from(canonicalJson(payload), 'utf8')
  return { typ, payloadBytes, hash: envelopeHash(typ, payloadBytes) }
}

/** The hash by which an object of this type is named, from its payload bytes. */
export function envelopeHash(typ: EnvelopeType, payloadBytes: Uint8Array): string {
  return taggedHash(HASH_KINDS[typ], payloadBytes)
}
