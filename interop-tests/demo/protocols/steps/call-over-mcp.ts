import { join } from 'node:path'
import { MCP_CALL_META } from '@hansa/protocols'
import { Client } from '@modelcontextprotocol/sdk/client/index.js'
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js'
import type { SceneStep } from '../../play-scene.ts'
import { check } from '../../report.ts'
import { hopsOf, type ProtocolsWorld } from '../protocols-world.ts'

export const callOverMcp: SceneStep<ProtocolsWorld> = {
  title: 'A client of MCP calls a tool that lives two kernels away',
  why: 'The client is the widespread 1.x library. To it orga is one MCP server, with the tools that it may use: those of orgb among them, which in truth belong to an MCP server behind orgb.',
  async run(world) {
    const { story, report, orgb } = world
    await using mcp = await mcpClient(world)
    const { tools } = await mcp.client.listTools()
    const tool = tools.find(({ name }) => name.includes('read_text_file'))
    check('it is listed', tool !== undefined, true)
    check(
      'what it may not do is not',
      tools.some(({ name }) => name.includes('write_file')),
      false,
    )
    story.note(`Tools that it sees: ${tools.map(({ name }) => name).join(', ')}`)
    story.command(`client.callTool("${tool?.name}", { path: "tides.txt" })`)
    const path = join(orgb.home, 'files/tides.txt')
    const result = await mcp.client.callTool({ name: tool?.name ?? '', arguments: { path } })
    check('the tool answers', result.isError ?? false, false)
    const text = (result.structuredContent as { content?: string } | undefined)?.content ?? ''
    report.mcp.result = text.split('\n')[0] ?? ''
    check('what it read', report.mcp.result, 'High water at Bergen')
    story.done(text.trim().replaceAll('\n', ' | '))
    const { id, remote } = callOf(result._meta)
    report.mcp.hops = await hopsOf(world, id)
    check('kernels that have it in their logs', report.mcp.hops, 2)
    if (remote !== undefined) report.mcp.receipts.push(remote.receipt)
    check('receipts', report.mcp.receipts.length, 1)
    story.note(`The result names the signed receipt of orgb: ${remote?.receipt}`)
  },
}

type CallMeta = { id: string; remote?: { receipt: string } }

/** What a node says of the call beside its result. */
function callOf(meta: Record<string, unknown> = {}): CallMeta {
  return (meta[MCP_CALL_META] ?? { id: '' }) as CallMeta
}

export type McpVisitor = AsyncDisposable & { client: Client }

export async function mcpClient({ agentsUrl, credential }: ProtocolsWorld): Promise<McpVisitor> {
  const client = new Client({ name: 'visitor', version: '1' })
  const headers = { authorization: `Bearer ${credential}` }
  await client.connect(new StreamableHTTPClientTransport(new URL('/mcp', agentsUrl), { requestInit: { headers } }))
  return { client, [Symbol.asyncDispose]: () => client.close() }
}
