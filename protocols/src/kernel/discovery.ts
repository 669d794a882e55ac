/** What a search for other kernels found: manifests that verify, and why each other source gave none. */
import { z } from 'zod'
import { allCodes } from '../errors/codes.ts'
import { signedManifestSchema } from '../manifest/capability-manifest.ts'
import { didSchema } from '../syntax/did.ts'

const url = z.string().max(2048)

export const discoveredPeerSchema = z.object({
  did: didSchema,
  signed: signedManifestSchema.describe('The highest seq among the sources that named this kernel'),
  by: z.array(z.enum(['peer_url', 'registry'])).max(2),
  sources: z.array(url).max(512).describe('Which URLs named it'),
})
export type DiscoveredPeer = z.infer<typeof discoveredPeerSchema>

export const discoveryFaultSchema = z.object({
  source: url,
  code: z.enum(allCodes),
  reason: z.string().max(4096).describe('One sentence for people'),
})
export type DiscoveryFault = z.infer<typeof discoveryFaultSchema>

export const discoverySchema = z.object({
  peers: z.array(discoveredPeerSchema).max(10_000),
  faults: z.array(discoveryFaultSchema).max(10_000),
})
export type Discovery = z.infer<typeof discoverySchema>
