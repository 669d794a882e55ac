/** MCP clients at a node: what they see and call, through policies, firewalls and log, here and two kernels away. */
import {
  type CallNote,
  ContentAnswer,
  InputRequired,
  promptResultSchema,
  type ResourceArguments,
} from '@hansa/protocols'
import type { Client } from '@modelcontextprotocol/client'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { type McpEra, mcpAgents, mcpEras } from '../harness/mcp-agents.ts'
import { entriesOf } from '../harness/outcome.ts'
import { allow, twoOrgs } from '../harness/two-orgs.ts'

const form = {
  method: 'elicitation/create' as const,
  params: {
    mode: 'form',
    message: 'Which city?',
    requestedSchema: { type: 'object', properties: { city: { type: 'string' } } },
  },
}

describe.each(mcpEras)('an MCP client of %s', (era) => {
  it('lists what is open to it, own and imported, with its schemas and what operators say of it', async () => {
    await using mesh = await twoOrgs()
    await mesh.join('alice', 'bob')
    await mesh.kernel('alice').register({ id: 'clock', safety: 'READ', title: 'Clock' }, () => 1)
    await using agents = await mcpAgents(mesh, 'alice')
    const client = await agents.client('reporter', era)
    const { tools } = await client.listTools()
    expect(tools.map(({ name }) => name)).toEqual(['bob___echo', 'bob___note__write', 'clock'])
    expect(tools[1]).toMatchObject({
      description: 'Writes a note.',
      inputSchema: { type: 'object', required: ['text'] },
      outputSchema: { type: 'object', required: ['written'] },
      annotations: { readOnlyHint: false, destructiveHint: false },
      _meta: { 'hansa/capability': 'bob/note.write' },
    })
    expect(tools[2]).toMatchObject({
      title: 'Clock',
      inputSchema: { type: 'object' },
      annotations: { readOnlyHint: true },
    })
  })

  it('calls a tool that lives at another organisation, and is told where that is in both logs', async () => {
    await using mesh = await twoOrgs()
    await mesh.join('alice', 'bob')
    await using agents = await mcpAgents(mesh, 'alice')
    const client = await agents.client('reporter', era)
    const result = await client.callTool({ name: 'bob___echo', arguments: { text: 'hello' } })
    expect(result).toMatchObject({
      structuredContent: { text: 'hello' },
      content: [{ type: 'text', text: '{"text":"hello"}' }],
    })
    const [sent] = await entriesOf(mesh, 'alice', 'intent.sent')
    const [received] = await entriesOf(mesh, 'alice', 'receipt.received')
    expect(sent).toMatchObject({ actor: 'agent:reporter', cap: 'bob/echo' })
    expect(result._meta?.['hansa/call']).toMatchObject({
      id: sent?.call_id,
      capability: 'bob/echo',
      untrusted: true,
      remote: { did: mesh.did('bob'), receipt: received?.receipt },
    })
  })

  it('is shown nothing that policy denies it, and learns nothing by calling it by name; the log has the attempt', async () => {
    await using mesh = await twoOrgs({ alice: { rules: [allow('some', 'agent:reporter', '*')] } })
    await mesh.kernel('alice').register({ id: 'clock', safety: 'READ' }, () => 1)
    await using agents = await mcpAgents(mesh, 'alice')
    const mallory = await agents.client('mallory', era)
    expect((await mallory.listTools()).tools).toEqual([])
    const message = (name: string) =>
      mallory.callTool({ name }).then(
        () => '',
        ({ code, message }) => `${code} ${message}`,
      )
    expect(await message('clock')).toMatch(/^-32602 .*Unknown tool/)
    expect(await message('clock')).toBe(await message('no_such_tool'))
    const refused = await entriesOf(mesh, 'alice', 'outcome')
    expect(refused.map(({ actor, cap }) => `${actor} ${cap}`)).toContain('agent:mallory clock')
  })

  it('reads why a call is refused, and how it can be permitted; the same call goes through once a person approved', async () => {
    await using mesh = await twoOrgs({
      alice: { rules: [allow('ask', 'agent:*', '*', { effect: 'require_approval' })] },
    })
    await mesh.kernel('alice').register({ id: 'clock', safety: 'READ' }, () => 'noon')
    await using agents = await mcpAgents(mesh, 'alice')
    const client = await agents.client('reporter', era)
    const call = { name: 'clock', arguments: { zone: 'utc' } }
    const waiting = await client.callTool(call)
    const [approval] = await mesh.kernel('alice').approvals()
    expect(waiting).toMatchObject({
      isError: true,
      content: [{ text: expect.stringContaining(`hansa approve ${approval?.id}`) }],
      _meta: { 'hansa/error': { code: 'approval_required', approvalId: approval?.id } },
    })
    await mesh.kernel('alice').approve(approval?.id ?? '', 'person:olga')
    expect(await client.callTool({ ...call, arguments: { zone: 'cet' } })).toMatchObject({ isError: true })
    const other = await agents.client('mallory', era)
    expect(await other.callTool(call)).toMatchObject({ isError: true })
    expect(await client.callTool(call)).toMatchObject({ content: [{ type: 'text', text: 'noon' }] })
    expect(await client.callTool(call)).toMatchObject({ isError: true })
  })

  it('is asked for what a tool needs, answers, and the call goes on', async () => {
    await using mesh = await twoOrgs()
    await mesh.kernel('bob').register({ id: 'weather', safety: 'READ' }, (args, { continued, accepts }) => {
      if (continued === undefined) return new InputRequired({ where: form }, { accepts })
      return JSON.stringify({ args, ...continued })
    })
    await mesh.join('alice', 'bob')
    await using agents = await mcpAgents(mesh, 'alice')
    const client = await agents.client('reporter', era, {
      capabilities: { elicitation: {} },
      prepare: (one) =>
        one.setRequestHandler('elicitation/create', ({ params }) => {
          expect(params.message).toBe('Which city?')
          return { action: 'accept', content: { city: 'Bremen' } }
        }),
    })
    const result = await client.callTool({ name: 'bob___weather', arguments: { day: 1 } })
    const [part] = result.content
    expect(JSON.parse(part?.type === 'text' ? part.text : '')).toEqual({
      args: { day: 1 },
      responses: { where: { action: 'accept', content: { city: 'Bremen' } } },
      state: { accepts: ['elicitation/create', 'message'] },
    })
  })

  it('hears of progress and of log lines while the call runs', async () => {
    await using mesh = await twoOrgs()
    await mesh.kernel('alice').register({ id: 'count', safety: 'READ' }, (_args, { note }) => {
      note({ type: 'progress', progress: 1, total: 2, message: 'half' })
      note({ type: 'log', level: 'warning', logger: 'count', data: 'slow' })
      note({ type: 'progress', progress: 2, total: 2 })
      return 'done'
    })
    await using agents = await mcpAgents(mesh, 'alice')
    const said: unknown[] = []
    const client = await agents.client('reporter', era, {
      prepare: (one) => one.setNotificationHandler('notifications/message', ({ params }) => void said.push(params)),
    })
    const level = era === '2025-11-25' ? {} : { _meta: { 'io.modelcontextprotocol/logLevel': 'info' } }
    if (era === '2025-11-25') await client.setLoggingLevel('info')
    const onprogress = (progress: unknown) => void said.push(progress)
    expect(await client.callTool({ name: 'count', ...level }, { onprogress })).toMatchObject({
      content: [{ text: 'done' }],
    })
    expect(said).toEqual([
      { progress: 1, total: 2, message: 'half' },
      expect.objectContaining({ level: 'warning', logger: 'count', data: 'slow' }),
      { progress: 2, total: 2 },
    ])
  })

  it('cancels, and the call is cancelled all the way down', async () => {
    await using mesh = await twoOrgs()
    const [started, ended] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
    await mesh.kernel('alice').register({ id: 'slow', safety: 'READ' }, (_args, { signal }) => {
      started.resolve()
      return new Promise((_resolve, reject) => {
        signal.addEventListener('abort', () => {
          ended.resolve()
          reject(new Error('cancelled'))
        })
      })
    })
    await using agents = await mcpAgents(mesh, 'alice')
    const client = await agents.client('reporter', era)
    const cancel = new AbortController()
    const call = client.callTool({ name: 'slow' }, { signal: cancel.signal })
    await started.promise
    cancel.abort(new Error('enough'))
    await expect(call).rejects.toThrow()
    await ended.promise
  })

  it('gets the files that a tool answers with, and its own words when it failed', async () => {
    await using mesh = await twoOrgs()
    const { register } = mesh.kernel('bob')
    await register.call(mesh.kernel('bob'), { id: 'picture', safety: 'READ' }, () => {
      return new ContentAnswer([
        { type: 'file', mediaType: 'image/png', bytes: 'iVBORw0=' },
        { type: 'text', text: 'a dot' },
      ])
    })
    await register.call(mesh.kernel('bob'), { id: 'broken', safety: 'READ' }, () => {
      return new ContentAnswer([{ type: 'text', text: 'no paper left' }], { isError: true })
    })
    await mesh.join('alice', 'bob')
    await using agents = await mcpAgents(mesh, 'alice')
    const client = await agents.client('reporter', era)
    expect((await client.callTool({ name: 'bob___picture' })).content).toEqual([
      { type: 'image', data: 'iVBORw0=', mimeType: 'image/png' },
      { type: 'text', text: 'a dot' },
    ])
    expect(await client.callTool({ name: 'bob___broken' })).toMatchObject({
      isError: true,
      content: [{ type: 'text', text: 'no paper left' }],
    })
  })

  it('lists and gets prompts, with what they take', async () => {
    await using mesh = await twoOrgs()
    const input = {
      type: 'object',
      properties: { code: { type: 'string', description: 'What to look at' } },
      required: ['code'],
    }
    await mesh.kernel('bob').register(
      {
        id: 'review.prompts.look',
        kind: 'prompt',
        safety: 'READ',
        input,
        output: z.toJSONSchema(promptResultSchema) as never,
      },
      (args) => ({
        messages: [{ role: 'user', content: { type: 'text', text: `Look at ${(args as { code: string }).code}` } }],
      }),
    )
    await mesh.join('alice', 'bob')
    await using agents = await mcpAgents(mesh, 'alice')
    const client = await agents.client('reporter', era)
    expect((await client.listPrompts()).prompts).toMatchObject([
      {
        name: 'bob___review__prompts__look',
        arguments: [{ name: 'code', description: 'What to look at', required: true }],
      },
    ])
    expect((await client.listTools()).tools.map(({ name }) => name)).not.toContain('bob___review__prompts__look')
    expect(await client.getPrompt({ name: 'bob___review__prompts__look', arguments: { code: 'x' } })).toMatchObject({
      messages: [{ role: 'user', content: { type: 'text', text: 'Look at x' } }],
    })
    await expect(client.getPrompt({ name: 'bob___other' })).rejects.toThrow(/Unknown prompt/)
  })

  it('lists, reads and completes resources of several servers, each under its own URI', async () => {
    await using mesh = await twoOrgs()
    for (const id of ['files.mcp.resources', 'notes.mcp.resources'])
      await mesh
        .kernel('bob')
        .register({ id, kind: 'resource', safety: 'READ' }, (args) => resourcesOf(id, args as ResourceArguments))
    await mesh.join('alice', 'bob')
    await using agents = await mcpAgents(mesh, 'alice')
    const client = await agents.client('reporter', era)
    const { resources } = await client.listResources()
    const uris = ['files', 'notes'].map((name) => `hansa://bob/${name}.mcp.resources/test://one`)
    expect(resources.map(({ uri }) => uri)).toEqual(uris)
    const read = await client.readResource({ uri: uris[1] ?? '' })
    expect(read.contents).toEqual([{ uri: uris[1], mimeType: 'text/plain', text: 'one of notes.mcp.resources' }])
    for (const uri of ['test://one', `${uris[0]}x`, 'hansa://bob/other.mcp.resources/test://one'])
      await expect(client.readResource({ uri })).rejects.toMatchObject({ code: -32602, data: { uri } })
    const { resourceTemplates } = await client.listResourceTemplates()
    const uri = resourceTemplates[0]?.uriTemplate ?? ''
    expect(uri).toBe('hansa://bob/files.mcp.resources/test://{id}')
    const completed = await client.complete({
      ref: { type: 'ref/resource', uri },
      argument: { name: 'id', value: 'o' },
    })
    expect(completed.completion.values).toEqual(['one'])
  })

  it('is told when a resource changed that it watches, until it has heard enough, and not what it may not read', async () => {
    await using mesh = await twoOrgs({
      alice: {
        rules: [
          allow('one', 'agent:*', '*', { when: 'args.method != "resources/subscribe" || args.uri == "test://one"' }),
        ],
      },
    })
    const watching = new Map<string, (uri: string) => void>()
    const serve = (id: string) =>
      mesh.kernel('alice').register({ id, kind: 'resource', safety: 'READ' }, (args, { note, signal }) => {
        const { method, uri } = args as { method: string; uri: string }
        if (method !== 'resources/subscribe') return resourcesOf(id, args as ResourceArguments)
        watching.set(uri, (changed) => note({ type: 'updated', uri: changed }))
        note({ type: 'progress', progress: 0 })
        return new Promise((resolve) => {
          signal.addEventListener('abort', () => {
            watching.delete(uri)
            resolve(new ContentAnswer([]))
          })
        })
      })
    await serve('files.mcp.resources')
    await using agents = await mcpAgents(mesh, 'alice')
    const heard: string[] = []
    const client = await agents.client('reporter', era, {
      prepare: (one) =>
        one.setNotificationHandler('notifications/resources/updated', ({ params }) => void heard.push(params.uri)),
    })
    const [one, two] = ['one', 'two'].map((name) => `hansa://files.mcp.resources/test://${name}`) as [string, string]
    const end = await watch(client, era, [one, two])
    await expect.poll(() => [...watching.keys()], { timeout: 20_000 }).toEqual(['test://one'])
    watching.get('test://one')?.('test://one')
    await expect.poll(() => heard, { timeout: 20_000 }).toEqual([one])
    await end()
    await expect.poll(() => watching.size, { timeout: 20_000 }).toBe(0)
  })

  it('is told when what it may call has changed', async () => {
    await using mesh = await twoOrgs()
    await using agents = await mcpAgents(mesh, 'alice')
    let changes = 0
    const client = await agents.client('reporter', era, {
      prepare: (one) =>
        one.setNotificationHandler('notifications/tools/list_changed', () => {
          changes += 1
        }),
    })
    if (era === '2026-07-28') await client.listen({ toolsListChanged: true })
    await mesh.kernel('alice').register({ id: 'clock', safety: 'READ' }, () => 1)
    const seen = () => mesh.advance({ seconds: 1 }).then(() => changes)
    await expect.poll(seen, { timeout: 20_000 }).toBeGreaterThan(0)
    expect((await client.listTools()).tools.map(({ name }) => name)).toContain('clock')
  })
})

describe('a subscription of a session of 2025-11-25', () => {
  const uri = 'hansa://bob/files.mcp.resources/test://one'
  type Handler = (note: (note: CallNote) => void, signal: AbortSignal) => Promise<ContentAnswer>

  /** @param at who serves the resource; the client is one of alice */
  async function subscribing(handler: Handler, at: 'alice' | 'bob' = 'bob') {
    const cleanup = new AsyncDisposableStack()
    const mesh = cleanup.use(await twoOrgs())
    const definition = { id: 'files.mcp.resources', kind: 'resource', safety: 'READ' } as const
    await mesh.kernel(at).register(definition, (_args, { note, signal }) => handler(note, signal))
    await mesh.join('alice', 'bob')
    const client = await cleanup.use(await mcpAgents(mesh, 'alice')).client('reporter', '2025-11-25')
    return { mesh, client, [Symbol.asyncDispose]: () => cleanup.disposeAsync() }
  }

  const untilLeft = (signal: AbortSignal) =>
    new Promise<ContentAnswer>((resolve) => {
      signal.addEventListener('abort', () => resolve(new ContentAnswer([])), { once: true })
    })

  it('is answered when the server behind two kernels has confirmed it, to everybody who asked for it', async () => {
    const asked = Promise.withResolvers<() => void>()
    let times = 0
    await using given = await subscribing((note, signal) => {
      times += 1
      asked.resolve(() => note({ type: 'progress', progress: 0 }))
      return untilLeft(signal)
    })
    const order: string[] = []
    const answered = [1, 2].map(() => given.client.subscribeResource({ uri }).then(() => order.push('answered')))
    const confirm = await asked.promise
    // Another request of the session goes and comes back meanwhile.
    await given.client.ping()
    order.push('confirmed')
    confirm()
    await Promise.all(answered)
    expect(order).toEqual(['confirmed', 'answered', 'answered'])
    expect(times).toBe(1)
  })

  it('is an error when the server refuses it, and can be asked for again', async () => {
    let refuses = true
    await using given = await subscribing(async (note, signal) => {
      if (refuses) throw new Error('nothing is watched here')
      note({ type: 'progress', progress: 0 })
      return untilLeft(signal)
    })
    await expect(given.client.subscribeResource({ uri })).rejects.toThrow(/internal/)
    refuses = false
    expect(await given.client.subscribeResource({ uri })).toEqual({})
  })

  it('is an error when nothing is confirmed in time, and then nothing is watched', async () => {
    const [asked, left] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
    await using given = await subscribing((_note, signal) => {
      signal.addEventListener('abort', () => left.resolve(), { once: true })
      asked.resolve()
      return untilLeft(signal)
    }, 'alice')
    const own = uri.replace('bob/', '')
    const refused = expect(given.client.subscribeResource({ uri: own })).rejects.toThrow(
      /has not said within 40 seconds/,
    )
    await asked.promise
    await given.mesh.advance({ seconds: 41 })
    await refused
    await left.promise
  })

  it('is an error when the client takes it back before it is confirmed', async () => {
    const asked = Promise.withResolvers<void>()
    await using given = await subscribing((_note, signal) => {
      asked.resolve()
      return untilLeft(signal)
    })
    const refused = expect(given.client.subscribeResource({ uri })).rejects.toThrow(/ended before it had begun/)
    await asked.promise
    await given.client.unsubscribeResource({ uri })
    await refused
  })
})

/** Watches what it may, in the way of the revision. @returns ends it */
async function watch(client: Client, era: McpEra, uris: string[]): Promise<() => Promise<unknown>> {
  if (era === '2026-07-28') {
    const subscription = await client.listen({ resourceSubscriptions: uris })
    return () => subscription.close()
  }
  const [first = '', ...others] = uris
  await client.subscribeResource({ uri: first })
  for (const uri of others) await expect(client.subscribeResource({ uri })).rejects.toThrow(/policy_denied/)
  return () => client.unsubscribeResource({ uri: first })
}

function resourcesOf(id: string, args: ResourceArguments): ContentAnswer {
  switch (args.method) {
    case 'resources/list':
      return new ContentAnswer([{ type: 'data', data: { resources: [{ uri: 'test://one', name: 'one' }] } }])
    case 'resources/templates/list':
      return new ContentAnswer([
        { type: 'data', data: { resourceTemplates: [{ uriTemplate: 'test://{id}', name: 'any' }] } },
      ])
    case 'resources/read':
      if (args.uri !== 'test://one') {
        const refusal = { code: -32_602, message: 'Resource not found' }
        return new ContentAnswer([{ type: 'data', data: refusal }], { isError: true })
      }
      return new ContentAnswer([{ type: 'file', uri: args.uri, mediaType: 'text/plain', text: `one of ${id}` }])
    case 'completion/complete':
      return new ContentAnswer([{ type: 'data', data: { completion: { values: ['one'] } } }])
    default:
      return new ContentAnswer([])
  }
}
