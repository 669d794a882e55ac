import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import { type Clock, type LogFields, type Logger, silentLogger } from '@hansa/protocols'
import { toNodeHandler } from '@modelcontextprotocol/node'
import { createMcpHandler } from '@modelcontextprotocol/server'
import { Agent } from 'undici'
import { describe, expect, it } from 'vitest'
import { BACKEND_SECRET, type DriverFixture, describeDriver, driverCall } from '../testing/describe-driver.ts'
import { mcpFixture } from '../testing/mcp-fixture.ts'
import { sessionsOf } from '../testing/mcp-sessions.ts'
import { type McpBackend, mcpBackend } from './mcp-backend.ts'
import { mcpCapabilities, NO_CLASSES } from './mcp-definition.ts'
import { mcpDriver } from './mcp-driver.ts'
import { listedOf, type McpListed } from './mcp-offered.ts'
import type { McpConnection } from './mcp-transport.ts'

const STDIO: McpConnection = {
  kind: 'stdio',
  command: process.execPath,
  args: [fileURLToPath(new URL('../testing/mcp-stdio-fixture.ts', import.meta.url))],
}

/** A clock that stands still until it is moved; nothing here waits on it. */
function standingClock() {
  let now = 1_000_000
  const clock: Clock & { move(ms: number): void } = {
    now: () => now,
    after: () => () => {},
    move: (ms) => {
      now += ms
    },
  }
  return clock
}

function opened(connection: McpConnection, over: { clock?: Clock; logger?: Logger } = {}) {
  const dispatcher = new Agent()
  const backend = mcpBackend({ name: 'fixture', connection })({
    clock: over.clock ?? standingClock(),
    logger: over.logger ?? silentLogger,
    dispatcher,
  })
  return {
    backend,
    async [Symbol.asyncDispose]() {
      await backend[Symbol.asyncDispose]()
      await dispatcher.destroy()
    },
  }
}

async function named(backend: McpBackend, name: string): Promise<McpListed> {
  const listed = listedOf(await backend.look()).find((candidate) => candidate.name === name)
  if (listed === undefined) throw new Error(`${name} is not listed`)
  return listed
}

async function fixtureOver(connection: McpConnection, close: () => Promise<void>): Promise<DriverFixture> {
  const opening = opened(connection)
  const { backend } = opening
  const all = listedOf(await backend.look())
  const to = (name: string) => {
    const listed = all.find((candidate) => candidate.name === name)
    if (listed === undefined) throw new Error(`${name} is not listed`)
    return mcpDriver({ backend, listed })
  }
  const say = async (name: string) => void (await to(name).invoke(driverCall({})))
  return {
    data: to('echoData'),
    text: to('echo_text'),
    failing: to('refuse'),
    unusable: to('broken'),
    slow: to('slow'),
    slowReached: () => say('await_slow'),
    slowCancelled: () => say('await_cancel'),
    async asked() {
      const answer = await to('asked').invoke(driverCall({}))
      return answer.kind === 'data' ? (answer.value as { count: number }).count : Number.NaN
    },
    async [Symbol.asyncDispose]() {
      await opening[Symbol.asyncDispose]()
      await close()
    },
  }
}

type Handler = Parameters<typeof createServer>[1]

async function served(handler: NonNullable<Handler>) {
  const server = createServer(handler)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    connection: { kind: 'http', url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp` } as const,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

describeDriver('mcpDriver over stdio', () => fixtureOver(STDIO, async () => {}))

describeDriver('mcpDriver over Streamable HTTP', async () => {
  const fixture = mcpFixture(() => {})
  const handler = toNodeHandler(createMcpHandler(() => fixture.server()))
  const server = await served((request, response) => void handler(request as Parameters<typeof handler>[0], response))
  return fixtureOver(server.connection, () => server[Symbol.asyncDispose]())
})

describeDriver('mcpDriver over Streamable HTTP with a session, as in 2025', async () => {
  const fixture = mcpFixture(() => {})
  const sessions = sessionsOf(() => fixture.server())
  const server = await served(sessions)
  return fixtureOver(server.connection, () => server[Symbol.asyncDispose]())
})

describe(mcpDriver, () => {
  it('lists every page', async () => {
    await using opening = opened(STDIO)
    const all = listedOf(await opening.backend.look())
    expect(all).toHaveLength(12)
    const { capabilities, faults } = mcpCapabilities(all, { prefix: 'fixture', classes: NO_CLASSES })
    expect(faults).toEqual([])
    expect(capabilities.map(({ definition }) => definition.id)).toContain('fixture.echo_x44ata')
  })

  it('keeps what a failing backend said for the log', async () => {
    await using opening = opened(STDIO)
    const driver = mcpDriver({ backend: opening.backend, listed: await named(opening.backend, 'refuse') })
    await expect(driver.invoke(driverCall({ text: 'x' }))).rejects.toMatchObject({
      detail: { code: 'backend_failed', reason: expect.stringContaining(BACKEND_SECRET) },
    })
  })

  it('refuses a result without the structured content that is declared', async () => {
    await using opening = opened(STDIO)
    const driver = mcpDriver({ backend: opening.backend, listed: await named(opening.backend, 'undeclared') })
    await expect(driver.invoke(driverCall({ text: 'x' }))).rejects.toMatchObject({
      detail: { code: 'answer_unusable' },
    })
  })

  it('sends arguments that are an object, and nothing else', async () => {
    await using opening = opened(STDIO)
    const driver = mcpDriver({ backend: opening.backend, listed: await named(opening.backend, 'echo_text') })
    for (const args of [null, 'x', 7, [1]]) {
      await expect(driver.invoke(driverCall(args))).rejects.toMatchObject({
        detail: { code: 'arguments_unusable', began: false },
      })
    }
  })
})

describe(mcpBackend, () => {
  it('is gone when its process dies in a call, and starts again with the next one', async () => {
    await using opening = opened(STDIO)
    const { backend } = opening
    const echo = mcpDriver({ backend, listed: await named(backend, 'echo_text') })
    const crash = mcpDriver({ backend, listed: await named(backend, 'crash') })
    await expect(crash.invoke(driverCall({}))).rejects.toMatchObject({ detail: { code: 'backend_gone', began: true } })
    expect(await echo.invoke(driverCall({ text: 'back' }))).toEqual({ kind: 'text', text: 'back' })
  })

  it('pauses longer and longer while it only dies, and not at all once a call succeeds', async () => {
    const clock = standingClock()
    await using opening = opened(STDIO, { clock })
    const { backend } = opening
    const crash = mcpDriver({ backend, listed: await named(backend, 'crash') })
    const crashed = () => crash.invoke(driverCall({})).catch((error: unknown) => error)
    expect(await crashed()).toMatchObject({ detail: { began: true } })
    expect(await crashed()).toMatchObject({ detail: { began: true } })
    expect(await crashed()).toMatchObject({ detail: { code: 'backend_gone', began: false } })
    clock.move(1_000)
    expect(await crashed()).toMatchObject({ detail: { began: true } })
    clock.move(1_000)
    expect(await crashed()).toMatchObject({ detail: { began: false } })
    clock.move(1_000)
    expect((await backend.look()).tools).toHaveLength(12)
    expect(await crashed()).toMatchObject({ detail: { began: true } })
    expect((await backend.look()).tools).toHaveLength(12)
  })

  it.each([
    ['there is no such program', { kind: 'stdio', command: '/nowhere/mcp' }],
    ['the program ends at once', { kind: 'stdio', command: process.execPath, args: ['-e', 'process.exit(3)'] }],
    ['nobody listens', { kind: 'http', url: 'http://127.0.0.1:1/mcp' }],
    ['the URL is none', { kind: 'http', url: 'nowhere' }],
  ] satisfies [string, McpConnection][])('has begun nothing when %s', async (_what, connection) => {
    await using opening = opened(connection)
    await expect(opening.backend.look()).rejects.toMatchObject({ detail: { code: 'backend_gone', began: false } })
  })

  it('logs what a program that cannot start complains about', async () => {
    const logged: (LogFields | undefined)[] = []
    const logger = { ...silentLogger, warn: (_event: string, fields?: LogFields) => void logged.push(fields) }
    const args = ['-e', 'console.error("no such directory: /data"); process.exit(1)']
    await using opening = opened({ kind: 'stdio', command: process.execPath, args }, { logger })
    await opening.backend.look().catch(() => {})
    expect(logged).toEqual([{ backend: 'fixture', reason: expect.stringContaining('no such directory: /data') }])
  })

  it('hands a child no variable of this process that is not on the list', async () => {
    process.env.HANSA_TEST_SECRET = 'hunter2'
    const script = 'process.stderr.write(String(Object.keys(process.env).sort())); process.exit(1)'
    const logged: string[] = []
    const logger = {
      ...silentLogger,
      warn: (_event: string, fields?: LogFields) => void logged.push(String(fields?.reason)),
    }
    const connection = {
      kind: 'stdio',
      command: process.execPath,
      args: ['-e', script],
      env: { LISTED: 'yes' },
    } as const
    await using opening = opened(connection, { logger })
    await opening.backend.look().catch(() => {})
    delete process.env.HANSA_TEST_SECRET
    expect(logged[0]).toContain('LISTED')
    expect(logged[0]).not.toContain('HANSA_TEST_SECRET')
  })

  it('makes no call for someone who left while it was connecting', async () => {
    await using opening = opened(STDIO)
    const { backend } = opening
    const [crash, echo, asked] = await Promise.all(
      ['crash', 'echo_text', 'asked'].map(async (name) => mcpDriver({ backend, listed: await named(backend, name) })),
    )
    await crash?.invoke(driverCall({})).catch(() => {})
    const leave = new AbortController()
    const call = echo?.invoke(driverCall({ text: 'x' }, leave.signal))
    leave.abort()
    await expect(call).rejects.toMatchObject({ detail: { code: 'cancelled', began: false } })
    // The process that was started for the call is the one that answers here.
    expect(await asked?.invoke(driverCall({}))).toEqual({ kind: 'data', value: { count: 0 } })
  })

  it('starts one process for many first calls, and none once it was disposed of', async () => {
    const connected: unknown[] = []
    const logger = { ...silentLogger, info: (event: string) => void connected.push(event) }
    const opening = opened(STDIO, { logger })
    await Promise.all(Array.from({ length: 5 }, () => opening.backend.look()))
    expect(connected).toEqual(['mcp.connected'])
    await opening[Symbol.asyncDispose]()
    await expect(opening.backend.look()).rejects.toMatchObject({ detail: { code: 'driver_closed' } })
  })

  it('stops reading an HTTP answer that has no end', async () => {
    let megabytes = 0
    await using server = await served((request, response) => {
      request.resume()
      response.writeHead(200, { 'content-type': 'application/json' })
      const chunk = Buffer.alloc(1_048_576, 0x20)
      const pump = () => {
        do megabytes += 1
        while (!response.destroyed && response.write(chunk))
      }
      response.on('drain', pump)
      pump()
    })
    await using opening = opened(server.connection)
    await expect(opening.backend.look()).rejects.toMatchObject({ detail: { code: 'backend_gone' } })
    // Twice the largest result is read, and the buffers of two sockets are filled.
    expect(megabytes).toBeLessThan(64)
  })
})
