/** A capability as the tool, or the prompt, that MCP clients list. */
import type { CapabilityDescriptor, Safety } from '@hansa/protocols'
import type { Prompt, Tool, ToolAnnotations } from '@modelcontextprotocol/server'
import type { Listed } from './listing.ts'

/** The member that arguments stand in which are no object. */
const VALUE = 'value'

export function listedTool({ name, info, descriptor }: Listed): Tool {
  const output = outputSchemaOf(descriptor)
  return {
    name,
    title: info.title,
    description: info.description,
    inputSchema: inputSchemaOf(descriptor),
    ...(output === undefined ? {} : { outputSchema: output as NonNullable<Tool['outputSchema']> }),
    annotations: { title: info.title, ...hintsOf(info.safety, descriptor) },
    _meta: { 'hansa/capability': info.ref },
  }
}

export function listedPrompt({ name, info, descriptor }: Listed): Prompt {
  const { properties = {}, required = [] } = schemaOf(descriptor.input_schema)
  const names = Object.entries(isObject(properties) ? properties : {})
  return {
    name,
    title: info.title,
    description: info.description,
    arguments: names.map(([argument, schema]) => ({
      name: argument,
      ...(isObject(schema) && typeof schema.description === 'string' ? { description: schema.description } : {}),
      required: Array.isArray(required) && required.includes(argument),
    })),
    _meta: { 'hansa/capability': info.ref },
  }
}

/** What the capability takes, out of what a client passes. */
export function argumentsFor(descriptor: CapabilityDescriptor, given: Record<string, unknown> | undefined): unknown {
  const members = given ?? {}
  return takesObject(schemaOf(descriptor.input_schema)) ? members : (members[VALUE] ?? null)
}

/** As it is listed; undefined without one. */
export function outputSchemaOf({ output_schema: text }: CapabilityDescriptor): Record<string, unknown> | undefined {
  return text === undefined ? undefined : schemaOf(text)
}

function inputSchemaOf({ input_schema: text }: CapabilityDescriptor): Tool['inputSchema'] {
  const schema = schemaOf(text)
  if (takesObject(schema)) return { ...schema, type: 'object' }
  return { type: 'object', properties: { [VALUE]: schema as never }, required: [VALUE] }
}

/** A schema that says nothing of the type is met by objects. */
function takesObject({ type }: Record<string, unknown>): boolean {
  return type === undefined || type === 'object' || (Array.isArray(type) && type.includes('object'))
}

/** Compiled before it was registered or pinned, so it is one. */
function schemaOf(text: string): Record<string, unknown> {
  const schema: unknown = JSON.parse(text)
  return isObject(schema) ? schema : {}
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** From the class that an operator gave it, never from what its server says of it. */
function hintsOf(safety: Safety, { idempotent }: CapabilityDescriptor): ToolAnnotations {
  return {
    readOnlyHint: safety === 'READ',
    destructiveHint: safety === 'DESTRUCTIVE',
    idempotentHint: idempotent,
    openWorldHint: true,
  }
}
