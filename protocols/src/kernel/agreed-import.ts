/**
 * A first import that no operator has said yes to: two discovery channels, independent of each other, have to name the
 * same kernel with the same manifest (security.md B11).
 */
import { z } from 'zod'
import { trustPolicySchema } from '../policy/trust-policy.ts'
import { capabilityIdSchema, peerAliasSchema } from '../syntax/capability-id.ts'
import { didSchema } from '../syntax/did.ts'
import { personPrincipalSchema } from '../syntax/principal.ts'
import { discoveryChannels } from './discovery.ts'
import type { PeerImport } from './kernel.ts'

/** `two_channels`: two that agree, or an operator. `operator`: nobody else. */
export const firstImportRules = ['two_channels', 'operator'] as const
export type FirstImportRule = (typeof firstImportRules)[number]

export const channelWordSchema = z.strictObject({
  channel: z.enum(discoveryChannels),
  source: z.string().max(512).describe('URL, DID or PeerId of whoever named the kernel'),
})
export type ChannelWord = z.infer<typeof channelWordSchema>

export const channelWordsSchema = z.array(channelWordSchema).min(2).max(32)

export const importAgreedSchema = z.strictObject({
  did: didSchema.optional().describe('Who is imported. Needed unless an operator names a URL'),
  url: z.string().max(2048).optional().describe('Where it answers; an operator only, because a URL is a channel'),
  as: peerAliasSchema.optional().describe('Default: the name in its manifest, where no rule speaks of it yet'),
  capabilities: z.array(capabilityIdSchema).max(500).optional().describe('Default: all'),
  trustPolicy: trustPolicySchema.optional().describe('An operator only. Default: most_restrictive'),
  by: personPrincipalSchema.optional().describe('An operator only: who asks. Default: whom a call would be for'),
})
export type ImportAgreed = z.infer<typeof importAgreedSchema>

/** An import with the channels that agreed. */
export type AgreedImport = PeerImport & { readonly agreed: readonly ChannelWord[] }
