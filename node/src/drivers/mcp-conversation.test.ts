/** What passes between a caller and an MCP server besides arguments and results, in both lines of the protocol. */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type CallNote, type InputMethod, silentLogger } from '@hansa/protocols'
import { toNodeHandler } from '@modelcontextprotocol/node'
import { createMcpHandler, type Server } from '@modelcontextprotocol/server'
import { Agent } from 'undici'
import { describe, expect, it } from 'vitest'
import { driverCall } from '../testing/describe-driver.ts'
import { mcpAskingFixture } from '../testing/mcp-asking-fixture.ts'
import { sessionsOf } from '../testing/mcp-sessions.ts'
import type { DriverAnswer, DriverCall } from './driver.ts'
import { mcpBackend } from './mcp-backend.ts'
import { mcpDriver } from './mcp-driver.ts'
import { listedOf } from './mcp-offered.ts'

type Line = '2025' | '2026'
const lines: Line[] = ['2025', '2026']
const ALL: InputMethod[] = ['elicitation/create', 'sampling/createMessage', 'roots/list']

async function ground(line: Line, over: { asks?: boolean } = {}) {
  const resources = new AsyncDisposableStack()
  const fixture = mcpAskingFixture()
  const open: Server[] = []
  let sessions = 0
  const made = () => {
    const server = fixture.server(line === '2026')
    open.push(server)
    server.oninitialized = () => {
      sessions += 1
    }
    return server
  }
  const modern = createMcpHandler(made, { legacy: 'reject' })
  const answer = line === '2026' ? toNodeHandler(modern) : sessionsOf(made)
  const http = createServer((request, response) => void answer(request as never, response))
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve))
  resources.defer(async () => {
    http.closeAllConnections()
    await new Promise((resolve) => http.close(resolve))
  })
  const dispatcher = resources.adopt(new Agent(), (agent) => agent.destroy())
  const connection = { kind: 'http', url: `http://127.0.0.1:${(http.address() as AddressInfo).port}/mcp` } as const
  const clock = { now: () => 0, after: () => () => {} }
  const backend = mcpBackend({ name: 'asking', connection, ...over })({ clock, logger: silentLogger, dispatcher })
  resources.use(backend)
  const all = listedOf(await backend.look())
  const call = (name: string, args: unknown, more: Partial<DriverCall> = {}, kind = 'tool') => {
    const listed = all.find((one) => one.name === name && one.kind === kind)
    if (listed === undefined) throw new Error(`${name} is not listed`)
    const driver = mcpDriver({ backend, listed, offersPrompt: (prompt) => prompt === 'greet' })
    return driver.invoke({ ...driverCall(args, more.signal), ...more })
  }
  return {
    fixture,
    backend,
    sessions: () => sessions,
    call,
    resource: (args: object, more?: Partial<DriverCall>) => call('resources', args, more, 'resource'),
    prompt: (name: string, args: object) => call(name, args, {}, 'prompt'),
    async changed(uri: string) {
      if (line === '2026') modern.notify.resourceUpdated(uri)
      else await Promise.all(open.map((server) => server.sendResourceUpdated({ uri }).catch(() => {})))
    },
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  }
}

type Asked = Extract<DriverAnswer, { kind: 'input_required' }>

function asked(answer: DriverAnswer): Asked & { name: string } {
  if (answer.kind !== 'input_required') throw new Error(`it answered: ${JSON.stringify(answer)}`)
  return { ...answer, name: Object.keys(answer.requests)[0] ?? '' }
}

const named = (name: string) => ({ action: 'accept', content: { name } })

describe.each(lines)('an MCP server of %s', (line) => {
  it('asks its caller, and goes on with the answer', async () => {
    await using given = await ground(line)
    const first = asked(await given.call('ask_name', {}, { accepts: ALL }))
    expect(first.requests[first.name]).toEqual({
      method: 'elicitation/create',
      params: expect.objectContaining({ message: 'Your name?' }),
    })
    const continued = { responses: { [first.name]: named('Ada') }, state: first.state }
    expect(await given.call('ask_name', {}, { accepts: ALL, continued })).toEqual({
      kind: 'text',
      text: 'Hello, Ada! (first)',
    })
  })

  it('may ask again before it answers', async () => {
    await using given = await ground(line)
    const first = asked(await given.call('ask_twice', {}, { accepts: ALL }))
    const answered = { responses: { [first.name]: named('Ada') }, state: first.state }
    const second = asked(await given.call('ask_twice', {}, { accepts: ALL, continued: answered }))
    const again = { responses: { [second.name]: named('Bob') }, state: second.state }
    expect(await given.call('ask_twice', {}, { accepts: ALL, continued: again })).toEqual({
      kind: 'text',
      text: 'Hello, Bob! (second after Ada)',
    })
  })

  it('asks for a completion of the model, and for roots', async () => {
    await using given = await ground(line)
    const poem = asked(await given.call('sample', {}, { accepts: ALL }))
    expect(poem.requests[poem.name]?.method).toBe('sampling/createMessage')
    const content = { type: 'text', text: 'Roses.' }
    const written = { role: 'assistant', content, model: 'any', stopReason: 'endTurn' }
    const sampled = { responses: { [poem.name]: written }, state: poem.state }
    expect(await given.call('sample', {}, { accepts: ALL, continued: sampled })).toMatchObject({
      text: JSON.stringify(content),
    })
    const roots = asked(await given.call('roots', {}, { accepts: ALL }))
    const told = { responses: { [roots.name]: { roots: [{ uri: 'file:///work' }] } }, state: roots.state }
    expect(await given.call('roots', {}, { accepts: ALL, continued: told })).toMatchObject({ text: 'file:///work' })
  })

  it.each<[string, InputMethod[], object]>([
    ['nothing', [], {}],
    ['questions', ['elicitation/create'], { elicitation: { form: {} } }],
    ['questions and pages', ['elicitation/create', 'authorization'], { elicitation: { form: {}, url: {} } }],
    ['completions and roots', ['roots/list', 'sampling/createMessage'], { sampling: {}, roots: {} }],
  ])('is told that its caller accepts %s, and nothing else', async (_what, accepts, expected) => {
    await using given = await ground(line)
    const answer = await given.call('abilities', {}, { accepts })
    expect(JSON.parse(String((answer as { text?: string }).text))).toEqual(expected)
  })

  it('is told of no ability where the configuration lets it ask nobody', async () => {
    await using given = await ground(line, { asks: false })
    await given.call('abilities', {}, { accepts: ALL })
    expect(given.fixture.abilities).toEqual([{}])
    // In 2025 that is one session, whoever calls.
    if (line === '2025') expect(given.sessions()).toBe(1)
  })

  it('passes on pictures, sounds and files', async () => {
    await using given = await ground(line)
    expect(await given.call('mixed', {})).toEqual({
      kind: 'content',
      content: [
        { type: 'text', text: 'See:' },
        { type: 'file', mediaType: 'image/png', bytes: 'AAAA', annotations: { audience: ['user'] } },
        { type: 'file', mediaType: 'audio/wav', bytes: 'BBBB' },
        { type: 'file', mediaType: 'text/plain', uri: 'test://a', text: 'inside' },
        { type: 'file', uri: 'test://b', name: 'b', title: 'The b', size: 7 },
      ],
    })
  })

  it('says in its own words that it failed', async () => {
    await using given = await ground(line)
    const content = [{ type: 'text', text: 'the printer is on fire' }]
    expect(await given.call('fail', {})).toEqual({ kind: 'content', isError: true, content })
  })

  it('says how far it is and what it notices, to the call for which it works', async () => {
    await using given = await ground(line)
    const [notes, others]: CallNote[][] = [[], []]
    await given.call('abilities', {}, { note: (note) => others?.push(note) })
    await given.call('say', {}, { note: (note) => notes?.push(note) })
    expect(notes).toEqual([
      { type: 'log', level: 'warning', logger: 'storage', data: { disk: 'nearly full' } },
      { type: 'progress', progress: 1, total: 2, message: 'half' },
    ])
    expect(others).toEqual([])
  })

  it('says what it notices to nobody while two calls are under way', async () => {
    await using given = await ground(line)
    const leave = new AbortController()
    const [mallory, notes]: CallNote[][] = [[], []]
    const waiting = given.call('wait', {}, { signal: leave.signal, note: (note) => mallory?.push(note) })
    waiting.catch(() => {})
    await given.fixture.reached('wait')
    await given.call('say', {}, { note: (note) => notes?.push(note) })
    expect(mallory).toEqual([])
    expect(notes).toEqual([expect.objectContaining({ type: 'progress' })])
    leave.abort()
    await expect(waiting).rejects.toMatchObject({ detail: { code: 'cancelled' } })
  })

  it('hears that a call was cancelled, also one that it asks', async () => {
    await using given = await ground(line)
    const leave = new AbortController()
    const waiting = given.call('wait', {}, { signal: leave.signal })
    waiting.catch(() => {})
    await given.fixture.reached('wait')
    leave.abort()
    await expect.poll(() => given.fixture.cancelled).toEqual(['wait'])
    if (line === '2026') return
    asked(await given.call('ask_name', {}, { accepts: ALL })).abandon?.()
    await expect.poll(() => given.fixture.cancelled).toEqual(['wait', 'ask_name'])
  })

  it('fills in its prompts', async () => {
    await using given = await ground(line)
    expect(await given.prompt('greet', { who: 'Ada' })).toEqual({
      kind: 'data',
      value: {
        description: 'A greeting',
        messages: [
          { role: 'user', content: { type: 'text', text: 'Greet Ada.' } },
          { role: 'user', content: { type: 'file', mediaType: 'image/png', bytes: 'AAAA' } },
        ],
      },
    })
    const refused = { code: -32602, message: expect.stringContaining('who is missing') }
    expect(await given.prompt('greet', {})).toEqual({
      kind: 'content',
      isError: true,
      content: [{ type: 'data', data: refused }],
    })
  })

  it('lists, describes and reads its resources', async () => {
    await using given = await ground(line)
    const told = async (args: object) => {
      const answer = await given.resource(args)
      return answer.kind === 'content' ? answer.content : answer
    }
    expect(await told({ method: 'resources/list' })).toEqual([
      { type: 'data', data: { resources: [{ uri: 'test://a', name: 'a', mimeType: 'text/plain' }], nextCursor: '1' } },
    ])
    expect(await told({ method: 'resources/list', cursor: '1' })).toEqual([
      { type: 'data', data: { resources: [{ uri: 'test://b', name: 'b' }] } },
    ])
    expect(await told({ method: 'resources/templates/list' })).toEqual([
      { type: 'data', data: { resourceTemplates: [{ uriTemplate: 'test://{id}', name: 'any' }] } },
    ])
    expect(await told({ method: 'resources/read', uri: 'test://a' })).toEqual([
      { type: 'file', uri: 'test://a', mediaType: 'text/plain', text: 'inside' },
    ])
    expect(await told({ method: 'resources/read', uri: 'test://b' })).toEqual([
      { type: 'file', uri: 'test://b', bytes: 'AAAA' },
    ])
    expect(await given.resource({ method: 'resources/read', uri: 'test://c' })).toEqual({
      kind: 'content',
      isError: true,
      content: [
        {
          type: 'data',
          data: { code: -32602, message: expect.stringContaining('test://c'), data: { uri: 'test://c' } },
        },
      ],
    })
  })

  it('completes arguments of templates and of prompts that are offered, and of no others', async () => {
    await using given = await ground(line)
    const complete = (ref: object) =>
      given.resource({ method: 'completion/complete', ref, argument: { name: 'who', value: 'a' } })
    const completed = {
      kind: 'content',
      content: [{ type: 'data', data: { completion: { values: ['anna'], hasMore: false } } }],
    }
    expect(await complete({ type: 'ref/prompt', name: 'greet' })).toEqual(completed)
    expect(await complete({ type: 'ref/resource', uri: 'test://{id}' })).toEqual(completed)
    await expect(complete({ type: 'ref/prompt', name: 'other' })).rejects.toMatchObject({
      detail: { code: 'arguments_unusable', began: false },
    })
  })

  it('says that a resource has changed until nobody listens any more', async () => {
    await using given = await ground(line)
    const leave = new AbortController()
    const notes: CallNote[] = []
    const begun = Promise.withResolvers<void>()
    const watching = given.resource(
      { method: 'resources/subscribe', uri: 'test://a' },
      {
        signal: leave.signal,
        note: (note) => {
          notes.push(note)
          begun.resolve()
        },
      },
    )
    await begun.promise
    expect(notes).toEqual([{ type: 'progress', progress: 0 }])
    // What changes from then on is heard.
    await given.changed('test://other')
    await given.changed('test://a')
    await expect.poll(() => notes.slice(1)).toEqual([{ type: 'updated', uri: 'test://a' }])
    leave.abort()
    expect(await watching).toEqual({ kind: 'content', content: [] })
  })

  it('asks nobody about the call of another', async () => {
    await using given = await ground(line)
    const [ada, mallory] = await Promise.all([
      given.call('ask_name', {}, { accepts: ALL, principal: 'agent:ada' }).then(asked),
      given.call('ask_name', {}, { accepts: ALL, principal: 'agent:mallory' }).then(asked),
    ])
    const answer = (to: Asked & { name: string }, name: string) =>
      given.call(
        'ask_name',
        {},
        { accepts: ALL, continued: { responses: { [to.name]: named(name) }, state: to.state } },
      )
    const [second, first] = await Promise.all([answer(mallory, 'Mallory'), answer(ada, 'Ada')])
    expect(first).toMatchObject({ text: 'Hello, Ada! (first)' })
    expect(second).toMatchObject({ text: 'Hello, Mallory! (first)' })
  })
})

describe('an MCP server of 2026', () => {
  it('may send a request back without a question, which no caller hears of', async () => {
    await using given = await ground('2026')
    expect(await given.call('back', {}, { accepts: [] })).toEqual({ kind: 'text', text: 'came back with again' })
  })
})

describe('an MCP server of 2025', () => {
  it('gets another session for each call that it may ask about, and one again when a call has ended', async () => {
    await using given = await ground('2025')
    const before = given.sessions()
    const first = asked(await given.call('ask_name', {}, { accepts: ALL }))
    const second = asked(await given.call('ask_name', {}, { accepts: ALL }))
    expect(given.sessions()).toBe(before + 2)
    first.abandon?.()
    second.abandon?.()
    asked(await given.call('ask_name', {}, { accepts: ALL })).abandon?.()
    expect(given.sessions()).toBe(before + 2)
  })

  it('holds no more open for mallory than it may have, and serves others meanwhile', async () => {
    await using given = await ground('2025')
    const call = (principal: string) => given.call('ask_name', {}, { accepts: ALL, principal })
    const held = await Promise.all(Array.from({ length: 4 }, () => call('agent:mallory').then(asked)))
    await expect(call('agent:mallory')).rejects.toMatchObject({ detail: { code: 'backend_failed', began: false } })
    asked(await call('agent:ada')).abandon?.()
    for (const { abandon } of held) abandon?.()
    await expect.poll(() => given.fixture.cancelled.length).toBe(5)
  })

  it('is not told an answer after its caller has gone', async () => {
    await using given = await ground('2025')
    const first = asked(await given.call('ask_name', {}, { accepts: ALL }))
    first.abandon?.()
    const continued = { responses: { [first.name]: named('Mallory') }, state: first.state }
    await expect(given.call('ask_name', {}, { accepts: ALL, continued })).rejects.toMatchObject({
      name: 'DriverError',
    })
  })
})
