import { chmod, mkdtemp, rename, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type LogFields, silentLogger } from '@hansa/protocols'
import { describe, expect, it } from 'vitest'
import { makeHome } from './cli/make-home.ts'
import { readConfig } from './config/index.ts'
import { portState } from './start/preflight.ts'
import { type RunningNode, type StartNodeInit, startNode } from './start-node.ts'

const fixture = join(import.meta.dirname, 'testing', 'mcp-stdio-fixture.ts')
const everything = `rules: [{ id: all, effect: allow, subject: '*', action: '*', resource: '*' }]`

interface Home extends AsyncDisposable {
  path: string
  write(file: string, text: string): Promise<void>
  start(over?: Partial<StartNodeInit>): Promise<RunningNode>
}

async function aHome(config: string, policy = everything): Promise<Home> {
  const path = join(await mkdtemp(join(tmpdir(), 'hansa-node-')), 'home')
  await makeHome(path, config)
  const write = (file: string, text: string) => writeFile(join(path, file), text)
  await write('policy.yaml', policy)
  return {
    path,
    write,
    async start(over = {}) {
      const read = await readConfig(join(path, 'hansa.yaml'), { home: path })
      return startNode({ home: path, config: read, logger: silentLogger, ...over })
    },
    [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }),
  }
}

/** A backend that says which path it was asked for. */
async function aBackend() {
  const server = createServer((request, response) => {
    response.setHeader('content-type', 'application/json')
    response.end(JSON.stringify({ asked: request.url }))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return { url, [Symbol.asyncDispose]: () => server[Symbol.asyncDispose]() }
}

describe(startNode, () => {
  it('serves capabilities of all three kinds, as the configuration classifies them', async () => {
    await using backend = await aBackend()
    await using home = await aHome(`
listen: 127.0.0.1:0
capabilities:
  - mcp: { id: fixture, command: '${process.execPath}', args: ['${fixture}'], capabilities: { echo_text: { safety: READ } } }
  - http:
      id: weather.today
      method: GET
      url: '${backend.url}/today/{city}'
      safety: READ
      input: { type: object, properties: { city: { type: string } }, required: [city] }
      output: { type: object, properties: { asked: { type: string } } }
  - module: { path: ./own.mjs }
`)
    await home.write(
      'own.mjs',
      `export const capabilities = [{ definition: { id: 'own.twice', safety: 'READ' }, handler: ({ n }) => String(2 * n) }]`,
    )
    await using node = await home.start()
    const { kernel } = node
    const known = await kernel.capabilities()
    const callable = known.filter(({ state }) => state === 'available')
    expect(callable.map(({ ref, safety }) => [ref, safety])).toEqual([
      ['fixture.echo_text', 'READ'],
      ['own.twice', 'READ'],
      ['weather.today', 'READ'],
    ])
    expect(await kernel.invoke('fixture.echo_text', { text: 'hello' })).toMatchObject({ kind: 'text', value: 'hello' })
    expect(await kernel.invoke('weather.today', { city: 'Lübeck/..' })).toMatchObject({
      value: { asked: '/today/L%C3%BCbeck%2F..' },
    })
    expect(await kernel.invoke('own.twice', { n: 21 })).toMatchObject({ value: '42' })
  })

  it('names everything that keeps it from starting, and leaves nothing open', async () => {
    await using home = await aHome(
      'listen: 127.0.0.1:0\ncapabilities: [{ module: { path: ./missing.mjs } }]\n',
      'rules: 5',
    )
    await chmod(join(home.path, 'keys', 'log.key'), 0o604)
    await expect(home.start()).rejects.toMatchObject({
      detail: {
        code: 'node_cannot_start',
        faults: [
          expect.stringContaining('log.key can be reached by others'),
          expect.stringContaining('policy.yaml:1: rules'),
          expect.stringContaining('hansa.yaml:2: the module'),
        ],
      },
    })
    await chmod(join(home.path, 'keys', 'log.key'), 0o600)
    await home.write('policy.yaml', everything)
    await home.write('missing.mjs', 'export const capabilities = []')
    await using node = await home.start()
    expect(node.endpoint).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/)
  })

  it('names every capability that the kernel refuses, with its place', async () => {
    const one = `{ definition: { id: 'one' }, handler() {} }`
    await using home = await aHome(
      'listen: 127.0.0.1:0\ncapabilities:\n  - module: { path: ./a.mjs }\n  - module: { path: ./b.mjs }\n',
    )
    await home.write('a.mjs', `export const capabilities = [${one}, { definition: { id: 'Two' }, handler() {} }]`)
    await home.write('b.mjs', `export const capabilities = [${one}]`)
    await expect(home.start()).rejects.toMatchObject({
      detail: {
        faults: [
          expect.stringMatching(/^hansa\.yaml:3: Capability Two cannot be registered: id: /),
          'hansa.yaml:4: Capability one is already registered.',
        ],
      },
    })
  })

  it('lets go of its address when it ends', async () => {
    await using home = await aHome('listen: 127.0.0.1:0\n')
    const node = await home.start()
    const address = { host: '127.0.0.1', port: Number(new URL(node.endpoint).port) }
    expect(await portState(address)).toMatchObject({ free: false })
    await node[Symbol.asyncDispose]()
    expect(await portState(address)).toEqual({ free: true })
    await using again = await home.start()
    expect(again.did).toBe(node.did)
  })

  it('puts another policy in force when its files were read again, and keeps the old one when they have a fault', async () => {
    await using home = await aHome('listen: 127.0.0.1:0\ncapabilities: [{ module: { path: ./own.mjs } }]\n')
    await home.write(
      'own.mjs',
      `export const capabilities = [{ definition: { id: 'own', safety: 'READ' }, handler: () => 'x' }]`,
    )
    const errors: (LogFields | undefined)[] = []
    const logger = { ...silentLogger, error: (_event: string, fields?: LogFields) => void errors.push(fields) }
    await using node = await home.start({ logger })
    await home.write('policy.yaml', 'rules: [{ id: a, effect: alow }]')
    expect(await node.reloadPolicies()).toMatchObject({
      ok: false,
      faults: expect.arrayContaining([expect.stringContaining('policy.yaml:1')]),
    })
    expect(errors).toHaveLength(1)
    expect(await node.kernel.invoke('own', {})).toMatchObject({ value: 'x' })
    await home.write('policy.yaml', 'rules: []')
    expect(await node.reloadPolicies()).toMatchObject({ ok: true, rules: 0 })
    await expect(node.kernel.invoke('own', {})).rejects.toMatchObject({ detail: { code: 'policy_denied' } })
  })

  it('has no gap while its policy is rewritten: what stays allowed is never denied, what was removed never allowed', async () => {
    const rule = (id: string) => `  - { id: ${id}, effect: allow, subject: '*', action: invoke, resource: ${id} }\n`
    const [both, one] = [`rules:\n${rule('stays')}${rule('goes')}`, `rules:\n${rule('stays')}`]
    await using home = await aHome('listen: 127.0.0.1:0\ncapabilities: [{ module: { path: ./own.mjs } }]\n', both)
    await home.write(
      'own.mjs',
      `export const capabilities = ['stays', 'goes'].map((id) => ({ definition: { id, safety: 'READ', limits: { calls_per_minute: 100_000 } }, handler: () => id }))`,
    )
    await using node = await home.start()
    const { kernel } = node
    const flow = { ended: false, calls: 0 }
    const calling = (async () => {
      for (; !flow.ended; flow.calls++) await kernel.invoke('stays', {})
    })()
    for (let round = 0; round < 200; round++) {
      const removed = round % 2 === 0
      await home.write('policy.yaml.new', removed ? one : both)
      await rename(join(home.path, 'policy.yaml.new'), join(home.path, 'policy.yaml'))
      expect(await node.reloadPolicies()).toMatchObject({ ok: true, rules: removed ? 1 : 2 })
      const answer = await kernel.invoke('goes', {}).then(
        ({ value }) => value,
        ({ detail }) => detail.code,
      )
      expect(answer).toBe(removed ? 'policy_denied' : 'goes')
    }
    flow.ended = true
    await calling
    expect(flow.calls).toBeGreaterThan(200)
  }, 60_000)

  it('takes a changed policy file by itself', async () => {
    await using home = await aHome('listen: 127.0.0.1:0\n')
    const reloaded = Promise.withResolvers<LogFields | undefined>()
    const info = (event: string, fields?: LogFields) => {
      if (event === 'policy.reloaded') reloaded.resolve(fields)
    }
    await using _node = await home.start({ logger: { ...silentLogger, info } })
    await home.write('policy.yaml', 'rules: []')
    expect(await reloaded.promise).toMatchObject({ rules: 0 })
  })
})
