import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { silentLogger } from '@hansa/protocols'
import { alice } from '@hansa/trust/testing'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { readConfig } from '../../config/index.ts'
import { type RunningNode, startNode } from '../../start-node.ts'
import { a2aFixture, aFrame } from '../../testing/a2a-fixture.ts'
import { makeHome } from '../make-home.ts'
import { runCli } from '../testing/run-cli.ts'

const everything = `rules: [{ id: all, effect: allow, subject: '*', action: '*', resource: '*' }]`
const fixture = join(import.meta.dirname, '..', '..', 'testing', 'mcp-changing-fixture.ts')
const tools = ['read', 'write'].map((name) => ({ name, description: `Does ${name}.`, inputSchema: { type: 'object' } }))
const config = `# of this node
listen: 127.0.0.1:0   # any port
name: orgb

# what it offers
capabilities:
  # greets
  - module: { path: ./greet.mjs }
`

let directory: string
let home: string
let node: RunningNode | undefined

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'hansa-capability-'))
  home = join(directory, 'home')
  await makeHome(home, config)
  await writeFile(join(home, 'policy.yaml'), everything)
  await writeFile(
    join(home, 'greet.mjs'),
    `export const capabilities = [{ definition: { id: 'greet', safety: 'READ' }, handler: () => 'hello' }]`,
  )
  await writeFile(join(directory, 'tools.json'), JSON.stringify(tools))
  await writeFile(join(directory, 'calls'), '')
})
afterEach(async () => {
  await node?.[Symbol.asyncDispose]()
  node = undefined
  await rm(directory, { recursive: true, force: true })
})

const start = async (more = '') => {
  if (more !== '') await writeFile(join(home, 'hansa.yaml'), more + config)
  node = await startNode({ home, config: await readConfig(join(home, 'hansa.yaml'), { home }), logger: silentLogger })
}
const run = (...argv: string[]) => runCli(argv, { home })
const json = async (...argv: string[]) => JSON.parse((await run(...argv, '--json')).stdout)
const text = () => readFile(join(home, 'hansa.yaml'), 'utf8')
const addTools = () =>
  run(
    'capability',
    'add',
    'mcp',
    'tools',
    '--',
    process.execPath,
    fixture,
    join(directory, 'tools.json'),
    join(directory, 'calls'),
  )

describe('hansa capability', () => {
  it('adds an MCP server to a running node, classifies a tool, shows it, and takes all of it away again', async () => {
    await start()
    const added = await addTools()
    expect([added.exit, added.stderr]).toEqual([0, ''])
    expect(added.stdout).toContain('and in force')
    expect(added.stdout).toContain('2 capabilities wait for a class: tools.read, tools.write')
    const list = await run('capability', 'list')
    expect(list.stdout).toMatch(/greet +available +READ +- +hansa\.yaml:8 +greet/)
    expect(list.stdout).toMatch(/tools\.read +unclassified +- +- +hansa\.yaml:9 +read/)
    expect((await run('capabilities')).stdout).toBe(list.stdout)
    const classified = await run('capability', 'classify', 'tools.read', '--safety', 'READ', '--obligation', 'log')
    expect(classified).toMatchObject({ exit: 0, stdout: expect.stringMatching(/state +available\nclass +READ/) })
    expect((await run('call', 'tools.read')).stdout).toBe('did read\n')
    const shown = await run('capability', 'show', 'tools.read')
    expect(shown.stdout).toMatch(/source +hansa\.yaml:9\n[\s\S]*obligations +log\n[\s\S]*pinned in the configuration/)
    expect(shown.stdout).toMatch(/rules that would be looked at\n {2}all {2}allow/)
    expect(await run('capability', 'remove', 'tools.read')).toMatchObject({ exit: 0, stderr: '' })
    expect((await json('capability', 'show', 'tools.read')).state).toBe('unclassified')
    expect(await run('capability', 'remove', 'tools')).toMatchObject({ exit: 0, stderr: '' })
    expect((await json('capability', 'list')).map(({ ref }: { ref: string }) => ref)).toEqual(['greet'])
    for (const kept of ['# of this node', '# any port', '# what it offers', '# greets'])
      expect(await text()).toContain(kept)
  })

  it('adds an agent of A2A, shows what its card says, classifies a skill and calls it', async () => {
    await using agent = await a2aFixture({ defaultCapability: 'desk.ask' })
    const described = {
      ref: 'ask',
      kind: 'task' as const,
      title: 'Desk',
      description: 'Answers',
      safety: 'READ' as const,
    }
    agent.kernel.listed.push({ ...described, sensitivity: [], state: 'available', hash: 'A'.repeat(43) })
    agent.answers.set('ask', (_args, _options, ref) => aFrame(ref, 'text', 'At noon.'))
    await start('allow_private: [127.0.0.0/8]\n')
    const header = `authorization: Bearer ${await agent.agent('partner')}`
    const words = ['desk', '--url', agent.url, '--header', header, '--signer', alice.did]
    const added = await run('capability', 'add', 'a2a', ...words)
    expect([added.exit, added.stderr]).toEqual([0, ''])
    expect(added.stdout).toContain('1 capability waits for a class: desk.ask')
    const shown = await run('capability', 'show', 'desk.ask')
    expect(shown.stdout).toMatch(/offered as +the skill "ask" of the agent desk\n/)
    expect(shown.stdout).toContain('"signed":true')
    expect(await run('capability', 'classify', 'desk.ask', '--safety', 'READ')).toMatchObject({ exit: 0 })
    expect((await run('call', 'desk.ask', '{"message":[{"type":"text","text":"When?"}]}')).stdout).toContain('At noon.')
    const entries = await node?.kernel.audit({})
    expect(JSON.stringify(entries)).toContain('an agent that is no kernel, local_only')
    expect(await run('capability', 'remove', 'desk')).toMatchObject({ exit: 0 })
  })

  it('adds an HTTP request with its place, class and schema', async () => {
    await start()
    const server = createServer((request, response) => response.end(`asked ${request.url}`))
    await using _server = server
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/today/{city}`
    const input = '{"type":"object","properties":{"city":{"type":"string"}},"required":["city"]}'
    const words = ['weather.today', '--method', 'GET', '--url', url, '--safety', 'READ', '--input', input]
    expect(await run('capability', 'add', 'http', ...words)).toMatchObject({
      exit: 0,
      stdout: expect.stringContaining('added: weather.today'),
    })
    expect((await run('call', 'weather.today', '{"city":"Bergen"}')).stdout).toBe('asked /today/Bergen\n')
    const again = await run('capability', 'add', 'http', ...words)
    expect([again.exit, again.stderr]).toEqual([3, expect.stringContaining('weather.today is already the id of')])
    expect(await run('capability', 'remove', 'weather.today')).toMatchObject({ exit: 0 })
    expect((await run('call', 'weather.today', '{"city":"x"}')).exit).toBe(1)
  })

  it('takes a change back that the node cannot use, and says everything that is wrong with it', async () => {
    await start()
    const before = await text()
    const broken = join(home, 'broken.mjs')
    await writeFile(broken, 'throw new Error("it does not want to")')
    const refused = await run('capability', 'add', 'module', broken)
    expect([refused.exit, refused.stderr]).toEqual([1, expect.stringContaining('it does not want to')])
    const gone = await run('capability', 'add', 'mcp', 'gone', '--command', '/nonexistent/program')
    expect([gone.exit, gone.stderr]).toEqual([1, expect.stringContaining('does not answer')])
    expect(await text()).toBe(before)
    expect((await json('capability', 'list')).length).toBe(1)
  })

  it.each([
    [['add', 'module', 'greet.mjs'], /configured already/],
    [['add', 'mcp', 'x'], /Say how to reach the server/],
    [['add', 'mcp', 'Not An Id', '--command', 'x'], /not dotted segments/],
    [['add', 'http', 'a', '--method', 'GET', '--url', 'x', '--header', 'none'], /Write it as --header/],
    [['add', 'http', 'a', '--method', 'GET', '--url', 'http://a', '--obligation', 'encrypt'], /not understood/],
    [['remove', 'nothing'], /^hansa: Nothing is configured as nothing; see: hansa capability list\.$/m],
    [['remove', 'orgb/files.read'], /hansa unimport orgb/],
    [['classify', 'tools.read', '--safety', 'HARMLESS'], /Allowed choices are READ, WRITE, DESTRUCTIVE/],
  ])('refuses %j, and changes nothing', async (argv, message) => {
    const before = await text()
    const cwd = process.cwd()
    process.chdir(home)
    const refused = await run('capability', ...argv).finally(() => process.chdir(cwd))
    expect([refused.exit, refused.stderr]).toEqual([3, expect.stringMatching(message)])
    expect(await text()).toBe(before)
  })

  it('writes for a node that does not run, and has it classified only when it runs', async () => {
    const added = await addTools()
    expect([added.exit, added.stdout]).toEqual([0, expect.stringContaining('takes it in when it starts')])
    expect((await stat(join(home, 'hansa.yaml'))).mode & 0o777).toBe(0o600)
    expect((await run('capability', 'classify', 'tools.read', '--safety', 'READ')).exit).toBe(4)
    await start()
    expect((await json('capability', 'list')).length).toBe(3)
    expect(await run('reload')).toMatchObject({ exit: 0, stdout: expect.stringContaining('No capability has changed') })
  })

  it('lets two commands change the configuration at the same time', async () => {
    await start()
    const names = ['one', 'two', 'three', 'four']
    for (const name of names)
      await writeFile(
        join(home, `${name}.mjs`),
        `export const capabilities = [{ definition: { id: '${name}' }, handler() {} }]`,
      )
    const runs = await Promise.all(names.map((name) => run('capability', 'add', 'module', join(home, `${name}.mjs`))))
    expect(runs.map(({ exit }) => exit)).toEqual([0, 0, 0, 0])
    expect((await readConfig(join(home, 'hansa.yaml'), { home })).capabilities).toHaveLength(5)
    expect((await json('capability', 'list')).length).toBe(5)
  })
})
