/** tools/list and tools/call. */

import { CallError } from '@hansa/protocols'
import {
  type CallToolResult,
  type InputRequiredResult,
  ProtocolError,
  ProtocolErrorCode,
  type ServerContext,
} from '@modelcontextprotocol/server'
import type { Asked, Outcome } from './governed-calls.ts'
import type { Serving } from './kernel-server.ts'
import { argumentsFor, listedTool, outputSchemaOf } from './listed-tool.ts'
import { type Listed, unlistedTool } from './listing.ts'
import { pageOf } from './page.ts'
import { failedTool, inputRequiredResult, toolResult } from './results.ts'

export function serveTools(serving: Serving): void {
  const { server, calling, listings, pageSize } = serving
  server.setRequestHandler('tools/list', async ({ params }) => {
    const { tools } = await listings.of(calling)
    const page = pageOf(tools, params?.cursor, pageSize) ?? unknownCursor()
    const { items, ...more } = page
    return { tools: items.map(listedTool), ...more }
  })
  server.setRequestHandler('tools/call', async ({ params }, context) => {
    const listing = await listings.of(calling)
    const listed = listing.tools.get(params.name)
    if (listed !== undefined) return callTool(serving, listed, params.arguments, context)
    const ref = unlistedTool(params.name, listing, listings.settings)
    const outcome = ref === undefined ? undefined : await attempt(serving, ref, params.arguments ?? {}, context)
    if (outcome === undefined) throw unknownTool()
    if ('state' in outcome) return inputRequiredResult(outcome)
    return server.projectCallToolResult(toolResult(outcome.frame), undefined)
  })
}

/**
 * The kernel refuses it, and its log says who tried. Whoever tried is not told that there is such a thing; where it was
 * permitted since the list was made, it has been done, and there is an answer.
 */
async function attempt(
  { calls, calling, client }: Serving,
  ref: string,
  args: unknown,
  context: ServerContext,
): Promise<Outcome | undefined> {
  try {
    return await calls.call(calling, { ref, args, context, client: client() })
  } catch (error) {
    if (!(error instanceof CallError)) throw error
    return undefined
  }
}

async function callTool(
  { calls, calling, client, server }: Serving,
  { info: { ref }, descriptor }: Listed,
  given: Record<string, unknown> | undefined,
  context: ServerContext,
): Promise<CallToolResult | InputRequiredResult> {
  const asked: Asked = { ref, args: argumentsFor(descriptor, given), context, client: client() }
  try {
    const outcome = await calls.call(calling, asked)
    if ('state' in outcome) return inputRequiredResult(outcome)
    return server.projectCallToolResult(toolResult(outcome.frame), outputSchemaOf(descriptor))
  } catch (error) {
    if (error instanceof CallError && error.detail.code === 'not_found') throw unknownTool()
    return failedTool(error)
  }
}

/** The same for what does not exist and for what is not to be seen. */
function unknownTool(): ProtocolError {
  return new ProtocolError(ProtocolErrorCode.InvalidParams, 'Unknown tool: list what there is with tools/list')
}

export function unknownCursor(): never {
  throw new ProtocolError(ProtocolErrorCode.InvalidParams, 'cursor: not one that this list gave')
}
