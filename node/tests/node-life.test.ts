/** A node as a process: where it listens, what signals do, and the programs around it. */
import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { delimiter, join } from 'node:path'
import type { Discovery, KernelStatus } from '@hansa/protocols'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { hansa, hansaJson, type Ready, type Scratch, scratch, staying } from './hansa-process.ts'

let place: Scratch

beforeAll(async () => {
  place = await scratch()
})

afterAll(async () => {
  await place[Symbol.asyncDispose]()
})

describe('a running node', () => {
  it('says in one line what others need to reach it', async () => {
    const { path, did } = await place.home('line')
    await using node = await staying<Ready>(['up', '--home', path])
    expect(node.ready).toEqual({
      did,
      endpoint: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+$/),
      control: `unix:${path}/control.sock`,
      pid: expect.any(Number),
    })
  })

  it('reads its policy again at SIGHUP, and keeps the old one when the new one has a fault', async () => {
    const { path } = await place.home('reload')
    await using node = await staying<Ready>(['up', '--home', path])
    const rules = async () => (await hansaJson<KernelStatus>(['status', '--home', path])).policy.rules
    await writeFile(
      join(path, 'policy.yaml'),
      'rules: [{ id: a, effect: allow, subject: "*", action: "*", resource: "*" }]',
    )
    node.signal('SIGHUP')
    await node.said('policy.reloaded')
    expect(await rules()).toBe(1)
    await writeFile(join(path, 'policy.yaml'), 'rules: [{ id: a, effect: alow }]')
    node.signal('SIGHUP')
    await node.said('policy.not_reloaded')
    expect(await rules()).toBe(1)
  })

  it('has its control interface on loopback, with a token, where the path of a socket would be too long', async () => {
    const { path } = await place.home('l'.repeat(100))
    await using node = await staying<Ready>(['up', '--home', path])
    expect(node.ready.control).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/)
    expect((await hansaJson<KernelStatus>(['status', '--home', path])).did).toBe(node.ready.did)
    const second = await hansa(['up', '--home', path])
    expect([second.exit, second.stderr]).toEqual([3, expect.stringContaining('The node cannot start')])
    node.signal('SIGTERM')
    expect(await node.ended).toBe(0)
    expect((await hansa(['status', '--home', path])).exit).toBe(4)
  })

  it('lets options and the environment go before its configuration', async () => {
    const { path } = await place.home('overridden', { 'hansa.yaml': 'listen: 192.0.2.1:1\nlog_level: debug\n' })
    const env = { HANSA_HOME: path, HANSA_LISTEN: '192.0.2.1:2', HANSA_LOG_LEVEL: 'silent' }
    await using node = await staying<Ready>(['up', '--listen', '127.0.0.1:0'], { env })
    expect(node.ready.endpoint).toMatch(/^http:\/\/127\.0\.0\.1:/)
    expect(node.stderr()).toBe('')
  })
})

describe('hansa registry up', () => {
  it('runs the registry, in which a node lists itself for as long as it lives', async () => {
    const registry = await staying<{ url: string }>([
      'registry',
      'up',
      '--listen',
      '127.0.0.1:0',
      '--database',
      'memory:',
    ])
    await using _registry = registry
    const { url } = registry.ready
    const one = 'export const capabilities = [{ definition: { id: "one", safety: "READ" }, handler: () => 1 }]'
    const config = `listen: 127.0.0.1:0\nallow_private: true\nregistry: { url: '${url}' }\n`
    const [asking, listed] = [
      await place.home('asking', { 'hansa.yaml': config }),
      await place.home('listed', {
        'hansa.yaml': `${config}capabilities: [{ module: { path: ./one.mjs } }]\n`,
        'one.mjs': one,
      }),
    ]
    await using _asking = await staying<Ready>(['up', '--home', asking.path])
    const found = async () =>
      (await hansaJson<Discovery>(['discover', '--home', asking.path])).peers.map(({ did }) => did)
    await using node = await staying<Ready>(['up', '--home', listed.path])
    expect(await found()).toEqual([listed.did])
    const imported = await hansaJson<{ peer: string }>(['import', listed.did, '--as', 'listed', '--home', asking.path])
    expect(imported.peer).toBe(listed.did)
    node.signal('SIGTERM')
    expect(await node.ended).toBe(0)
    expect(await found()).toEqual([])
    // Its next manifest has a number above that of the withdrawal, so it is listed again.
    await using _again = await staying<Ready>(['up', '--home', listed.path])
    expect(await found()).toEqual([listed.did])
    registry.signal('SIGTERM')
    expect(await registry.ended).toBe(0)
  })
})

const oldNode = nodeOlderThan(24)

describe.skipIf(oldNode === undefined)('started by a Node older than 24 (skipped where there is none in PATH)', () => {
  const node = oldNode ?? ''

  it('hands over to the Node of the workspace, with arguments, output and exit code', async () => {
    const { exit, stdout } = await hansa(['--help'], { node })
    expect([exit, stdout]).toEqual([0, expect.stringContaining('Run a node:')])
    expect((await hansa(['nonsense'], { node })).exit).toBe(3)
  })

  it('passes signals on', async () => {
    const { path } = await place.home('old')
    await using up = await staying<Ready>(['up', '--home', path], { node })
    up.signal('SIGTERM')
    expect(await up.ended).toBe(0)
    expect((await hansa(['status', '--home', path])).exit).toBe(4)
  })
})

function nodeOlderThan(major: number): string | undefined {
  const paths = [...new Set((process.env.PATH ?? '').split(delimiter))].map((folder) => join(folder, 'node'))
  return paths.find((path) => existsSync(path) && versionOf(path) < major)
}

function versionOf(path: string): number {
  try {
    return Number(execFileSync(path, ['-p', 'process.versions.node.split(".")[0]'], { encoding: 'utf8' }))
  } catch {
    return Number.POSITIVE_INFINITY
  }
}
