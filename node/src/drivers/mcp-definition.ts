/**
 * What an MCP server lists, as capability definitions.
 *
 * Only the operator classifies: what a server says about itself (`readOnlyHint` and the other annotations) is a hint of
 * the very party that is to be restricted, so it is ignored, and what is not configured is DESTRUCTIVE. Titles,
 * descriptions and schemas are text of a stranger; they are bounded here and screened elsewhere.
 */
import type { CapabilityDefinition, CapabilityId } from '@hansa/protocols'
import { capabilityIdSchema } from '@hansa/protocols'
import type { Tool } from '@modelcontextprotocol/client'
import { segmentOfMcpName } from './mcp-name.ts'

/** What an operator says about a capability that a backend offers. */
export type McpClassification = Partial<
  Pick<
    CapabilityDefinition,
    | 'title'
    | 'description'
    | 'safety'
    | 'sensitivity'
    | 'tags'
    | 'idempotent'
    | 'obligations'
    | 'limits'
    | 'canary'
    | 'cost'
  >
>

export type McpOffer = {
  /** Capabilities are named `<prefix>.<escaped name>`. */
  prefix: CapabilityId
  /** Names, as the server gives them, that are offered. @default all */
  only?: readonly string[]
  /** For every name that `capabilities` does not override. @default {} which leaves safety at DESTRUCTIVE */
  defaults?: McpClassification
  /** By name, as the server gives it. */
  capabilities?: Readonly<Record<string, McpClassification>>
}

export type McpCapability = { definition: CapabilityDefinition; tool: Tool }

export type McpListing = {
  capabilities: McpCapability[]
  /** What is configured and not listed, or listed and cannot be offered; one sentence each. */
  faults: { name: string; reason: string }[]
}

const MAX_TITLE = 256
const MAX_DESCRIPTION = 4096
const MAX_SCHEMA = 65_536

export function mcpCapabilities(tools: readonly Tool[], offer: McpOffer): McpListing {
  const listing: McpListing = { capabilities: [], faults: [] }
  const wanted = new Set(offer.only ?? tools.map((tool) => tool.name))
  const seen = new Set<string>()
  for (const tool of tools) {
    if (!wanted.has(tool.name)) continue
    if (seen.has(tool.name)) {
      listing.faults.push({ name: tool.name, reason: 'is listed twice' })
      continue
    }
    seen.add(tool.name)
    const made = definitionOf(tool, offer)
    if (typeof made === 'string') listing.faults.push({ name: tool.name, reason: made })
    else listing.capabilities.push({ definition: made, tool })
  }
  const configured = new Set([...(offer.only ?? []), ...Object.keys(offer.capabilities ?? {})])
  for (const name of configured) {
    if (!tools.some((tool) => tool.name === name)) listing.faults.push({ name, reason: 'is configured and not listed' })
  }
  return listing
}

function definitionOf(tool: Tool, offer: McpOffer): CapabilityDefinition | string {
  const segment = segmentOfMcpName(tool.name)
  const id = `${offer.prefix}.${segment}`
  if (segment === undefined || !capabilityIdSchema.safeParse(id).success) return 'has a name that fits no capability id'
  const input = JSON.stringify(tool.inputSchema)
  const output = tool.outputSchema === undefined ? undefined : JSON.stringify(tool.outputSchema)
  if (input.length > MAX_SCHEMA || (output?.length ?? 0) > MAX_SCHEMA) return `has a schema larger than ${MAX_SCHEMA}`
  return {
    title: bounded(tool.title ?? tool.name, MAX_TITLE),
    description: bounded(tool.description ?? '', MAX_DESCRIPTION),
    ...offer.defaults,
    ...own(offer.capabilities, tool.name),
    id,
    input,
    ...(output !== undefined && { output }),
  }
}

function own<T>(record: Readonly<Record<string, T>> | undefined, name: string): T | undefined {
  return record !== undefined && Object.hasOwn(record, name) ? record[name] : undefined
}

/** Cuts without halving a surrogate pair. */
function bounded(text: string, max: number): string {
  return text.length <= max ? text.toWellFormed() : `${text.slice(0, max - 1).toWellFormed()}…`
}
