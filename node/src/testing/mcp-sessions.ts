/** Streamable HTTP with sessions, as in the 2025 revisions: each client that introduces itself gets a server of its own. */
import { randomUUID } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { NodeStreamableHTTPServerTransport } from '@modelcontextprotocol/node'
import type { Server } from '@modelcontextprotocol/server'

export function sessionsOf(makeServer: () => Server): (request: IncomingMessage, response: ServerResponse) => void {
  const sessions = new Map<string, NodeStreamableHTTPServerTransport>()
  const fresh = async () => {
    const transport = new NodeStreamableHTTPServerTransport({
      sessionIdGenerator: randomUUID,
      onsessioninitialized: (id) => void sessions.set(id, transport),
    })
    await makeServer().connect(transport)
    return transport
  }
  return (request, response) => {
    const known = sessions.get(String(request.headers['mcp-session-id']))
    void (known === undefined ? fresh() : Promise.resolve(known)).then((transport) =>
      transport.handleRequest(request, response),
    )
  }
}
