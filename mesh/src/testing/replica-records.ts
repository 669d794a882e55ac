/** Kernels by number, and what they sign about what they offer: for tests with many of them. */
import { type CapabilityManifest, WITHDRAWAL_TYP } from '@hansa/protocols'
import { type Signer, sha256, signerFromSeed, signJws, signManifest } from '@hansa/trust'
import { aManifest, NOW } from '@hansa/trust/testing'

/** The same signer for the same number every time. */
export function kernelNumber(number: number | string): Signer {
  return signerFromSeed(sha256(`hansa test kernel ${number}`))
}

/** A manifest of that kernel, as it travels. */
export function manifestOf(signer: Signer, over: Partial<CapabilityManifest> = {}): string {
  return signManifest(signer, aManifest({ kernel_id: signer.did, ...over })).jws
}

/** A tombstone. */
export function withdrawalOf(signer: Signer, seq: number, iat: number = NOW): string {
  return signJws(signer, WITHDRAWAL_TYP, { v: 1, kernel_id: signer.did, seq, iat, exp: iat + 60 }).jws
}
