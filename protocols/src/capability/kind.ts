import { z } from 'zod'

/**
 * What a capability is to whoever offers it in another protocol (MCP: tools, resources, prompts; A2A: tasks). Every kind
 * is called, governed and logged in the same way.
 *
 *   tool       does one thing with its arguments
 *   resource   lists and reads what a server holds; its arguments are `resourceArgumentsSchema`
 *   prompt     fills in a template; its result is `promptResultSchema`
 *   task       an agent that is sent a message; its arguments are `taskArgumentsSchema`
 */
export const capabilityKinds = ['tool', 'resource', 'prompt', 'task'] as const
export const capabilityKindSchema = z.enum(capabilityKinds)
export type CapabilityKind = (typeof capabilityKinds)[number]
