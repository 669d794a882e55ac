/** `mcp` of the configuration. */
export type McpSettings = {
  /** On which listeners it is spoken. */
  serve: 'both' | 'agents' | 'operator' | 'none'
  /** Base URL under which agents reach it through a TLS proxy. @default where agents connect */
  publicUrl?: string
  /** Patterns of what is offered. @default everything that is open to the caller */
  capabilities?: readonly string[]
  /** Prefix of the MCP server whose tools, prompts and resources keep its names. @default none */
  primary?: string
  /** Items of one page of a list. */
  pageSize: number
  /** Milliseconds that a call has. */
  deadlineMs: number
}

export const defaultMcpSettings: McpSettings = { serve: 'both', pageSize: 100, deadlineMs: 60_000 }
