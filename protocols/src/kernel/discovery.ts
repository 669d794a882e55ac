/** What a search for other kernels found: manifests that verify, and why each other source gave none. */
import { z } from 'zod'
import { allCodes } from '../errors/codes.ts'
import { signedManifestSchema } from '../manifest/capability-manifest.ts'
import { standingTierSchema } from '../standing/tier.ts'
import { didSchema } from '../syntax/did.ts'

/**
 * `mesh`: what this kernel holds itself, passed on from neighbour to neighbour. `dht`: a record says where to look.
 * `mdns`: a host on the same LAN.
 */
export const discoveryChannels = ['peer_url', 'registry', 'mesh', 'dht', 'mdns'] as const
export type DiscoveryChannel = (typeof discoveryChannels)[number]

const url = z.string().max(2048)

export const discoveredPeerSchema = z.object({
  did: didSchema,
  signed: signedManifestSchema.describe('The highest seq among the sources that named this kernel'),
  by: z.array(z.enum(discoveryChannels)).max(5),
  sources: z.array(url).max(512).describe('Which URLs named it'),
  standing: z
    .object({ score: z.int().min(0).max(1000), tier: standingTierSchema })
    .exactOptional()
    .describe('What it may be trusted with here; the highest score comes first'),
})
export type DiscoveredPeer = z.infer<typeof discoveredPeerSchema>

export const discoveryFaultSchema = z.object({
  source: url,
  code: z.enum([...allCodes, 'discovery_conflict']),
  reason: z.string().max(4096).describe('One sentence for people'),
})
export type DiscoveryFault = z.infer<typeof discoveryFaultSchema>

export const discoverySchema = z.object({
  peers: z.array(discoveredPeerSchema).max(10_000),
  faults: z.array(discoveryFaultSchema).max(10_000),
})
export type Discovery = z.infer<typeof discoverySchema>
