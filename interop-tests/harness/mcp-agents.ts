/** MCP clients of both lines as agents of a kernel: the current library with either era, and the one before it. */

import type { AssembledKernel } from '@hansa/node'
import { type ServedMcp, servedMcp } from '@hansa/node/testing'
import { Client, type ClientCapabilities, StreamableHTTPClientTransport } from '@modelcontextprotocol/client'
import type { TestMesh } from './test-mesh.ts'

export type McpEra = '2026-07-28' | '2025-11-25'
export const mcpEras: readonly McpEra[] = ['2026-07-28', '2025-11-25']

type ServeInit = Omit<Parameters<typeof servedMcp>[1], 'clock'>

export type McpAgents = ServedMcp & {
  /** The credential of an agent, made when it is first asked for. */
  credential(name: string): Promise<string>
  /** A client that shows it. It is closed with this. */
  client(name: string, era: McpEra, init?: McpClientInit): Promise<Client>
}

export type McpClientInit = {
  capabilities?: ClientCapabilities
  /** Before it connects. */
  prepare?(client: Client): void
}

/** Serves MCP for one kernel of a mesh. */
export async function mcpAgents<Name extends string>(
  mesh: TestMesh<Name>,
  name: Name,
  settings: ServeInit = {},
): Promise<McpAgents> {
  const kernel: AssembledKernel = mesh.kernel(name)
  const served = await servedMcp(kernel, { clock: mesh.clock, ...settings })
  const credentials = new Map<string, Promise<string>>()
  const clients: Client[] = []
  const credential = (agent: string) => {
    const made = credentials.get(agent) ?? kernel.addAgent({ name: agent }).then((added) => added.credential)
    credentials.set(agent, made)
    return made
  }
  const dispose = served[Symbol.asyncDispose].bind(served)
  return Object.assign(served, {
    credential,
    async client(agent: string, era: McpEra, { capabilities, prepare }: McpClientInit = {}) {
      const client = new Client(
        { name: agent, version: '1' },
        {
          ...(capabilities === undefined ? {} : { capabilities }),
          versionNegotiation: era === '2026-07-28' ? { mode: { pin: era } } : { mode: 'legacy' },
        },
      )
      prepare?.(client)
      const headers = { authorization: `Bearer ${await credential(agent)}` }
      await client.connect(new StreamableHTTPClientTransport(served.url, { requestInit: { headers } }))
      clients.push(client)
      return client
    },
    async [Symbol.asyncDispose]() {
      await Promise.allSettled(clients.map((client) => client.close()))
      await dispose()
    },
  })
}
