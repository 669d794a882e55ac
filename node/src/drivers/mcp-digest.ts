/**
 * What an operator has looked at when classifying something of an MCP server, as one hash: its name, everything that it
 * says about itself, and its schemas. Annotations belong to it, because a tool that takes back that it only reads has
 * changed. Of resources it is what the server can do with them and their templates, not what it lists at the moment.
 */
import { canonicalJson, taggedHash } from '@hansa/trust'
import type { McpListed } from './mcp-offered.ts'

export function digestOfMcp(listed: McpListed): string {
  return taggedHash(`mcp-${listed.kind}`, canonicalOr(JSON.stringify(claimsOf(listed))))
}

function claimsOf(listed: McpListed): object {
  if (listed.kind === 'tool') {
    const { name, title, description, inputSchema, outputSchema, annotations } = listed.said
    return { name, title, description, inputSchema, outputSchema, annotations }
  }
  if (listed.kind === 'prompt') {
    const { name, title, description, arguments: args } = listed.said
    return { name, title, description, arguments: args }
  }
  const { templates, ...can } = listed.said
  const told = templates.map(({ uriTemplate, name, title, description, mimeType, annotations }) => ({
    uriTemplate,
    name,
    title,
    description,
    mimeType,
    annotations,
  }))
  return { ...can, templates: told }
}

/** Half a surrogate pair has no canonical form; then the order in which the server wrote its members counts too. */
function canonicalOr(text: string): string {
  try {
    return canonicalJson(JSON.parse(text))
  } catch {
    return text
  }
}
