/** The tools that an MCP host sees, asked for as a host does. */
import { MCP_CAPABILITY_META } from '@hansa/protocols'
import { Client, SdkHttpError, StreamableHTTPClientTransport, type Tool } from '@modelcontextprotocol/client'
import { VERSION } from '../version.ts'
import { failed } from './errors.ts'
import type { McpPlace } from './mcp-place.ts'

export type ListedTool = { name: string; capability: string; title: string; description: string; hints: string }

/** @throws CliError `failed`, ControlClientError */
export async function mcpTools(place: McpPlace): Promise<ListedTool[]> {
  await place.check()
  const client = new Client({ name: 'hansa mcp tools', version: VERSION }, { versionNegotiation: { mode: 'auto' } })
  try {
    await client.connect(new StreamableHTTPClientTransport(place.url, { fetch: place.fetch }))
    return (await client.listTools()).tools.map(listed)
  } catch (error) {
    throw reasonOf(error, place)
  } finally {
    await client.close()
  }
}

function listed({ name, title, description, annotations, _meta }: Tool): ListedTool {
  const hints = [
    annotations?.readOnlyHint === true ? 'read' : 'write',
    ...(annotations?.destructiveHint === true ? ['destructive'] : []),
    ...(annotations?.idempotentHint === true ? ['idempotent'] : []),
  ]
  const capability = String(_meta?.[MCP_CAPABILITY_META] ?? '')
  return { name, capability, title: title ?? name, description: description ?? '', hints: hints.join(', ') }
}

function reasonOf(error: unknown, { name }: McpPlace): unknown {
  if (error instanceof SdkHttpError && error.status === 404)
    return failed(`${name} serves no MCP there. See mcp.serve in its configuration.`)
  if (error instanceof Error && /401|Unauthorized/.test(error.message))
    return failed(`${name} does not take what was shown. Make a credential with: hansa agent add NAME`)
  return isUnreached(error) ? failed(`${name} cannot be reached. See whether it runs: hansa status`) : error
}

function isUnreached(error: unknown): boolean {
  if (!(error instanceof Error)) return false
  return (error instanceof TypeError && error.message === 'fetch failed') || isUnreached(error.cause ?? dataOf(error))
}

/** Where the library keeps what a probe failed with. */
function dataOf(error: Error): unknown {
  return 'data' in error && typeof error.data === 'object' && error.data !== null && 'cause' in error.data
    ? error.data.cause
    : undefined
}
