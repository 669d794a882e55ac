/** What an operator is told when something is wrong: one message, with what to do, and no stack. */
import { chmod, mkdir, writeFile } from 'node:fs/promises'
import type { AddressInfo } from 'node:net'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { hansa, type Ready, type Scratch, scratch, staying } from './hansa-process.ts'

let place: Scratch

beforeAll(async () => {
  place = await scratch()
})

afterAll(async () => {
  await place[Symbol.asyncDispose]()
})

const noStack = /^(?!.*\n? {4}at )/s

describe('hansa init', () => {
  it('makes a home that only its owner can enter, and never writes over one', async () => {
    const { path } = await place.home('twice')
    const again = await hansa(['init', '--home', path])
    expect(again).toMatchObject({ exit: 3, stderr: expect.stringContaining(`There is a node in ${path} already`) })
  })

  it('makes nothing when an option is wrong', async () => {
    const home = join(place.path, 'never')
    const run = await hansa(['init', '--home', home, '--listen', 'nowhere', '--registry', 'ftp://x'])
    expect(run).toMatchObject({
      exit: 3,
      stderr: expect.stringMatching(/--listen: "nowhere".*\n.*--registry: not an http/),
    })
    expect((await hansa(['status', '--home', home])).exit).toBe(3)
  })

  it('denies by default: a new node offers nothing and permits nothing', async () => {
    const { path } = await place.home('new')
    await using _node = await staying<Ready>(['up', '--home', path])
    const { exit, stderr } = await hansa(['call', 'anything', '--home', path])
    expect([exit, stderr]).toEqual([1, expect.stringContaining('not_found')])
  })
})

describe('hansa up', () => {
  it('says how to make a node where there is none', async () => {
    const home = join(place.path, 'missing')
    expect(await hansa(['up', '--home', home])).toEqual({
      exit: 3,
      stdout: '',
      stderr: `hansa: There is no node in ${home}. Make one with: hansa init --home ${home}\n`,
    })
  })

  it('names all mistakes of the configuration in one message, each with its line', async () => {
    const text = 'nmae: orgb\nlisten: 127.0.0.1\npeers:\n  - did: nobody\n'
    const { path } = await place.home('mistakes', { 'hansa.yaml': text })
    const { exit, stderr } = await hansa(['up', '--home', path], { env: { HANSA_LOG_LEVEL: 'loud' } })
    expect(exit).toBe(3)
    expect(stderr.split('\n')).toEqual([
      'hansa: The configuration has 4 mistakes:',
      '  - HANSA_LOG_LEVEL: expected one of "debug"|"info"|"warn"|"error"|"silent"',
      expect.stringContaining('hansa.yaml:1: nmae: there is no such key; did you mean "name"?'),
      expect.stringContaining('hansa.yaml:2: listen: "127.0.0.1" is not HOST:PORT'),
      expect.stringContaining('hansa.yaml:4: peers[0].did: not a DID'),
      '',
    ])
  })

  it('names a busy port, a fault of the policy, a missing program and an exposed key in one message', async () => {
    await using server = createServer()
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as AddressInfo
    const { path } = await place.home('unlucky', {
      'hansa.yaml': `listen: 127.0.0.1:${port}\ncapabilities:\n  - mcp: { id: a, command: ./nothing, capabilities: { x: {} } }\n`,
      'policy.yaml': 'rules:\n  - { id: a, effect: alow, subject: "*", action: invoke, resource: "*" }\n',
    })
    await chmod(join(path, 'keys', 'identity.key'), 0o644)
    const { exit, stderr } = await hansa(['up', '--home', path, '--log-level', 'silent'])
    expect([exit, stderr]).toEqual([3, expect.stringMatching(noStack)])
    expect(stderr.split('\n')).toEqual([
      'hansa: The node cannot start:',
      expect.stringMatching(/identity\.key can be reached by others than its owner \(mode 0644\)\. Run: chmod 600/),
      expect.stringContaining('policy.yaml:2: rule "a": effect: '),
      expect.stringContaining(`Another process listens on 127.0.0.1:${port}. Stop it, or set another port`),
      expect.stringMatching(/hansa\.yaml:3: the MCP server .*nothing does not answer: .*ENOENT/),
      '',
    ])
  })

  it('does not start a second node in one home', async () => {
    const { path } = await place.home('single')
    await using _node = await staying<Ready>(['up', '--home', path])
    const { exit, stderr } = await hansa(['up', '--home', path])
    expect([exit, stderr]).toEqual([
      3,
      `hansa: A node is running in ${path} already. Ask it with: hansa status --home ${path}\n`,
    ])
  })

  it('starts again after it was killed', async () => {
    const { path } = await place.home('killed')
    await using node = await staying<Ready>(['up', '--home', path])
    node.signal('SIGKILL')
    await node.ended
    await using again = await staying<Ready>(['up', '--home', path])
    expect(again.ready.did).toBe(node.ready.did)
  })
})

describe('hansa verify', () => {
  it.each([
    ['a directory that is not a log', async (at: string) => void (await mkdir(at)), 'There is no log in '],
    ['a file', async (at: string) => writeFile(at, ''), 'is no audit export'],
    ['nothing', async () => {}, 'There is no directory '],
  ])('takes %s for a mistake of whoever asks', async (what, make, message) => {
    const at = join(place.path, what.replaceAll(' ', '-'))
    await make(at)
    expect(await hansa(['verify', at])).toMatchObject({ exit: 3, stdout: '', stderr: expect.stringContaining(message) })
  })

  it('does not take a node that has never run for a log', async () => {
    const { path } = await place.home('never-ran')
    expect((await hansa(['verify', path])).exit).toBe(3)
  })
})

describe('hansa policy check', () => {
  it('counts rules, and names every mistake of every file with its line', async () => {
    const [good, bad] = [join(place.path, 'good.yaml'), join(place.path, 'bad.yaml')]
    await writeFile(good, 'rules:\n  - { id: a, effect: deny, subject: "*", action: "*", resource: "*" }\n')
    await writeFile(
      bad,
      'rules:\n  - { id: b, effect: deny, subject: "*", action: "*", resource: "*", when: "1 +" }\n  - { id: c }\n',
    )
    expect(await hansa(['policy', 'check', good])).toMatchObject({
      exit: 0,
      stdout: 'No mistakes: 1 rule (0 allow, 1 deny, 0 require approval) in 1 file.\n',
    })
    const { exit, stdout } = await hansa(['policy', 'check', good, bad, join(place.path, 'none.yaml'), '--json'])
    const { ok, faults } = JSON.parse(stdout) as { ok: boolean; faults: { source: string; line?: number }[] }
    expect([exit, ok]).toEqual([1, false])
    expect(faults.map(({ source, line }) => [source, line])).toEqual(
      expect.arrayContaining([
        [bad, 2],
        [bad, 3],
        [join(place.path, 'none.yaml'), undefined],
      ]),
    )
  })
})

describe('hansa doctor', () => {
  it('finds everything that is wrong with a home, and says what to do', async () => {
    const { path } = await place.home('ill', {
      'hansa.yaml': 'registry: { url: http://127.0.0.1:1 }\nallow_private: true\n',
      'policy.yaml': 'rules: 5',
    })
    await chmod(path, 0o755)
    await chmod(join(path, 'keys', 'token.secret'), 0o640)
    const { exit, stdout } = await hansa(['doctor', '--home', path, '--json'])
    const { checks } = JSON.parse(stdout) as { checks: { check: string; state: string; remedy?: string }[] }
    expect(exit).toBe(1)
    const failed = checks.filter(({ state }) => state === 'fail')
    expect(failed.map(({ check }) => check)).toEqual(['home', 'token secret', 'policies', 'registry'])
    expect(failed.every(({ remedy }) => remedy !== undefined)).toBe(true)
  })
})
