/** server-everything of npm behind orgb: an agent of orga uses all of it over two kernels, and is asked by it. */
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import type { CallNote, InputMethod, InvokeOptions } from '@hansa/protocols'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { NodeProcess } from '../harness/node-process.ts'
import { ProcessMesh } from '../harness/process-mesh.ts'
import { allow } from '../harness/two-orgs.ts'

const require = createRequire(import.meta.url)
const manifest = require.resolve('@modelcontextprotocol/server-everything/package.json')
const program = join(dirname(manifest), 'dist/index.js')

const read = { safety: 'READ' as const }
const tools = ['get-tiny-image', 'get-sum', 'trigger-elicitation-request', 'trigger-long-running-operation']
const mcp = {
  id: 'all',
  command: process.execPath,
  args: [program, 'stdio'],
  capabilities: Object.fromEntries(tools.map((name) => [name, read])),
  prompts: { 'args-prompt': read },
  resources: read,
}

let mesh: ProcessMesh
let orga: NodeProcess
let orgb: NodeProcess
beforeAll(async () => {
  mesh = await ProcessMesh.create()
  ;[orga, orgb] = [await mesh.prepare('orga'), await mesh.prepare('orgb')]
  await orga.configure({ policy: [allow('all', 'agent:*', '*'), allow('imports', '*', '*', { action: 'import' })] })
  await orgb.configure({
    config: { capabilities: [{ mcp }], peers: [{ did: orga.did }] },
    policy: [allow('all', '*', '*')],
  })
  await Promise.all([orga.start(), orgb.start()])
  const { peers } = await orga.client.discoverPeers({ peerUrls: [orgb.endpoint] })
  if (peers[0] === undefined) throw new Error('orgb was not found')
  await orga.client.importRemote({ manifest: peers[0].signed, as: 'orgb' })
}, 60_000)
afterAll(async () => {
  // A node that is killed cannot end this server, which goes on without standard input.
  await orgb.stop()
  await mesh[Symbol.asyncDispose]()
})

const invoke = (ref: string, args: unknown, options: InvokeOptions = {}) =>
  orga.client.invoke(`orgb/all.${ref}`, args, options)

describe('an MCP server behind another kernel', () => {
  it('shows pictures, fills in prompts, and lists and reads resources', async () => {
    expect(await invoke('get-tiny-image', {})).toMatchObject({
      kind: 'content',
      untrusted: true,
      value: { content: [{ type: 'text' }, { type: 'file', mediaType: 'image/png' }, { type: 'text' }] },
    })
    expect(await invoke('prompts.args-prompt', { city: 'Lübeck' })).toMatchObject({
      kind: 'data',
      value: { messages: [{ role: 'user', content: { text: expect.stringContaining('Lübeck') } }] },
    })
    const uri = 'demo://resource/dynamic/text/1'
    expect(await invoke('mcp.resources', { method: 'resources/templates/list' })).toMatchObject({
      value: { content: [{ type: 'data', data: { resourceTemplates: expect.any(Array) } }] },
    })
    expect(await invoke('mcp.resources', { method: 'resources/read', uri })).toMatchObject({
      value: { content: [{ type: 'file', uri, text: expect.stringContaining('Resource 1') }] },
    })
  })

  it('says in its own words that it failed, and what was wrong with a request', async () => {
    const failed = await invoke('mcp.resources', { method: 'resources/read', uri: 'demo://nowhere' }).catch((e) => e)
    expect(failed).toMatchObject({
      detail: { code: 'internal', frame: { value: { isError: true, content: [{ data: { code: -32602 } }] } } },
    })
  })

  it('asks the agent of the other kernel, and goes on with its answer', async () => {
    const accepts: InputMethod[] = ['elicitation/create']
    const first = await invoke('trigger-elicitation-request', {}, { accepts })
    expect(first).toMatchObject({ kind: 'input_required' })
    const [name = ''] = Object.keys(first.value as object)
    const responses = { [name]: { action: 'accept', content: { name: 'Ada', check: true, integer: 1 } } }
    const options = { accepts, continues: { callId: first.callId, responses } }
    const answer = await invoke('trigger-elicitation-request', {}, options)
    expect(JSON.stringify(answer.value)).toContain('Ada')
    // Once: whoever answers again finds nothing that waits.
    await expect(invoke('trigger-elicitation-request', {}, options)).rejects.toMatchObject({
      detail: { code: 'not_found' },
    })
  })

  it('says how far it is to the agent of the other kernel', async () => {
    const notes: CallNote[] = []
    const onNote = (note: CallNote) => void notes.push(note)
    await invoke('trigger-long-running-operation', { duration: 0.4, steps: 4 }, { onNote })
    expect(notes).toContainEqual({ type: 'progress', progress: 1, total: 4 })
  })

  it('does nothing for mallory, who answers a call that is not hers', async () => {
    const accepts: InputMethod[] = ['elicitation/create']
    const first = await invoke('trigger-elicitation-request', {}, { accepts, principal: 'agent:ada' })
    const [name = ''] = Object.keys(first.value as object)
    const responses = { [name]: { action: 'accept', content: { name: 'Mallory' } } }
    const options = { accepts, principal: 'agent:mallory', continues: { callId: first.callId, responses } }
    await expect(invoke('trigger-elicitation-request', {}, options)).rejects.toMatchObject({
      detail: { code: 'not_found' },
    })
  })
})
