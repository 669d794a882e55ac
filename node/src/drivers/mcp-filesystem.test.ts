/** The file system server that others publish on npm, over a directory of real files. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import process from 'node:process'
import { silentLogger } from '@hansa/protocols'
import { Agent } from 'undici'
import { describe, expect, it } from 'vitest'
import { driverCall } from '../testing/describe-driver.ts'
import { mcpBackend } from './mcp-backend.ts'
import { mcpCapabilities, NO_CLASSES } from './mcp-definition.ts'
import { mcpDriver } from './mcp-driver.ts'
import { listedOf } from './mcp-offered.ts'

const require = createRequire(new URL('../../../interop-tests/package.json', import.meta.url))
const program = join(dirname(require.resolve('@modelcontextprotocol/server-filesystem/package.json')), 'dist/index.js')

async function filesystem() {
  const directory = await mkdtemp(join(tmpdir(), 'hansa-mcp-'))
  await writeFile(join(directory, 'hello.txt'), 'Grüße aus Lübeck\n')
  const dispatcher = new Agent()
  const connection = { kind: 'stdio', command: process.execPath, args: [program, directory] } as const
  const backend = mcpBackend({ name: 'files', connection })({
    clock: { now: () => 0, after: () => () => {} },
    logger: silentLogger,
    dispatcher,
  })
  const { capabilities } = mcpCapabilities(listedOf(await backend.look()), { prefix: 'files', classes: NO_CLASSES })
  return {
    directory,
    capabilities,
    driver(id: string) {
      const found = capabilities.find(({ definition }) => definition.id === id)
      if (found === undefined) throw new Error(`${id} is not offered`)
      return mcpDriver({ backend, listed: found.listed })
    },
    async [Symbol.asyncDispose]() {
      await backend[Symbol.asyncDispose]()
      await dispatcher.destroy()
      await rm(directory, { recursive: true })
    },
  }
}

describe('the file system server of npm', () => {
  it('is offered under its own names, with its schemas', async () => {
    await using files = await filesystem()
    const read = files.capabilities.find(({ definition }) => definition.id === 'files.read_text_file')
    expect(JSON.parse(String(read?.definition.input))).toMatchObject({ type: 'object', required: ['path'] })
    expect(read?.definition.output).toBeDefined()
    expect(files.capabilities.length).toBeGreaterThan(10)
    expect(files.capabilities.every(({ definition }) => definition.safety === undefined)).toBe(true)
  })

  it('reads a real file', async () => {
    await using files = await filesystem()
    const args = { path: join(files.directory, 'hello.txt') }
    const answer = await files.driver('files.read_text_file').invoke(driverCall(args))
    expect(answer).toEqual({ kind: 'data', value: { content: 'Grüße aus Lübeck\n' } })
  })

  it('says in its own words that it refuses a path outside its directory, and serves the next call', async () => {
    await using files = await filesystem()
    const read = files.driver('files.read_text_file')
    expect(await read.invoke(driverCall({ path: '/etc/passwd' }))).toEqual({
      kind: 'content',
      isError: true,
      content: [{ type: 'text', text: expect.stringContaining('outside allowed directories') }],
    })
    await expect(read.invoke(driverCall({ path: join(files.directory, 'hello.txt') }))).resolves.toMatchObject({
      kind: 'data',
    })
  })
})
