/** What an operator says and sees of the mesh: the kernels that tell each other which kernels there are. */
import { z } from 'zod'
import { MAX_MANIFEST_BYTES } from '../manifest/capability-manifest.ts'
import { standingTierSchema } from '../standing/tier.ts'
import { peerAliasSchema } from '../syntax/capability-id.ts'
import { didSchema } from '../syntax/did.ts'
import { principalSchema } from '../syntax/principal.ts'

const count = z.int().min(0)

export const joinMeshSchema = z.strictObject({
  manifest: z
    .string()
    .max(MAX_MANIFEST_BYTES)
    .optional()
    .describe('Compact JWS of a kernel that takes part. Without it this kernel takes part, and waits for others'),
  by: principalSchema.describe('Who says so: person:NAME'),
})
export type JoinMesh = z.infer<typeof joinMeshSchema>

export const leaveMeshSchema = z.strictObject({ by: principalSchema.describe('Who says so: person:NAME') })
export type LeaveMesh = z.infer<typeof leaveMeshSchema>

export const meshNeighbourSchema = z.object({
  did: didSchema,
  name: z.string().max(128).optional().describe('As it calls itself'),
  endpoint: z.string().max(2048),
  named: z.boolean().describe('An operator joined through it; the others come and go'),
  heard: count.optional().describe('When it last answered, Unix seconds'),
  channel: z
    .string()
    .max(64)
    .optional()
    .describe('What is open to it, such as hansa-ws/1; absent while it gets single requests'),
  fault: z.string().max(512).optional().describe('Why it did not the last time'),
})
export type MeshNeighbour = z.infer<typeof meshNeighbourSchema>

export const meshKernelSchema = z.object({
  did: didSchema,
  name: z.string().max(128).optional().describe('As it calls itself'),
  endpoint: z.string().max(2048).optional(),
  seq: count.describe('Number of its manifest'),
  expires: count.describe('Unix seconds'),
  capabilities: count.describe('How many it offers'),
  score: z.int().min(0).max(1000).optional().describe('What it may be trusted with here'),
  tier: standingTierSchema.optional(),
  imports: z.array(peerAliasSchema).describe('Aliases under which its capabilities are imported'),
})
export type MeshKernel = z.infer<typeof meshKernelSchema>

export const meshStatusSchema = z.object({
  member: z.boolean().describe('Whether this kernel takes part'),
  since: count.optional().describe('Unix seconds'),
  neighbours: z.array(meshNeighbourSchema).max(64).describe('Whom it tells and asks'),
  kernels: count.describe('Others that it knows of'),
  known: z.array(meshKernelSchema).max(1_000).describe('The first 1,000 of them, by name'),
})
export type MeshStatus = z.infer<typeof meshStatusSchema>
