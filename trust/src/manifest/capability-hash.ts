import type { CapabilityDescriptor } from '@hansa/protocols'
import { taggedHash } from '../encoding/hash.ts'
import { canonicalJson } from '../json/canonical-json.ts'

/** The hash by which calls and imports pin a capability: over the canonical JSON of everything in it but the hash. */
export function capabilityHash(descriptor: Omit<CapabilityDescriptor, 'hash'> | CapabilityDescriptor): string {
  return taggedHash('capability', canonicalJson({ ...descriptor, hash: undefined }))
}
