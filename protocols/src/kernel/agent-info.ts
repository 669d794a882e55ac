import { z } from 'zod'
import { agentNameSchema } from '../syntax/agent-credential.ts'
import { agentPrincipalSchema } from '../syntax/principal.ts'

/** An agent that holds a credential of this kernel. */
export const agentInfoSchema = z.object({
  name: agentNameSchema,
  principal: agentPrincipalSchema.describe('As whom it acts, and nobody else'),
  created: z.int().min(0).describe('Unix seconds'),
})
export type AgentInfo = z.infer<typeof agentInfoSchema>

export const newAgentSchema = agentInfoSchema.extend({
  credential: z.string().max(128).describe('Shown this once; the kernel keeps its SHA-256'),
})
export type NewAgent = z.infer<typeof newAgentSchema>
