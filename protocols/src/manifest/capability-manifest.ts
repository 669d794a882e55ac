/** The payload of a manifest: a JWS of type `hansa-manifest+jws`, signed by the kernel that it describes (security.md B2, wire.md). */
import { z } from 'zod'
import { capabilityDescriptorSchema } from '../capability/descriptor.ts'
import { hashSchema } from '../syntax/base64url.ts'
import { didSchema } from '../syntax/did.ts'
import { unixSecondsSchema } from '../syntax/time.ts'

export const MANIFEST_TYP = 'hansa-manifest+jws'

/** Largest manifest that is read, in bytes of the compact JWS. */
export const MAX_MANIFEST_BYTES = 262_144

/** What this version speaks between kernels, as an endpoint of a manifest names it. */
export const HTTP_ENDPOINT_PROTO = 'hansa-http/1'
export const LIBP2P_ENDPOINT_PROTO = 'hansa-libp2p/1'

/** Where a libp2p host listens: a multiaddr that ends with the PeerId of an Ed25519 key. */
export const hostAddressSchema = z
  .string()
  .max(1024)
  .regex(/^(?:\/[A-Za-z0-9.:_%-]+)+\/p2p\/12D3KooW[1-9A-HJ-NP-Za-km-z]{44}$/, 'not a multiaddr with a PeerId')

export const endpointSchema = z.strictObject({
  proto: z
    .string()
    .max(64)
    .regex(/^[a-z0-9-]+\/\d+$/, 'not name/version'),
  url: z.union([z.url().max(2048), hostAddressSchema]).describe('A multiaddr for hansa-libp2p, else a URL'),
})
export type Endpoint = z.infer<typeof endpointSchema>

export const capabilityManifestSchema = z.strictObject({
  v: z.literal(1),
  kernel_id: didSchema,
  name: z.string().max(128).optional().describe('For people; proves nothing'),
  seq: z.int().min(1).describe('max(last + 1, Unix seconds), stored before it is served'),
  prev: hashSchema.nullable().describe('SHA-256 of "hansa/manifest/v1\\n" and the previous payload bytes'),
  iat: unixSecondsSchema,
  exp: unixSecondsSchema.describe('Exclusive; at most 24 h after iat'),
  endpoints: z.array(endpointSchema).max(8).describe('Empty when nobody can reach this kernel'),
  logs: z
    .array(z.strictObject({ origin: z.string().max(512), vkey: z.string().max(512) }))
    .min(1)
    .max(16)
    .describe('The one that is written to, then those before it, the newest first'),
  tls: z.array(hashSchema).max(8).optional().describe('SHA-256 of the SPKI of each certificate in use'),
  policy: z.strictObject({ version: z.int().min(0), min_version: z.int().min(0), hash: hashSchema }),
  capabilities: z.array(capabilityDescriptorSchema).max(500),
  ext: z
    .record(z.string().max(64), z.json())
    .optional()
    .describe('Extension point; unknown members are signed and ignored'),
})
export type CapabilityManifest = z.infer<typeof capabilityManifestSchema>

/** A manifest and the bytes that prove it. */
export const signedManifestSchema = z.object({
  jws: z.string().max(MAX_MANIFEST_BYTES).describe('Compact JWS: what travels'),
  manifest: capabilityManifestSchema,
  hash: hashSchema.describe('SHA-256 of "hansa/manifest/v1\\n" and the payload bytes'),
})
export type SignedManifest = z.infer<typeof signedManifestSchema>
