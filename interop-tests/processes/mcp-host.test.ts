/** `hansa mcp --stdio`, started as an MCP host starts it, by the clients of both lines of the official library. */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import process from 'node:process'
import { Client } from '@modelcontextprotocol/client'
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio'
import { Client as OldClient } from '@modelcontextprotocol/sdk/client/index.js'
import { StdioClientTransport as OldStdio } from '@modelcontextprotocol/sdk/client/stdio.js'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { HANSA_BIN } from '../harness/hansa-command.ts'
import { showLogs } from '../harness/mesh-of-test.ts'
import { hansa } from '../harness/node-process.ts'
import { ProcessMesh } from '../harness/process-mesh.ts'
import { childEnvironment } from '../harness/spawned-process.ts'
import { type TwoNodes, twoNodes } from './two-nodes.ts'

let mesh: ProcessMesh
let nodes: TwoNodes
beforeAll(async () => {
  mesh = await ProcessMesh.create()
  nodes = await twoNodes(mesh)
})
afterAll(() => mesh[Symbol.asyncDispose]())
afterEach(({ task }) => {
  if (task.result?.state === 'fail') showLogs(mesh)
})

const started = (...args: string[]) => ({
  command: process.execPath,
  args: [HANSA_BIN, 'mcp', '--stdio', '--home', nodes.orga.home, ...args],
  env: childEnvironment as Record<string, string>,
})

/** Of each line, what a host does with it. */
const clients = {
  'the client of 2026-07-28': async () => {
    const client = new Client({ name: 'host', version: '1' }, { versionNegotiation: { mode: { pin: '2026-07-28' } } })
    await client.connect(new StdioClientTransport(started()))
    return client
  },
  'the client that finds out what the server speaks': async () => {
    const client = new Client({ name: 'host', version: '1' }, { versionNegotiation: { mode: 'auto' } })
    await client.connect(new StdioClientTransport(started()))
    return client
  },
  'the client of the line before (sdk 1.x)': async () => {
    const client = new OldClient({ name: 'host', version: '1' })
    await client.connect(new OldStdio(started()))
    return client
  },
}

describe.each(Object.entries(clients))('%s', (_name, connect) => {
  it('lists and calls what the node may call at another organisation, also after the node has started again', async () => {
    const client = await connect()
    try {
      const { tools } = await client.listTools()
      expect(tools.map(({ name }) => name)).toContain('orgb___note')
      const call = async () => client.callTool({ name: 'orgb___note', arguments: { text: 'hello' } })
      expect(await call()).toMatchObject({
        content: [{ type: 'text' }],
        _meta: { 'hansa/call': { capability: 'orgb/note' } },
      })
      await nodes.orga.stop()
      const [again] = await Promise.all([call(), nodes.orga.start()])
      expect(again).toMatchObject({ _meta: { 'hansa/call': { capability: 'orgb/note' } } })
    } finally {
      await client.close()
    }
  })
})

it('acts as the agent of a credential, and ends with the host, or with a sentence where it cannot begin', async () => {
  const { orga } = nodes
  const credential = join(orga.home, 'host.credential')
  await writeFile(credential, await hansa('agent', 'add', 'host', '--home', orga.home), { mode: 0o600 })
  const transport = new StdioClientTransport(started('--credential-file', credential))
  const client = new Client({ name: 'host', version: '1' })
  await client.connect(transport)
  const { pid } = transport
  await client.callTool({ name: 'orgb___note', arguments: { text: 'as host' } })
  expect(await nodes.notes()).toContain('as host')
  expect(await hansa('audit', 'show', '--home', orga.home)).toMatch(/intent\.sent.*agent:host/)
  await client.close()
  expect(() => process.kill(pid ?? 0, 0)).toThrow()
  await expect(hansa('mcp', '--home', orga.home)).rejects.toThrow(/takes --stdio/)
  await expect(hansa('mcp', 'tools', '--home', join(mesh.directory, 'nowhere'))).rejects.toThrow(/There is no node/)
  const nobody = 'http://127.0.0.1:9/mcp'
  await expect(hansa('mcp', 'tools', '--url', nobody)).rejects.toThrow(/127.0.0.1:9\/mcp cannot be reached/)
})

it('shows what a host sees, and what a host has to be told', async () => {
  const { orga } = nodes
  expect(await hansa('mcp', 'tools', '--home', orga.home)).toMatch(/orgb___note +orgb\/note +write/)
  expect(JSON.parse(await hansa('mcp', 'config', 'claude', '--home', orga.home))).toEqual({
    mcpServers: { hansa: { command: 'hansa', args: ['mcp', '--stdio', '--home', orga.home] } },
  })
})
