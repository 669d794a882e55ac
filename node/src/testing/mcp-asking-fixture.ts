/**
 * An MCP server for tests that does everything besides answering: it asks its caller, in the way of either line, says
 * things while it works, has prompts and resources, and completes arguments.
 */
import {
  acceptedContent,
  type CallToolResult,
  type InputRequiredResult,
  inputRequired,
  inputResponse,
  ProtocolError,
  ProtocolErrorCode,
  Server,
  type ServerContext,
  type Tool,
} from '@modelcontextprotocol/server'

export type AskingFixture = {
  /** @param modern whether it is asked by a client of 2026 */
  server(modern: boolean): Server
  /** Requests that were cancelled, by tool. */
  readonly cancelled: string[]
  /** What each client said that it can be asked, in order. */
  readonly abilities: unknown[]
  /** Resolves when a tool of this name is at work. */
  reached(name: string): Promise<void>
}

type Answer = CallToolResult | InputRequiredResult

const object: Tool['inputSchema'] = { type: 'object' }
const nameSchema = {
  type: 'object' as const,
  properties: { name: { type: 'string' as const } },
  required: ['name'],
}
const names = ['ask_name', 'ask_twice', 'sample', 'roots', 'say', 'wait', 'mixed', 'fail', 'abilities', 'back'] as const
const tools: Tool[] = names.map((name) => ({ name, description: `Does ${name}.`, inputSchema: object }))

export function mcpAskingFixture(): AskingFixture {
  const cancelled: string[] = []
  const abilities: unknown[] = []
  const reached = new Map(names.map((name) => [name as string, Promise.withResolvers<void>()]))

  const run = async (name: string, modern: boolean, context: ServerContext): Promise<Answer> => {
    reached.get(name)?.resolve()
    context.mcpReq.signal.addEventListener('abort', () => cancelled.push(name), { once: true })
    if (name === 'say') return speak(context)
    if (name === 'mixed') return mixed
    if (name === 'fail') return { isError: true, content: [{ type: 'text', text: 'the printer is on fire' }] }
    if (name === 'abilities') return said(JSON.stringify(abilities.at(-1)))
    if (name === 'wait') return new Promise<never>(() => {})
    return modern ? askModern(name, context) : askLegacy(name, context)
  }

  return {
    cancelled,
    abilities,
    reached: (name) => reached.get(name)?.promise ?? Promise.reject(new Error(`there is no ${name}`)),
    server(modern) {
      const server = new Server(
        { name: 'asking', version: '1.0.0' },
        { capabilities: { tools: {}, prompts: {}, resources: { subscribe: true }, completions: {}, logging: {} } },
      )
      server.setRequestHandler('tools/list', () => ({ tools }))
      server.setRequestHandler('tools/call', async ({ params }, context) => {
        const declared = modern ? context.mcpReq.envelope : server.getClientCapabilities()
        abilities.push(
          modern
            ? Object.values(declared ?? {}).find((one) => typeof one === 'object' && one !== null && !('name' in one))
            : declared,
        )
        return run(params.name, modern, context)
      })
      servePrompts(server)
      serveResources(server)
      return server
    },
  }
}

const mixed: CallToolResult = {
  content: [
    { type: 'text', text: 'See:' },
    { type: 'image', data: 'AAAA', mimeType: 'image/png', annotations: { audience: ['user'] } },
    { type: 'audio', data: 'BBBB', mimeType: 'audio/wav' },
    { type: 'resource', resource: { uri: 'test://a', mimeType: 'text/plain', text: 'inside' } },
    { type: 'resource_link', uri: 'test://b', name: 'b', title: 'The b', size: 7 },
  ],
}

async function speak({ mcpReq }: ServerContext): Promise<CallToolResult> {
  await mcpReq.log('warning', { disk: 'nearly full' }, 'storage')
  const progressToken = mcpReq._meta?.progressToken
  if (progressToken !== undefined)
    await mcpReq.notify({
      method: 'notifications/progress',
      params: { progressToken, progress: 1, total: 2, message: 'half' },
    })
  return said('spoken')
}

async function askModern(name: string, { mcpReq }: ServerContext): Promise<Answer> {
  const { inputResponses, requestState } = mcpReq
  const ask = inputRequired.elicit({ message: 'Your name?', requestedSchema: nameSchema })
  if (name === 'back')
    return requestState() === undefined
      ? inputRequired({ requestState: 'again' })
      : said(`came back with ${requestState()}`)
  if (name === 'sample') {
    const answer = inputResponse(inputResponses, 'poem')
    if (answer.kind === 'sampling') return said(JSON.stringify(answer.result.content))
    return inputRequired({ inputRequests: { poem: inputRequired.createMessage(poem) } })
  }
  if (name === 'roots') {
    const answer = inputResponse(inputResponses, 'roots')
    if (answer.kind === 'roots') return said(answer.roots.map(({ uri }) => uri).join())
    return inputRequired({ inputRequests: { roots: inputRequired.listRoots() } })
  }
  const given = acceptedContent<{ name: string }>(inputResponses, 'who')?.name
  if (given === undefined) return inputRequired({ inputRequests: { who: ask }, requestState: 'first' })
  if (name === 'ask_twice' && requestState() === 'first')
    return inputRequired({ inputRequests: { who: ask }, requestState: `second after ${given}` })
  return said(`Hello, ${given}! (${requestState()})`)
}

async function askLegacy(name: string, { mcpReq }: ServerContext): Promise<Answer> {
  const ask = async () => {
    const { content } = await mcpReq.elicitInput({ message: 'Your name?', requestedSchema: nameSchema })
    return String((content as { name?: unknown } | undefined)?.name)
  }
  if (name === 'sample') return said(JSON.stringify((await mcpReq.requestSampling(poem)).content))
  if (name === 'roots') {
    const { roots } = await mcpReq.send({ method: 'roots/list' })
    return said(roots.map(({ uri }) => uri).join())
  }
  const first = await ask()
  if (name === 'ask_twice') return said(`Hello, ${await ask()}! (second after ${first})`)
  return said(`Hello, ${first}! (first)`)
}

const poem = {
  messages: [{ role: 'user' as const, content: { type: 'text' as const, text: 'A poem, please.' } }],
  maxTokens: 100,
}

function servePrompts(server: Server): void {
  const prompts = [
    { name: 'greet', description: 'Greets somebody.', arguments: [{ name: 'who', required: true }] },
    { name: 'other' },
  ]
  server.setRequestHandler('prompts/list', () => ({ prompts }))
  server.setRequestHandler('prompts/get', ({ params }) => {
    if (params.arguments?.who === undefined) throw new ProtocolError(ProtocolErrorCode.InvalidParams, 'who is missing')
    return {
      description: 'A greeting',
      messages: [
        { role: 'user', content: { type: 'text', text: `Greet ${params.arguments.who}.` } },
        { role: 'user', content: { type: 'image', data: 'AAAA', mimeType: 'image/png' } },
      ],
    }
  })
  server.setRequestHandler('completion/complete', ({ params }) => ({
    completion: { values: ['anna', 'ben'].filter((name) => name.startsWith(params.argument.value)), hasMore: false },
  }))
}

function serveResources(server: Server): void {
  const resources = [
    { uri: 'test://a', name: 'a', mimeType: 'text/plain', icons: [{ src: 'https://mallory.example/a.png' }] },
    { uri: 'test://b', name: 'b' },
  ]
  server.setRequestHandler('resources/list', ({ params }) =>
    params?.cursor === '1' ? { resources: resources.slice(1) } : { resources: resources.slice(0, 1), nextCursor: '1' },
  )
  server.setRequestHandler('resources/templates/list', () => ({
    resourceTemplates: [{ uriTemplate: 'test://{id}', name: 'any' }],
  }))
  server.setRequestHandler('resources/read', ({ params: { uri } }) => {
    if (uri === 'test://a') return { contents: [{ uri, mimeType: 'text/plain', text: 'inside' }] }
    if (uri === 'test://b') return { contents: [{ uri, blob: 'AAAA' }] }
    throw new ProtocolError(ProtocolErrorCode.InvalidParams, `Resource not found: ${uri}`, { uri })
  })
  // Only servers of 2025 are asked so; the library serves the streams of 2026.
  server.setRequestHandler('resources/subscribe', () => ({}))
  server.setRequestHandler('resources/unsubscribe', () => ({}))
}

function said(text: string): CallToolResult {
  return { content: [{ type: 'text', text }] }
}
