/**
 * What an MCP server lists, as capability definitions: tools under the prefix, prompts under `PREFIX.prompts`, and its
 * resources together as `PREFIX.mcp.resources`. A tool has one segment behind the prefix, so none can take their place.
 *
 * Only the operator classifies: what a server says about itself (`readOnlyHint` and the other annotations) is a hint of
 * the very party that is to be restricted, so it is ignored, and what is not configured is DESTRUCTIVE. Titles,
 * descriptions and schemas are text of a stranger; they are bounded here and screened elsewhere.
 */
import {
  type CapabilityDefinition,
  type CapabilityId,
  capabilityIdSchema,
  promptResultSchema,
  resourceArgumentsSchema,
} from '@hansa/protocols'
import type { Prompt, Tool } from '@modelcontextprotocol/client'
import { z } from 'zod'
import { segmentOfMcpName } from './mcp-name.ts'
import type { McpListed } from './mcp-offered.ts'

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

/** By kind, and by name as the server gives it. */
export type McpClasses<C = McpClassification> = Readonly<Record<McpListed['kind'], Readonly<Record<string, C>>>>

export type McpOffer = {
  /** What the ids of its capabilities begin with. */
  prefix: CapabilityId
  classes: McpClasses
  /** What people and models may read of a title or description. @default as it is */
  screen?(text: string): string
}

export type McpCapability = { definition: CapabilityDefinition; listed: McpListed }

export type McpListing = {
  capabilities: McpCapability[]
  /** What is configured and not listed, or listed and cannot be offered; one sentence each. */
  faults: { kind: McpListed['kind']; name: string; reason: string }[]
}

export const NO_CLASSES: McpClasses<never> = { tool: {}, prompt: {}, resource: {} }

const MAX_TITLE = 256
const MAX_DESCRIPTION = 4096
const MAX_SCHEMA = 65_536

const RESOURCE_INPUT = JSON.stringify(z.toJSONSchema(resourceArgumentsSchema))
const PROMPT_OUTPUT = JSON.stringify(z.toJSONSchema(promptResultSchema))

export function mcpCapabilities(listed: readonly McpListed[], offer: McpOffer): McpListing {
  const listing: McpListing = { capabilities: [], faults: [] }
  const seen = new Set<string>()
  for (const one of listed) {
    const { kind, name } = one
    if (seen.has(`${kind} ${name}`)) {
      listing.faults.push({ kind, name, reason: 'is listed twice' })
      continue
    }
    seen.add(`${kind} ${name}`)
    const made = definitionOf(one, offer)
    if (typeof made === 'string') listing.faults.push({ kind, name, reason: made })
    else listing.capabilities.push({ definition: made, listed: one })
  }
  for (const [kind, classes] of Object.entries(offer.classes) as [McpListed['kind'], object][])
    for (const name of Object.keys(classes))
      if (!seen.has(`${kind} ${name}`)) listing.faults.push({ kind, name, reason: 'is configured and not listed' })
  return listing
}

/** Where the capability is found. @returns undefined where the name fits no capability id. */
export function mcpCapabilityId(
  prefix: CapabilityId,
  { kind, name }: Pick<McpListed, 'kind' | 'name'>,
): string | undefined {
  const segment = segmentOfMcpName(name)
  if (segment === undefined) return undefined
  const behind = { tool: segment, prompt: `prompts.${segment}`, resource: 'mcp.resources' }[kind]
  const id = `${prefix}.${behind}`
  return capabilityIdSchema.safeParse(id).success ? id : undefined
}

function definitionOf(listed: McpListed, { prefix, classes, screen = asIs }: McpOffer): CapabilityDefinition | string {
  const id = mcpCapabilityId(prefix, listed)
  if (id === undefined) return 'has a name that fits no capability id'
  const facts = factsOf(listed)
  if (facts.input.length > MAX_SCHEMA || (facts.output?.length ?? 0) > MAX_SCHEMA)
    return `has a schema larger than ${MAX_SCHEMA}`
  return {
    title: bounded(screen(facts.title), MAX_TITLE),
    description: bounded(screen(facts.description), MAX_DESCRIPTION),
    ...own(classes[listed.kind], listed.name),
    id,
    ...(listed.kind === 'tool' ? {} : { kind: listed.kind }),
    input: facts.input,
    ...(facts.output !== undefined && { output: facts.output }),
  }
}

type Facts = { title: string; description: string; input: string; output?: string | undefined }

function factsOf(listed: McpListed): Facts {
  if (listed.kind === 'tool') return toolFacts(listed.said)
  if (listed.kind === 'prompt') return promptFacts(listed.said)
  const { subscribe, completions, resources } = listed.said
  const can = [
    ...(resources ? ['lists and reads what the server holds'] : []),
    ...(subscribe ? ['says when it changes'] : []),
    ...(completions ? ['completes arguments'] : []),
  ]
  return {
    title: 'Resources',
    description: `${can.join(', ').replace(/^./, (c) => c.toUpperCase())}.`,
    input: RESOURCE_INPUT,
  }
}

function toolFacts({ name, title, description = '', inputSchema, outputSchema }: Tool): Facts {
  const output = outputSchema === undefined ? undefined : JSON.stringify(outputSchema)
  return { title: title ?? name, description, input: JSON.stringify(inputSchema), output }
}

/** Arguments of prompts are texts. */
function promptFacts({ name, title, description = '', arguments: args = [] }: Prompt): Facts {
  const properties = args.map((each) => [
    each.name,
    { type: 'string', ...(each.description === undefined ? {} : { description: each.description }) },
  ])
  const input = {
    type: 'object',
    properties: Object.fromEntries(properties),
    required: args.filter(({ required }) => required === true).map((each) => each.name),
    additionalProperties: false,
  }
  return { title: title ?? name, description, input: JSON.stringify(input), output: PROMPT_OUTPUT }
}

function asIs(text: string): string {
  return text
}

function own<T>(record: Readonly<Record<string, T>>, name: string): T | undefined {
  return Object.hasOwn(record, name) ? record[name] : undefined
}

/** Cuts without halving a surrogate pair. */
function bounded(text: string, max: number): string {
  return text.length <= max ? text.toWellFormed() : `${text.slice(0, max - 1).toWellFormed()}…`
}
