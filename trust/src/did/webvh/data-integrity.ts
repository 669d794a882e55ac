/**
 * Data Integrity proofs of did:webvh 1.0: `eddsa-jcs-2022` and nothing else, by a did:key that the proof itself names. The
 * part before the `#` is the key and the part behind it has to say the same, so that nobody is authorised by one and
 * verified by the other.
 */
import type { DataIntegrityProof } from '@hansa/protocols'
import { sha256 } from '../../encoding/hash.ts'
import { canonicalJson } from '../../json/canonical-json.ts'
import { type AdmittedKey, admitKey, SIGNATURE_BYTES, verifySignature } from '../../keys/admitted-key.ts'
import type { Signer } from '../../keys/signer.ts'
import { decodeBase58btc, encodeBase58btc } from '../base58btc.ts'
import { multikeyOf, publicKeyFromMultikey } from '../multikey.ts'

export const CRYPTOSUITE = 'eddsa-jcs-2022'
const DID_KEY = 'did:key:'
/** Longest base58btc text of 64 bytes. */
const MAX_SIGNATURE_CHARS = 89

export type ProofReading = { ok: true; multikey: string } | { ok: false; reason: string }

/** Whose key a proof claims to be by, when its form is the admitted one. */
export function readProof(proof: DataIntegrityProof): ProofReading {
  if (proof.type !== 'DataIntegrityProof') return { ok: false, reason: 'proof_type' }
  if (proof.cryptosuite !== CRYPTOSUITE) return { ok: false, reason: 'proof_cryptosuite' }
  if (proof.proofPurpose !== 'assertionMethod') return { ok: false, reason: 'proof_purpose' }
  const [did = '', fragment, ...more] = proof.verificationMethod.split('#')
  if (!did.startsWith(DID_KEY) || fragment === undefined || more.length > 0)
    return { ok: false, reason: 'proof_method' }
  const multikey = did.slice(DID_KEY.length)
  if (fragment !== multikey) return { ok: false, reason: 'proof_names_two_keys' }
  return { ok: true, multikey }
}

/** Keys that were admitted while one log is verified: the same few sign every entry. */
export class AdmittedMultikeys {
  readonly #known = new Map<string, AdmittedKey | undefined>()

  get(multikey: string): AdmittedKey | undefined {
    if (this.#known.has(multikey)) return this.#known.get(multikey)
    const bytes = publicKeyFromMultikey(multikey)
    const admission = bytes && admitKey(bytes)
    const key = admission?.ok === true ? admission.key : undefined
    this.#known.set(multikey, key)
    return key
  }
}

/** Whether a proof whose form was read is the key's over the document. */
export function proofVerifies(document: object, proof: DataIntegrityProof, key: AdmittedKey): boolean {
  const { proofValue, ...options } = proof
  const signature = signatureIn(proofValue)
  return signature !== undefined && verifySignature(key, signedBytes(document, options), signature)
}

export function signProof(document: object, signer: Pick<Signer, 'publicKey' | 'sign'>, created: string) {
  const multikey = multikeyOf(signer.publicKey)
  const options = {
    type: 'DataIntegrityProof',
    cryptosuite: CRYPTOSUITE,
    verificationMethod: `${DID_KEY}${multikey}#${multikey}`,
    created,
    proofPurpose: 'assertionMethod',
  }
  return { ...options, proofValue: `z${encodeBase58btc(signer.sign(signedBytes(document, options)))}` }
}

/** Hash of the options, then of the document (Data Integrity EdDSA 1.0, section 3.3). */
function signedBytes(document: object, options: object): Uint8Array {
  return Buffer.concat([sha256(canonicalJson(options)), sha256(canonicalJson(document))])
}

function signatureIn(proofValue: string): Uint8Array | undefined {
  if (!proofValue.startsWith('z') || proofValue.length > MAX_SIGNATURE_CHARS) return undefined
  const bytes = decodeBase58btc(proofValue.slice(1))
  return bytes?.length === SIGNATURE_BYTES ? bytes : undefined
}
