/** Serves a capability with one fixed name of an MCP server. */
import type { Tool } from '@modelcontextprotocol/client'
import { type Driver, driver } from './driver.ts'
import { DriverError } from './errors.ts'
import type { McpBackend, McpServerView } from './mcp-backend.ts'
import { answerOfMcpResult } from './mcp-result.ts'

export type McpDriverInit = {
  /** Stays open when the driver is disposed of: other drivers share it. */
  backend: McpBackend
  /** As the backend listed it when the capability was registered. */
  tool: Tool
  /** Asked before each call; what it throws ends the call. @default nothing is asked */
  confirm?(tool: Tool, server: McpServerView): Promise<void>
}

/** With an output schema the answer is the structured content; else the text parts, joined by line feeds. */
export function mcpDriver({ backend, tool, confirm }: McpDriverInit): Driver {
  const structured = tool.outputSchema !== undefined
  return driver(async ({ args, signal }, began) => {
    const members = membersOf(args)
    const asked = confirm === undefined ? {} : { confirm: (server: McpServerView) => confirm(tool, server) }
    const init = { signal, began, ...asked }
    return answerOfMcpResult(await backend.call(tool, members, init), structured)
  })
}

function membersOf(args: unknown): Record<string, unknown> {
  if (args === undefined) return {}
  if (typeof args !== 'object' || args === null || Array.isArray(args)) {
    throw new DriverError({ code: 'arguments_unusable', began: false, reason: 'the arguments are not an object' })
  }
  return { ...args }
}
