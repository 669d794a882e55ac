/** Mallory as an MCP client of a node: in the browser of somebody, with a token of her own, and between the lines of HTTP. */
import { InputRequired } from '@hansa/protocols'
import { describe, expect, it } from 'vitest'
import { type McpAgents, mcpAgents } from '../harness/mcp-agents.ts'
import { entriesOf } from '../harness/outcome.ts'
import { allow, type TwoOrgs, twoOrgs } from '../harness/two-orgs.ts'

const VERSION = '2026-07-28'
const elicitation = {
  method: 'elicitation/create' as const,
  params: { mode: 'form', message: 'Really?', requestedSchema: { type: 'object', properties: {} } },
}

type Told = {
  status: number
  headers: Headers
  body: { id?: unknown; result?: Record<string, unknown>; error?: { code: number; message: string } }
}

type Sending = { as?: string; headers?: Record<string, string>; body?: string; method?: string }

/** One request as bytes and headers, without a library that would set them right. */
async function send(
  agents: McpAgents,
  message: object | undefined,
  { as, headers = {}, body, method }: Sending = {},
): Promise<Told> {
  const authorization = as === undefined ? {} : { authorization: `Bearer ${await agents.credential(as)}` }
  const response = await fetch(agents.url, {
    method: method ?? 'POST',
    headers: {
      accept: 'application/json, text/event-stream',
      'content-type': 'application/json',
      ...authorization,
      ...headers,
    },
    ...(method === 'GET' ? {} : { body: body ?? JSON.stringify(message) }),
  })
  const text = await response.text()
  const json = text.startsWith('{') ? text : (/^data: (.*)$/m.exec(text)?.[1] ?? '{}')
  return { status: response.status, headers: response.headers, body: JSON.parse(json) }
}

const request = (method: string, params: Record<string, unknown> = {}) => ({
  jsonrpc: '2.0',
  id: 1,
  method,
  params: {
    ...params,
    _meta: {
      'io.modelcontextprotocol/protocolVersion': VERSION,
      'io.modelcontextprotocol/clientInfo': { name: 'mallory', version: '1' },
      'io.modelcontextprotocol/clientCapabilities': { elicitation: {} },
    },
  },
})

const headersOf = (method: string, name?: string) => ({
  'mcp-protocol-version': VERSION,
  'mcp-method': method,
  ...(name === undefined ? {} : { 'mcp-name': name }),
})

const callTool = (agents: McpAgents, as: string, name: string, params: Record<string, unknown> = {}) =>
  send(agents, request('tools/call', { name, ...params }), { as, headers: headersOf('tools/call', name) })

const toolNames = (tools: unknown) => (tools as { name: string }[]).map(({ name }) => name)

async function served(mesh: TwoOrgs, settings: Parameters<typeof mcpAgents>[2] = {}): Promise<McpAgents> {
  await mesh.kernel('alice').register({ id: 'clock', safety: 'READ' }, () => 'noon')
  return mcpAgents(mesh, 'alice', settings)
}

describe('mallory at the MCP endpoint', () => {
  it('gets nowhere without a credential, and is told only where such a thing is had', async () => {
    await using mesh = await twoOrgs()
    await using agents = await served(mesh)
    const metadata = `${agents.base}/.well-known/oauth-protected-resource/mcp`
    const nothing = await send(agents, request('tools/list'), { headers: headersOf('tools/list') })
    expect(nothing).toMatchObject({ status: 401 })
    expect(nothing.headers.get('www-authenticate')).toBe(`Bearer resource_metadata="${metadata}"`)
    const guessed = await send(agents, request('tools/list'), { headers: { authorization: 'Bearer eyJ.a.b' } })
    expect(guessed.headers.get('www-authenticate')).toBe(
      `Bearer error="invalid_token", resource_metadata="${metadata}"`,
    )
    const told = await fetch(metadata)
    expect(await told.json()).toEqual({
      resource: agents.url.href,
      resource_name: 'test',
      authorization_servers: [],
      bearer_methods_supported: ['header'],
    })
    expect(agents.seen).toEqual([])
  })

  it.each([
    ['a name that was rebound to this machine', { host: 'evil.example' }],
    ['a page of hers', { origin: 'https://evil.example' }],
    ['a page that hides where it is from', { origin: 'null' }],
  ])('does not reach it from %s, even with the credential of an agent', async (_from, headers) => {
    await using mesh = await twoOrgs()
    await using agents = await served(mesh)
    const { request: raw } = await import('node:http')
    const authorization = `Bearer ${await agents.credential('reporter')}`
    const status = await new Promise((resolve, reject) => {
      const all = { 'content-type': 'application/json', authorization, ...headersOf('tools/list'), ...headers }
      raw(agents.url, { method: 'POST', headers: all }, (response) => resolve(response.resume().statusCode))
        .on('error', reject)
        .end(JSON.stringify(request('tools/list')))
    })
    expect(status).toBe(403)
    expect(agents.seen).toEqual([])
  })

  it.each<[string, Record<string, string>]>([
    ['another method', { 'mcp-method': 'tools/list' }],
    ['another tool', { 'mcp-name': 'other' }],
    ['another revision', { 'mcp-protocol-version': '2025-11-25' }],
    ['no tool', { 'mcp-name': '' }],
  ])('does not get a call past whoever looks at headers that name %s', async (_what, headers) => {
    await using mesh = await twoOrgs()
    await using agents = await served(mesh)
    const all = { ...headersOf('tools/call', 'clock'), ...headers }
    const told = await send(agents, request('tools/call', { name: 'clock' }), { as: 'mallory', headers: all })
    expect(told.status).toBe(400)
    expect(told.body.error?.code).toBeDefined()
    expect(await entriesOf(mesh, 'alice', 'call.begun')).toEqual([])
  })

  it.each<[string, string, number]>([
    ['members that are there twice', '{"jsonrpc":"2.0","id":1,"method":"tools/list","method":"tools/call"}', 400],
    ['what is no JSON', '{"jsonrpc":', 400],
    ['nesting without an end', '['.repeat(100_000), 400],
    ['more than a body may hold', `"${'x'.repeat(2_300_000)}"`, 413],
  ])('is refused %s', async (_what, body, status) => {
    await using mesh = await twoOrgs()
    await using agents = await served(mesh)
    expect(await send(agents, undefined, { as: 'mallory', body })).toMatchObject({ status })
    expect(
      await send(agents, request('tools/list'), { as: 'mallory', headers: { 'content-type': 'text/plain' } }),
    ).toMatchObject({
      status: 415,
    })
  })

  it('cannot answer for somebody else, answer twice, alter what was called, or make up a state', async () => {
    await using mesh = await twoOrgs()
    let done = 0
    await using agents = await served(mesh)
    await mesh
      .kernel('alice')
      .register({ id: 'wipe', safety: 'DESTRUCTIVE', limits: { calls_per_minute: 100 } }, (_args, { continued }) => {
        if (continued === undefined) return new InputRequired({ sure: elicitation })
        done += 1
        return 'wiped'
      })
    const asked = await callTool(agents, 'reporter', 'wipe', { arguments: { disk: 1 } })
    expect(asked.body.result).toMatchObject({
      resultType: 'input_required',
      inputRequests: { sure: { method: 'elicitation/create' } },
    })
    const requestState = asked.body.result?.requestState as string
    const inputResponses = { sure: { action: 'accept', content: {} } }
    const answer = (as: string, over: Record<string, unknown> = {}, name = 'wipe') =>
      callTool(agents, as, name, { arguments: { disk: 1 }, inputResponses, requestState, ...over })
    for (const forged of [
      await answer('mallory'),
      await answer('reporter', { requestState: `${requestState.slice(1)}A` }),
      await answer('reporter', { requestState: 'A'.repeat(22) }),
    ])
      expect(forged.body.error).toMatchObject({ code: -32_602 })
    expect((await answer('reporter', { inputResponses: { other: inputResponses.sure } })).body.result).toMatchObject({
      resultType: 'input_required',
    })
    expect(done).toBe(0)
    expect((await answer('reporter')).body.result).toMatchObject({ content: [{ text: 'wiped' }] })
    expect((await answer('reporter')).body.error).toMatchObject({ code: -32_602 })
    expect(done).toBe(1)
    const again = (await callTool(agents, 'reporter', 'wipe', { arguments: { disk: 1 } })).body.result?.requestState
    const altered = await answer('reporter', { requestState: again, arguments: { disk: 2 } })
    expect(altered.body.error).toMatchObject({ code: -32_602, message: expect.stringContaining('other arguments') })
    const elsewhere = (await callTool(agents, 'reporter', 'wipe', { arguments: { disk: 1 } })).body.result?.requestState
    expect((await answer('reporter', { requestState: elsewhere }, 'clock')).body.error).toMatchObject({ code: -32_602 })
    expect(done).toBe(1)
  })

  it('waits for answers until a person has approved these, and takes no others with that approval', async () => {
    await using mesh = await twoOrgs({
      alice: { rules: [allow('asked', 'agent:*', '*', { obligations: ['human_approval'] })] },
    })
    await using agents = await served(mesh)
    await mesh
      .kernel('alice')
      .register({ id: 'wipe', safety: 'READ' }, (_args, { continued }) =>
        continued === undefined ? new InputRequired({ sure: elicitation }, {}) : JSON.stringify(continued.responses),
      )
    const wipe = async (params: Record<string, unknown> = {}) =>
      (await callTool(agents, 'reporter', 'wipe', { arguments: {}, ...params })).body.result ?? {}
    const approve = async (refused: Record<string, unknown>) => {
      const { approvalId } = (refused._meta as Record<string, { approvalId: string }>)['hansa/error'] ?? {
        approvalId: '',
      }
      await mesh.kernel('alice').approve(approvalId, 'person:carla')
    }
    await approve(await wipe())
    const { requestState } = await wipe()
    const answer = (name: string) =>
      wipe({ requestState, inputResponses: { sure: { action: 'accept', content: { name } } } })
    await approve(await answer('one'))
    expect(await answer('all')).toMatchObject({ isError: true })
    expect(JSON.stringify((await answer('one')).content)).toContain('one')
  })

  it('who answers before she is asked answers no more than is asked, and each call is one', async () => {
    await using mesh = await twoOrgs()
    await using agents = await served(mesh)
    const seen: unknown[] = []
    await mesh.kernel('alice').register({ id: 'ask', safety: 'READ' }, (_args, { continued }) => {
      if (continued === undefined) return new InputRequired({ sure: elicitation })
      seen.push(continued.responses)
      return 'done'
    })
    const accept = { action: 'accept', content: {} }
    const other = await callTool(agents, 'mallory', 'ask', { inputResponses: { other: accept } })
    expect(other.body.result).toMatchObject({ resultType: 'input_required' })
    const ahead = await callTool(agents, 'mallory', 'ask', { inputResponses: { sure: accept, other: accept } })
    expect(ahead.body.result).toMatchObject({ content: [{ text: 'done' }] })
    expect(seen).toEqual([{ sure: accept }])
    expect(await entriesOf(mesh, 'alice', 'call.begun')).toHaveLength(3)
  })

  it('does not get into a session of somebody else, nor end it', async () => {
    await using mesh = await twoOrgs()
    await using agents = await served(mesh)
    const hello = { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'r', version: '1' } }
    const begun = await send(agents, { jsonrpc: '2.0', id: 1, method: 'initialize', params: hello }, { as: 'reporter' })
    const session = begun.headers.get('mcp-session-id') ?? ''
    const list = { jsonrpc: '2.0', id: 2, method: 'tools/list' }
    const inIt = (as: string, method = 'POST') =>
      send(agents, list, { as, method, headers: { 'mcp-session-id': session } })
    for (const method of ['POST', 'DELETE', 'GET']) expect(await inIt('mallory', method)).toMatchObject({ status: 404 })
    expect(await inIt('reporter')).toMatchObject({ status: 200, body: { result: { tools: [{ name: 'clock' }] } } })
    expect(agents.sessions).toBe(1)
    await mesh.kernel('alice').removeAgent('reporter')
    await expect.poll(() => agents.sessions).toBe(0)
  })

  it('keeps no memory by sessions that she leaves: what nobody uses ends, and she has no more than her own', async () => {
    await using mesh = await twoOrgs()
    await using agents = await served(mesh)
    const hello = { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'm', version: '1' } }
    const begin = (as: string) => send(agents, { jsonrpc: '2.0', id: 1, method: 'initialize', params: hello }, { as })
    await begin('reporter')
    for (let at = 0; at < 70; at += 1) await begin('mallory')
    await expect.poll(() => agents.sessions).toBe(65)
    mesh.clock.advance(900_000)
    mesh.clock.advance(1_000_000)
    await expect.poll(() => agents.sessions).toBe(0)
  })

  it('cannot take the name of a tool of the server that the operator put first', async () => {
    await using mesh = await twoOrgs()
    await using agents = await served(mesh, { primary: 'files' })
    const alice = mesh.kernel('alice')
    await alice.register({ id: 'files.clock', safety: 'READ' }, () => 'of files')
    const { body } = await send(agents, request('tools/list'), { as: 'reporter', headers: headersOf('tools/list') })
    const names = toolNames(body.result?.tools)
    expect(names).toEqual(['clock', expect.stringMatching(/^clockZ[\w-]{22}$/)])
    expect((await callTool(agents, 'reporter', 'clock')).body.result).toMatchObject({ content: [{ text: 'of files' }] })
    expect((await callTool(agents, 'reporter', names[1] ?? '')).body.result).toMatchObject({
      content: [{ text: 'noon' }],
    })
  })

  it('calls nothing that is not served here, though the policy permits it', async () => {
    await using mesh = await twoOrgs({ alice: { rules: [allow('all', '*', '*')] } })
    await using agents = await served(mesh, { capabilities: ['files.*'] })
    expect((await callTool(agents, 'reporter', 'clock')).body.error).toMatchObject({ code: -32_602 })
    expect(await entriesOf(mesh, 'alice', 'call.begun')).toEqual([])
  })

  it('is answered where what is not in her list was permitted since, for it has been done', async () => {
    let from = 0
    const rules = () => [
      allow('clock', 'agent:*', 'clock'),
      allow('later', 'agent:*', 'wipe', { when: `now >= timestamp(${from})` }),
    ]
    await using mesh = await twoOrgs({ alice: { rules: [] } })
    mesh.clock.advance(1_600 - (mesh.clock.now() % 1_000))
    from = Math.floor(mesh.clock.now() / 1000) + 1
    await mesh.kernel('alice').loadPolicy([{ name: 'alice', rules: rules() }])
    await using agents = await served(mesh)
    let done = 0
    await mesh.kernel('alice').register({ id: 'wipe', safety: 'WRITE' }, () => `done ${++done}`)
    const list = () => send(agents, request('tools/list'), { as: 'mallory', headers: headersOf('tools/list') })
    expect(toolNames((await list()).body.result?.tools)).toEqual(['clock'])
    mesh.clock.advance(500)
    const answer = (await callTool(agents, 'mallory', 'wipe')).body
    expect([done, answer.result?.content]).toEqual([1, [{ type: 'text', text: 'done 1' }]])
  })

  it('does not call a prompt or the resources of a server as a tool', async () => {
    await using mesh = await twoOrgs()
    await using agents = await served(mesh)
    let called = 0
    const handler = () => {
      called += 1
      return ''
    }
    await mesh.kernel('alice').register({ id: 'a.prompts.b', kind: 'prompt', safety: 'READ' }, handler)
    await mesh.kernel('alice').register({ id: 'a.mcp.resources', kind: 'resource', safety: 'READ' }, handler)
    for (const name of ['a__prompts__b', 'a__mcp__resources'])
      expect((await callTool(agents, 'mallory', name)).body.error).toMatchObject({ code: -32_602 })
    expect(called).toBe(0)
  })
})

describe('a token of this kernel that covers one capability', () => {
  it('shows that one, and says which scope another one takes, to whom it may be shown', async () => {
    await using mesh = await twoOrgs()
    await using agents = await served(mesh)
    const alice = mesh.kernel('alice')
    await alice.register({ id: 'files.read', safety: 'READ' }, () => 'text')
    const { token } = await alice.grant({ principal: 'agent:reporter', capability: 'clock', uses: 5 })
    const authorization = `Bearer ${token}`
    const call = (name: string) =>
      send(agents, request('tools/call', { name }), { headers: { ...headersOf('tools/call', name), authorization } })
    const listed = await send(agents, request('tools/list'), { headers: { ...headersOf('tools/list'), authorization } })
    expect(listed.body.result?.tools).toMatchObject([{ name: 'clock' }])
    expect((await call('clock')).body.result).toMatchObject({ content: [{ text: 'noon' }] })
    const wider = await call('files__read')
    expect(wider.status).toBe(403)
    expect(wider.headers.get('www-authenticate')).toContain('error="insufficient_scope", scope="invoke:files.read"')
    expect(await call('no__such')).toMatchObject({ body: { error: { code: -32_602 } } })
  })
})
