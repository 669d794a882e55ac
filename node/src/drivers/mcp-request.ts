/** What is asked of an MCP server on behalf of one call, and what comes of it. */
import type { CallNote, InputMethod, InputRequests, InputResponses } from '@hansa/protocols'
import type { Tool } from '@modelcontextprotocol/client'
import type { McpOffered } from './mcp-offered.ts'

export type McpRequest =
  | { method: 'tools/call'; tool: Tool; params: { name: string; arguments: Record<string, unknown> } }
  | { method: 'prompts/get'; params: { name: string; arguments?: Record<string, string> } }
  | { method: 'resources/read'; params: { uri: string } }
  | { method: 'resources/list' | 'resources/templates/list'; params: { cursor?: string } }
  | { method: 'completion/complete'; params: Record<string, unknown> }

/** The call for which it is asked. */
export type McpLeg = {
  principal: string
  signal: AbortSignal
  /** What the caller can answer: exactly this is declared to the server. */
  accepts: readonly InputMethod[]
  note(note: CallNote): void
  /** Called once the connection stands and just before the request leaves. */
  began(): void
  /** Asked before anything leaves, on the very connection that the call would use; what it throws ends the call. */
  confirm?(server: McpServerView): Promise<void>
}

/** The connection that a call is about to use. */
export interface McpServerView {
  readonly revision: number
  /** Whether it is the one that is asked what there is: then what it lists is what the server offers. */
  readonly lists: boolean
  /** @throws DriverError */
  look(): Promise<McpLook>
}

/** What a server offers, and when: another revision may offer something else. */
export type McpLook = McpOffered & { revision: number }

export type McpReply =
  | { kind: 'result'; result: unknown }
  /** The server waits for its caller. */
  | { kind: 'asked'; requests: InputRequests; state: McpAsked }

/** A request that waits for answers, between two calls. */
export interface McpAsked {
  /**
   * Brings the answers and waits on.
   * @throws DriverError
   */
  answer(responses: InputResponses, leg: McpLeg): Promise<McpReply>
  /** Nobody will answer. */
  abandon(): void
}
