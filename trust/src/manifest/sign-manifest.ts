import { type CapabilityManifest, MANIFEST_TYP, type SignedManifest } from '@hansa/protocols/manifest'
import { taggedHash } from '../encoding/hash.ts'
import type { Signer } from '../keys/signer.ts'
import { signJws } from '../signed/jws.ts'

/**
 * Signs a manifest as it stands.
 * @throws RangeError when `kernel_id` is not the signer's DID; TypeError when no verifier would take the payload.
 */
export function signManifest(signer: Signer, manifest: CapabilityManifest): SignedManifest {
  if (manifest.kernel_id !== signer.did) throw new RangeError('a kernel signs its own manifest only')
  const { jws, payloadBytes } = signJws(signer, MANIFEST_TYP, manifest)
  return { jws, manifest, hash: manifestHash(payloadBytes) }
}

/** SHA-256 of "hansa/manifest/v1\n" and the payload bytes: what `prev`, pins and the handshake name. */
export function manifestHash(payloadBytes: Uint8Array): string {
  return taggedHash('manifest', payloadBytes)
}
