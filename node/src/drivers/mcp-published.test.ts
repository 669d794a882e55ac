/** Servers that others publish on npm, as they are: of 2025, over standard input and over HTTP with sessions. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { createRequire } from 'node:module'
import type { AddressInfo } from 'node:net'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import process from 'node:process'
import { createInterface } from 'node:readline'
import { type CallNote, type InputMethod, silentLogger } from '@hansa/protocols'
import { Agent } from 'undici'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { driverCall } from '../testing/describe-driver.ts'
import type { DriverCall } from './driver.ts'
import { mcpBackend } from './mcp-backend.ts'
import { mcpDriver } from './mcp-driver.ts'
import { listedOf, type McpListed } from './mcp-offered.ts'
import type { McpConnection } from './mcp-transport.ts'

const require = createRequire(new URL('../../../interop-tests/package.json', import.meta.url))
const program = (name: string) =>
  join(dirname(require.resolve(`@modelcontextprotocol/${name}/package.json`)), 'dist/index.js')

async function served(connection: McpConnection) {
  const dispatcher = new Agent()
  const clock = { now: () => 0, after: () => () => {} }
  const backend = mcpBackend({ name: 'published', connection })({ clock, logger: silentLogger, dispatcher })
  const all = listedOf(await backend.look())
  return {
    all,
    call(kind: McpListed['kind'], name: string, args: unknown, more: Partial<DriverCall> = {}) {
      const listed = all.find((one) => one.name === name && one.kind === kind)
      if (listed === undefined) throw new Error(`${name} is not listed: ${all.map((one) => one.name).join(' ')}`)
      const driver = mcpDriver({ backend, listed, offersPrompt: () => true })
      return driver.invoke({ ...driverCall(args, more.signal), ...more })
    },
    async [Symbol.asyncDispose]() {
      await backend[Symbol.asyncDispose]()
      await dispatcher.destroy()
    },
  }
}

async function everythingOverHttp() {
  const free = createServer().listen(0, '127.0.0.1')
  await once(free, 'listening')
  const { port } = free.address() as AddressInfo
  free.close()
  const child = spawn(process.execPath, [program('server-everything'), 'streamableHttp'], {
    env: { PATH: process.env.PATH, PORT: String(port) },
  })
  child.stdout.resume()
  for await (const line of createInterface(child.stderr)) if (line.includes(String(port))) break
  child.stderr.resume()
  const server = await served({ kind: 'http', url: `http://127.0.0.1:${port}/mcp` })
  return {
    ...server,
    async [Symbol.asyncDispose]() {
      await server[Symbol.asyncDispose]()
      child.kill('SIGKILL')
      await once(child, 'exit')
    },
  }
}

const stdio = (name: string, ...args: string[]): McpConnection => ({
  kind: 'stdio',
  command: process.execPath,
  args: [program(name), ...args],
})

describe.each([
  ['standard input', () => served(stdio('server-everything'))],
  ['Streamable HTTP', everythingOverHttp],
])('server-everything over %s', (_transport, start) => {
  let server: Awaited<ReturnType<typeof served>>
  beforeAll(async () => {
    server = await start()
  })
  afterAll(() => server[Symbol.asyncDispose]())

  it('answers, shows pictures, fills in prompts, reads resources and completes', async () => {
    expect(await server.call('tool', 'echo', { message: 'Grüße' })).toEqual({ kind: 'text', text: 'Echo: Grüße' })
    expect(await server.call('tool', 'get-structured-content', { location: 'Chicago' })).toMatchObject({
      kind: 'data',
      value: { temperature: expect.any(Number) },
    })
    expect(await server.call('tool', 'get-tiny-image', {})).toMatchObject({
      kind: 'content',
      content: [
        { type: 'text' },
        { type: 'file', mediaType: 'image/png', bytes: expect.any(String) },
        { type: 'text' },
      ],
    })
    expect(await server.call('prompt', 'args-prompt', { city: 'Lübeck' })).toMatchObject({
      kind: 'data',
      value: { messages: [{ role: 'user', content: { type: 'text', text: expect.stringContaining('Lübeck') } }] },
    })
    const uri = 'demo://resource/dynamic/text/1'
    expect(await server.call('resource', 'resources', { method: 'resources/read', uri })).toMatchObject({
      content: [{ type: 'file', uri, text: expect.stringContaining('Resource 1') }],
    })
    const ref = { type: 'ref/prompt', name: 'completable-prompt' }
    const argument = { name: 'department', value: 'Eng' }
    expect(await server.call('resource', 'resources', { method: 'completion/complete', ref, argument })).toMatchObject({
      content: [{ data: { completion: { values: ['Engineering'] } } }],
    })
  })

  it('asks its caller, and says how far it is', async () => {
    const accepts: InputMethod[] = ['elicitation/create']
    const asked = await server.call('tool', 'trigger-elicitation-request', {}, { accepts })
    if (asked.kind !== 'input_required') throw new Error(`it answered ${JSON.stringify(asked)}`)
    const found = Object.entries(asked.requests).find(([, { method }]) => method === 'elicitation/create')
    const responses = { [found?.[0] ?? '']: { action: 'accept', content: { name: 'Ada', check: true, integer: 1 } } }
    const answer = await server.call(
      'tool',
      'trigger-elicitation-request',
      {},
      {
        accepts,
        continued: { responses, state: asked.state },
      },
    )
    expect(JSON.stringify(answer)).toContain('Ada')
    const notes: CallNote[] = []
    await server.call(
      'tool',
      'trigger-long-running-operation',
      { duration: 0.2, steps: 2 },
      {
        note: (note) => notes.push(note),
      },
    )
    expect(notes).toContainEqual({ type: 'progress', progress: 1, total: 2 })
  })

  it('offers what only some callers can be asked for to those, and to nobody else', async () => {
    const sample = (accepts: InputMethod[]) =>
      server.call('tool', 'trigger-sampling-request', { prompt: 'A word.' }, { accepts })
    const asked = await sample(['sampling/createMessage'])
    expect(asked).toMatchObject({ kind: 'input_required' })
    if (asked.kind === 'input_required') asked.abandon?.()
    expect(await sample([])).toMatchObject({ kind: 'content', isError: true })
  })
})

describe('server-memory', () => {
  it('remembers what it is told', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'hansa-memory-'))
    await using _gone = { [Symbol.asyncDispose]: () => rm(directory, { recursive: true }) }
    const env = { MEMORY_FILE_PATH: join(directory, 'memory.jsonl') }
    await using server = await served({ ...stdio('server-memory'), env } as McpConnection)
    const entities = [{ name: 'Lübeck', entityType: 'town', observations: ['has seven towers'] }]
    await server.call('tool', 'create_entities', { entities })
    expect(await server.call('tool', 'search_nodes', { query: 'towers' })).toMatchObject({
      kind: 'data',
      value: { entities },
    })
  })
})
