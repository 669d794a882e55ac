/** What an MCP server offers, in one form for everything that an operator classifies. */
import type { Prompt, ResourceTemplateType, Tool } from '@modelcontextprotocol/client'

/** Everything about resources of one server is one capability: what it lists changes by the minute. */
export type McpResources = {
  templates: ResourceTemplateType[]
  /** Whether it has resources at all; a server may only complete arguments of prompts. */
  resources: boolean
  subscribe: boolean
  completions: boolean
}

/** All pages of everything. */
export type McpOffered = { tools: Tool[]; prompts: Prompt[]; resources?: McpResources }

/** One thing of them, as the server describes it. */
export type McpListed =
  | { kind: 'tool'; name: string; said: Tool }
  | { kind: 'prompt'; name: string; said: Prompt }
  | { kind: 'resource'; name: typeof RESOURCES; said: McpResources }

/** Stands for the name of resources, which have none of their own. */
export const RESOURCES = 'resources'

export function listedOf({ tools, prompts, resources }: McpOffered): McpListed[] {
  return [
    ...tools.map((said) => ({ kind: 'tool', name: said.name, said }) as const),
    ...prompts.map((said) => ({ kind: 'prompt', name: said.name, said }) as const),
    ...(resources === undefined ? [] : [{ kind: 'resource', name: RESOURCES, said: resources } as const]),
  ]
}
