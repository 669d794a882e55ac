import type { Did, UnixSeconds } from '@hansa/protocols'
import type { AdmittedKey, VerifyingKey } from '../keys/admitted-key.ts'

/** Verification relationships of a DID document (W3C DID 1.0 section 5.3) that this system uses. */
export type KeyPurpose = 'authentication' | 'assertionMethod' | 'capabilityInvocation' | 'capabilityDelegation'

export type ResolvedKey<Key extends VerifyingKey = AdmittedKey> = { did: Did; key: Key }
export type KeyResolution<Key extends VerifyingKey = AdmittedKey> =
  | ({ ok: true } & ResolvedKey<Key>)
  | { ok: false; reason: string }

/** From the `kid` of a signature to an admitted key and the DID that it speaks for. */
export interface KeyResolver<Key extends VerifyingKey = AdmittedKey> {
  /**
   * Looks the key up only under the DID that `kid` itself names. Never throws for a bad `kid`.
   * @param at when it was signed, for a resolver that knows the history of a key. @default now
   */
  resolve(kid: string, purpose: KeyPurpose, at?: UnixSeconds): Promise<KeyResolution<Key>>
  /** The same without waiting, for a key that is at hand and still good; undefined says nothing about the key. */
  peek?(kid: string, purpose: KeyPurpose): ResolvedKey<Key> | undefined
}
