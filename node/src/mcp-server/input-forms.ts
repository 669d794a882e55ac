/**
 * What a call may ask of an MCP client, as MCP asks it. Elicitation, sampling and roots are asked as they are; what an
 * agent asks in words (an A2A task that waits for a message, or for an authorization) becomes a form with one field.
 */
import {
  type ContentPart,
  contentSchema,
  type InputMethod,
  type InputRequest,
  type InputResponses,
} from '@hansa/protocols'
import { isObject } from '@hansa/trust'
import { type ClientCapabilities, isSpecType } from '@modelcontextprotocol/server'

export type McpInputRequest = { method: string; params: Record<string, unknown> }

const REPLY = 'reply'

/** @param client as it declared itself, for this request or when its session began */
export function acceptedBy(client: ClientCapabilities | undefined): InputMethod[] {
  return [
    ...(client?.elicitation === undefined ? [] : (['elicitation/create', 'message'] as const)),
    // A server behind this node may send such a client to a page (elicitation by URL).
    ...(client?.elicitation?.url === undefined ? [] : (['authorization'] as const)),
    ...(client?.sampling === undefined ? [] : (['sampling/createMessage'] as const)),
    ...(client?.roots === undefined ? [] : (['roots/list'] as const)),
  ]
}

export function mcpRequestOf({ method, params }: InputRequest): McpInputRequest {
  if (!isInWords(method)) return { method, params }
  const property = { type: 'string', title: 'Reply' }
  const requestedSchema = { type: 'object', properties: { [REPLY]: property }, required: [REPLY] }
  return { method: 'elicitation/create', params: { mode: 'form', message: textOf(params.content), requestedSchema } }
}

/** @returns the answer in the form of the request's own method; undefined for one that is none. */
export function responseTo({ method }: InputRequest, given: unknown): InputResponses[string] | undefined {
  switch (method) {
    case 'elicitation/create':
      return isSpecType.ElicitResult(given) ? membersOf(given) : undefined
    case 'sampling/createMessage':
      return isSpecType.CreateMessageResult(given) || isSpecType.CreateMessageResultWithTools(given)
        ? membersOf(given)
        : undefined
    case 'roots/list':
      return isSpecType.ListRootsResult(given) ? membersOf(given) : undefined
    case 'message':
    case 'authorization':
      return isSpecType.ElicitResult(given) ? replyOf(membersOf(given)) : undefined
  }
}

/** Asked by agents, not by MCP. */
function isInWords(method: InputMethod): boolean {
  return method === 'message' || method === 'authorization'
}

function replyOf({ action, content }: Record<string, unknown>) {
  const reply = action === 'accept' && isObject(content) ? content[REPLY] : undefined
  const without = action === 'accept' ? 'say nothing' : String(action)
  return { content: [{ type: 'text', text: typeof reply === 'string' ? reply : `The person chose to ${without}.` }] }
}

function membersOf(value: object): Record<string, unknown> {
  return { ...value }
}

function textOf(content: unknown): string {
  const read = contentSchema.safeParse(content)
  const parts: readonly ContentPart[] = read.success ? read.data : []
  const said = parts.map((part) =>
    part.type === 'text' ? part.text : part.type === 'data' ? JSON.stringify(part.data) : (part.uri ?? part.name ?? ''),
  )
  return said.filter((text) => text !== '').join('\n') || 'The agent asks for a reply.'
}
