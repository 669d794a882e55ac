/**
 * Whether a certificate may speak for a kernel whose manifest has been verified. The keys that a manifest names are signed
 * by the kernel's DID, which says more than a certificate authority; only where it names none does an authority decide.
 * Pure.
 */
import type { CapabilityManifest } from '@hansa/protocols'
import type { ShownCertificate } from './certificate-key.ts'

/**
 * @param shown undefined for plain HTTP, which is for this machine only and shows nothing.
 * @returns why not, in one sentence; undefined when it may.
 */
export function certificateFault(
  { kernel_id, tls = [] }: Pick<CapabilityManifest, 'kernel_id' | 'tls'>,
  shown: ShownCertificate | undefined,
): string | undefined {
  if (shown === undefined || tls.includes(shown.key)) return undefined
  if (tls.length > 0)
    return `the certificate there has the key ${shown.key}, which ${kernel_id} does not name as its own`
  if (shown.trusted) return undefined
  return `no certificate authority vouches for the certificate there, and ${kernel_id} names no certificate key`
}
