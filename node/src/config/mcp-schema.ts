/** `mcp`: how agents are served MCP, each key with its unit and default. What keys mean together is in `mcp-config.ts`. */
import { capabilityRefSchema } from '@hansa/protocols'
import { z } from 'zod'

export const mcpServes = ['both', 'agents', 'operator', 'none'] as const

export const mcpServerSchema = z.strictObject({
  serve: z
    .enum(mcpServes)
    .describe(
      'Where /mcp is answered: agents is agents.listen, operator the control interface of the home. Default: both',
    )
    .optional(),
  public_url: z
    .url({ protocol: /^https?$/, error: 'not an http(s) URL' })
    .max(2048)
    .describe(
      'Base URL of a TLS proxy before agents.listen. Requests with its host are taken, and OAuth clients are told it. Default: none',
    )
    .optional(),
  capabilities: z
    .array(z.string().max(600))
    .max(256)
    .describe('Patterns of what is served, as in the resource of a rule. Default: whatever the caller may call')
    .optional(),
  primary: capabilityRefSchema
    .describe(
      'Id of an MCP server of capabilities, or ALIAS/ID of one at a peer, whose tools, prompts and resources keep the names and URIs that it gives them. Default: none',
    )
    .optional(),
  page_size: z.int().min(1).max(1000).describe('Items of one page of a list. Default: 100').optional(),
  deadline_seconds: z
    .int()
    .min(1)
    .max(600)
    .describe(
      'Time that the call of a client has, seconds; what a person is asked meanwhile does not count. Default: 60',
    )
    .optional(),
})
