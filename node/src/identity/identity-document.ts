/** The document of an own identity, and its view as did:web. Pure. */
import { type Did, KEY_REVOCATIONS_SERVICE, type RevokedKey } from '@hansa/protocols'
import { type DidLog, didWebOf, multikeyOf, type WebLocation } from '@hansa/trust'

const CONTEXTS = ['https://www.w3.org/ns/did/v1', 'https://w3id.org/security/multikey/v1']

/** @param keys public keys, 32 bytes each; every one serves every purpose. */
export function identityDocument(did: Did, keys: readonly Uint8Array[], revoked: readonly RevokedKey[] = []) {
  const methods = keys.map((key) => {
    const publicKeyMultibase = multikeyOf(key)
    return { id: `${did}#${publicKeyMultibase}`, type: 'Multikey', controller: did, publicKeyMultibase }
  })
  const kids = methods.map(({ id }) => id)
  const service = { id: `${did}#key-revocations`, type: KEY_REVOCATIONS_SERVICE, serviceEndpoint: { revoked } }
  return {
    '@context': CONTEXTS,
    id: did,
    verificationMethod: methods,
    authentication: kids,
    assertionMethod: kids,
    capabilityInvocation: kids,
    capabilityDelegation: kids,
    ...(revoked.length === 0 ? {} : { service: [service] }),
  }
}

/** The newest document under the did:web name of the same place, which says that it is the same (did:webvh 1.0). */
export function didWebDocument({ did, current }: DidLog, location: WebLocation): string {
  const text = JSON.stringify(current.state).replaceAll(did, didWebOf(location))
  const document = JSON.parse(text) as { alsoKnownAs?: string[] }
  return JSON.stringify({ ...document, alsoKnownAs: [did, ...(document.alsoKnownAs ?? [])] })
}

export function kidOf(did: Did, publicKey: Uint8Array): string {
  return `${did}#${multikeyOf(publicKey)}`
}
