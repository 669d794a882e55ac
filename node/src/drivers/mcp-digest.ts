/**
 * What an operator has looked at when classifying a tool of an MCP server, as one hash: its name, everything that it says
 * about itself, and its schemas. Annotations belong to it, because a tool that takes back that it only reads has changed.
 */
import { canonicalJson, taggedHash } from '@hansa/trust'
import type { Tool } from '@modelcontextprotocol/client'

export function digestOfTool({ name, title, description, inputSchema, outputSchema, annotations }: Tool): string {
  const said = { name, title, description, inputSchema, outputSchema, annotations }
  const text = JSON.stringify(said)
  return taggedHash('mcp-tool', canonicalOr(text))
}

/** Half a surrogate pair has no canonical form; then the order in which the server wrote its members counts too. */
function canonicalOr(text: string): string {
  try {
    return canonicalJson(JSON.parse(text))
  } catch {
    return text
  }
}
