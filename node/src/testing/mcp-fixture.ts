/** An MCP server for tests, on the library's low level, so that it can also answer what a good server never would. */
import { type CallToolResult, ProtocolError, ProtocolErrorCode, Server, type Tool } from '@modelcontextprotocol/server'
import { BACKEND_SECRET } from './describe-driver.ts'

export interface McpFixture {
  /** A server over the state of this fixture; HTTP makes one per request. */
  server(): Server
}

const text: Tool['inputSchema'] = { type: 'object', properties: { text: { type: 'string' } }, required: ['text'] }
const nothing: Tool['inputSchema'] = { type: 'object' }

const tools: Tool[] = [
  { name: 'echoData', title: 'Echo', description: 'Says it again.', inputSchema: text, outputSchema: text },
  { name: 'echo_text', inputSchema: text, annotations: { readOnlyHint: true, destructiveHint: false } },
  { name: 'fail', inputSchema: text },
  { name: 'refuse', inputSchema: text },
  { name: 'broken', inputSchema: text },
  { name: 'undeclared', inputSchema: text, outputSchema: text },
  { name: 'slow', inputSchema: text },
  { name: 'crash', inputSchema: nothing },
  { name: 'ask', inputSchema: nothing },
  { name: 'await_slow', inputSchema: nothing },
  { name: 'await_cancel', inputSchema: nothing },
  { name: 'asked', inputSchema: nothing, outputSchema: { type: 'object', properties: { count: { type: 'integer' } } } },
]

/** Lists are cut into pages of this many. */
const PAGE = 4

/** @param crash what `crash` does besides never answering */
export function mcpFixture(crash: () => void): McpFixture {
  const reached = Promise.withResolvers<void>()
  const cancelled = Promise.withResolvers<void>()
  let asked = 0

  const run = async (name: string, args: Record<string, unknown>, signal: AbortSignal): Promise<CallToolResult> => {
    if (name === 'asked') return { content: [], structuredContent: { count: asked } }
    if (name === 'await_slow') return said(reached.promise)
    if (name === 'await_cancel') return said(cancelled.promise)
    asked += 1
    switch (name) {
      case 'echoData':
        return { content: [{ type: 'text', text: 'see the data' }], structuredContent: { text: args.text } }
      case 'echo_text':
        return { content: [{ type: 'text', text: String(args.text) }] }
      case 'fail':
        return { isError: true, content: [{ type: 'text', text: BACKEND_SECRET }] }
      case 'refuse':
        throw new ProtocolError(ProtocolErrorCode.InternalError, BACKEND_SECRET)
      case 'broken':
        return { content: [{ type: 'resource_link', uri: `test://${'x'.repeat(9_000)}`, name: 'too long' }] }
      case 'crash':
        crash()
        return new Promise<never>(() => {})
      case 'slow':
        reached.resolve()
        await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }))
        cancelled.resolve()
        return { content: [] }
      default:
        return { content: [] }
    }
  }

  return {
    server() {
      const server = new Server({ name: 'fixture', version: '1.0.0' }, { capabilities: { tools: {} } })
      server.setRequestHandler('tools/list', ({ params }) => {
        const from = Number(params?.cursor ?? 0)
        const next = from + PAGE
        return { tools: tools.slice(from, next), ...(next < tools.length && { nextCursor: String(next) }) }
      })
      server.setRequestHandler('tools/call', ({ params }, context) =>
        run(params.name, params.arguments ?? {}, context.mcpReq.signal),
      )
      return server
    },
  }
}

async function said(when: Promise<void>): Promise<CallToolResult> {
  await when
  return { content: [{ type: 'text', text: 'now' }] }
}
