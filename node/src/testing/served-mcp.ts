/** The MCP endpoint of a kernel, on a listener for agents on loopback. */
import { type Clock, type EventLogger, silentLogger } from '@hansa/protocols'
import { type ControlledKernel, type ControlServer, controlServer } from '../control/index.ts'
import { defaultMcpSettings, MCP_PATH, McpMount, type McpSeen, type McpSettings } from '../mcp-server/index.ts'
import { McpEndpoint } from '../mcp-server/mcp-endpoint.ts'
import { fakeOperations } from './fake-node.ts'

export interface ServedMcp extends AsyncDisposable {
  /** Of the endpoint. */
  readonly url: URL
  /** Of the listener. */
  readonly base: string
  /** Every request that was answered. */
  readonly seen: readonly McpSeen[]
  /** Sessions of older revisions that are open. */
  readonly sessions: number
}

export async function servedMcp(
  kernel: ControlledKernel,
  { clock, logger = silentLogger, ...settings }: Partial<McpSettings> & { clock: Clock; logger?: EventLogger },
): Promise<ServedMcp> {
  const seen: McpSeen[] = []
  let sessions = 0
  const observer = {
    request: (one: McpSeen) => void seen.push(one),
    sessions(open: number) {
      sessions = open
    },
  }
  const all = { ...defaultMcpSettings, ...settings }
  const components = { kernel, clock, logger, name: 'test', settings: all, observer }
  const mount = new McpMount({ settings: all, open: async () => new McpEndpoint(components) })
  const server: ControlServer = await controlServer({
    ...{ kernel, clock, logger, node: fakeOperations, principal: 'agent:local', mounts: [mount] },
    listen: { kind: 'agents_loopback', port: 0 },
  })
  return {
    url: new URL(MCP_PATH, server.url),
    base: server.url,
    seen,
    get sessions() {
      return sessions
    },
    async [Symbol.asyncDispose]() {
      await mount[Symbol.asyncDispose]()
      await server[Symbol.asyncDispose]()
    },
  }
}
