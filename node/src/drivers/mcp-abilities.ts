/** What a client tells an MCP server that it can be asked: what the caller accepts, in the words of MCP. */
import type { InputMethod } from '@hansa/protocols'
import type { ClientCapabilities } from '@modelcontextprotocol/client'

/** What an MCP server can ask for. */
export const mcpInputMethods = [
  'elicitation/create',
  'sampling/createMessage',
  'roots/list',
] as const satisfies readonly InputMethod[]
export type McpInputMethod = (typeof mcpInputMethods)[number]

/** What a server is told where everything it has is listed: some list what needs an ability only to those that have it. */
export const EVERY_ABILITY: readonly InputMethod[] = [...mcpInputMethods, 'authorization']

/** `authorization` beside elicitation is elicitation by a URL: a page where a person signs in. */
export function abilitiesOf(accepts: readonly InputMethod[]): ClientCapabilities {
  const can = (method: InputMethod) => accepts.includes(method)
  const elicitation: ClientCapabilities['elicitation'] = can('authorization') ? { form: {}, url: {} } : { form: {} }
  return {
    ...(can('elicitation/create') ? { elicitation } : {}),
    ...(can('sampling/createMessage') ? { sampling: {} } : {}),
    ...(can('roots/list') ? { roots: {} } : {}),
  }
}

/** The same for callers that a server cannot tell apart. */
export function abilityKey(accepts: readonly InputMethod[]): string {
  return JSON.stringify(abilitiesOf(accepts))
}
