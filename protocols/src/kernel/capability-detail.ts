/** Everything an operator can know about one capability before deciding about it. */
import { z } from 'zod'
import { limitsSchema } from '../capability/limits.ts'
import { obligationsSchema } from '../capability/obligation.ts'
import { hashSchema } from '../syntax/base64url.ts'
import { capabilityInfoSchema } from './capability-info.ts'

const patterns = z.array(z.string().max(1024))

/** A rule of the policy in force whose resource patterns match the capability. */
export const mentioningRuleSchema = z.object({
  id: z.string().max(128),
  effect: z.string().max(32),
  subject: patterns,
  action: patterns,
  resource: patterns,
  when: z.string().max(4096).exactOptional(),
})

/** What an MCP server says of a tool, a prompt or its resources, or an agent of A2A of a skill. */
export const toolClaimSchema = z.object({
  server: z.string().max(128).describe('Prefix of the server or agent in the configuration'),
  kind: z.enum(['tool', 'prompt', 'resource', 'skill']),
  name: z.string().max(1024).describe('As the server calls it'),
  digest: hashSchema.describe('Of name, texts, schemas and annotations as they are listed now'),
  pinned: hashSchema.exactOptional().describe('The digest that the class was given for'),
  annotations: z.json().exactOptional().describe('Claims of the server; nothing is decided by them'),
  found: z
    .array(z.string().max(128))
    .exactOptional()
    .describe(
      'What the firewall finds in what the server says of it: hidden characters, secrets, markers of instructions',
    ),
})

export const capabilityDetailSchema = capabilityInfoSchema.extend({
  version: z.string().max(64).exactOptional(),
  tags: z.array(z.string().max(64)),
  idempotent: z.boolean().exactOptional(),
  obligations: obligationsSchema,
  limits: limitsSchema,
  inputSchema: z.string().max(65_536).describe('JSON Schema as text'),
  outputSchema: z.string().max(65_536).exactOptional(),
  tool: toolClaimSchema.exactOptional(),
  changes: z
    .array(z.string().max(4096))
    .describe('What changed since it was classified or imported, and waits for an operator'),
  rules: z.array(mentioningRuleSchema).describe('Rules of the policy in force that would be looked at'),
})
export type CapabilityDetail = z.infer<typeof capabilityDetailSchema>
