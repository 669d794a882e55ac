import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { silentLogger } from '@hansa/protocols'
import { manualClock } from '@hansa/protocols/testing'
import { Agent } from 'undici'
import { describe, expect, it } from 'vitest'
import type { ClassifiedTool, ConfiguredCapability } from '../config/index.ts'
import { compileDetectors } from '../firewall/index.ts'
import { ConfiguredCapabilities } from '../kernel/configured-capabilities.ts'
import { RunningCalls } from '../kernel/invoke.ts'
import { LocalCapabilities } from '../kernel/local-capabilities.ts'
import { driverCall } from '../testing/index.ts'
import { ConfiguredOffers } from './configured-offers.ts'
import { upstreamSettings } from './upstream-settings.ts'

const fixture = join(import.meta.dirname, '..', 'testing', 'mcp-stdio-fixture.ts')

async function ground() {
  const directory = await mkdtemp(join(tmpdir(), 'hansa-offers-'))
  const resources = new AsyncDisposableStack()
  const dispatcher = resources.adopt(new Agent(), (agent) => agent.destroy())
  const detectors = compileDetectors()
  const upstream = upstreamSettings({ allowPrivate: false }, { keys: directory }, {})
  const components = {
    clock: manualClock(),
    logger: silentLogger,
    dispatcher,
    detectors,
    reach: { allowPrivate: false },
    upstream,
  }
  let modules = 0
  return {
    async prepare(...configured: ConfiguredCapability[]) {
      const opened = resources.use(new ConfiguredOffers(components))
      const faults = await opened.prepare(configured)
      const locals = new LocalCapabilities()
      const append = () => ({ seq: 0, tMs: 0, leafHash: '', durable: Promise.resolve() })
      const kernel = new ConfiguredCapabilities({ locals, running: new RunningCalls(), append })
      opened.attach(kernel)
      const offers = locals.descriptors().flatMap(({ id }) => kernel.find(id) ?? [])
      return { faults, offers, withheld: kernel.listWithheld() }
    },
    /** Each under a name of its own: a module is loaded once. */
    async module(text: string): Promise<ConfiguredCapability> {
      const path = join(directory, `${modules++}.mjs`)
      await writeFile(path, text)
      return { kind: 'module', at: 'hansa.yaml:9', path }
    },
    async [Symbol.asyncDispose]() {
      await resources.disposeAsync()
      await rm(directory, { recursive: true })
    },
  }
}

const mcp = (tool: Readonly<Record<string, ClassifiedTool>>): ConfiguredCapability => ({
  kind: 'mcp',
  at: 'hansa.yaml:3',
  prefix: 'fixture',
  connection: { kind: 'stdio', command: process.execPath, args: [fixture] },
  classified: { tool, prompt: {}, resource: {} },
})

describe(ConfiguredOffers, () => {
  it('offers of an MCP server only what is classified, as it is classified', async () => {
    await using given = await ground()
    const { offers, faults, withheld } = await given.prepare(
      mcp({ echo_text: { safety: 'READ', sensitivity: ['PII'] } }),
    )
    expect(faults).toEqual([])
    expect(withheld.map(({ state, source }) => [state, source])).toEqual(
      Array(11).fill(['unclassified', 'hansa.yaml:3']),
    )
    expect(offers.map(({ at, definition }) => ({ at, ...definition }))).toMatchObject([
      { at: 'hansa.yaml:3', id: 'fixture.echo_text', safety: 'READ', sensitivity: ['PII'] },
    ])
    expect(await offers[0]?.driver.invoke(driverCall({ text: 'hello' }))).toEqual({ kind: 'text', text: 'hello' })
  })

  it('serves the functions of a module', async () => {
    await using given = await ground()
    const module = await given.module(`
      const output = { type: 'object' }
      export const capabilities = [
        { definition: { id: 'a.data', output }, handler: (args) => ({ got: args }) },
        { definition: { id: 'a.text' }, handler: async () => 'text' },
      ]`)
    const { offers, faults } = await given.prepare(module)
    expect(faults).toEqual([])
    expect(offers.map(({ definition }) => definition.id)).toEqual(['a.data', 'a.text'])
    expect(await offers[0]?.driver.invoke(driverCall({ n: 1 }))).toEqual({
      kind: 'data',
      value: { got: { n: 1 } },
      isPayload: true,
    })
    expect(await offers[1]?.driver.invoke(driverCall({}))).toEqual({ kind: 'text', text: 'text' })
  })

  it('collects everything that fails, with its place', async () => {
    await using given = await ground()
    const { offers, faults } = await given.prepare(
      mcp({ echo_text: {}, missing: {} }),
      { ...mcp({ x: {} }), connection: { kind: 'stdio', command: '/nonexistent/program' } } as ConfiguredCapability,
      {
        kind: 'http',
        at: 'hansa.yaml:5',
        definition: { id: 'w' },
        operation: { method: 'GET', url: 'ftp://a', body: 'rest' },
      },
      { kind: 'module', at: 'hansa.yaml:6', path: '/nonexistent/module.mjs' },
      await given.module('export const capabilities = [{ definition: { id: 5 }, handler: 1 }]'),
      await given.module('throw new Error("it does not want to")'),
      await given.module('export const other = 1'),
    )
    expect(offers.map(({ definition }) => definition.id)).toEqual(['fixture.echo_text'])
    expect(faults).toEqual([
      'hansa.yaml:3: what the MCP server calls missing is configured and not listed.',
      expect.stringMatching(/^hansa\.yaml:3: the MCP server \/nonexistent\/program does not answer: .*ENOENT/),
      expect.stringMatching(/^hansa\.yaml:5: the request of w cannot be made: url is not .*; GET has no body/),
      expect.stringMatching(
        /^hansa\.yaml:6: the module \/nonexistent\/module\.mjs cannot be loaded: Cannot find module/,
      ),
      expect.stringMatching(
        /has to export .*: capabilities\.0\.definition\.id .*; capabilities\.0\.handler is not a function/,
      ),
      expect.stringContaining('cannot be loaded: it does not want to'),
      expect.stringContaining('has to export `capabilities`'),
    ])
  })
})
