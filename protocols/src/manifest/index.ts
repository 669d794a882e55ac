/** Signed statements of kernels about what they offer, without everything else: for threads that only check these. */
export { WITHDRAWAL_TYP, type Withdrawal, withdrawalSchema } from '../registry/messages.ts'
export { type Did, didSchema, isDid } from '../syntax/did.ts'
export type { UnixSeconds } from '../syntax/time.ts'
export {
  type CapabilityManifest,
  capabilityManifestSchema,
  HTTP_ENDPOINT_PROTO,
  hostAddressSchema,
  LIBP2P_ENDPOINT_PROTO,
  MANIFEST_TYP,
  MAX_MANIFEST_BYTES,
  type SignedManifest,
} from './capability-manifest.ts'
export { type LegacyManifest, legacyManifestSchema } from './legacy-manifest.ts'
