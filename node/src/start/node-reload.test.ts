import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { silentLogger } from '@hansa/protocols'
import { describe, expect, it } from 'vitest'
import { ask } from '../cli/control-client.ts'
import { makeHome } from '../cli/make-home.ts'
import { readConfig } from '../config/index.ts'
import { type RunningNode, startNode } from '../start-node.ts'

const everything = `rules: [{ id: all, effect: allow, subject: '*', action: '*', resource: '*' }]`

/** A module whose capability holds each call until the test lets go of it. */
const heldModule = `
  globalThis.heldCalls ??= []
  const held = () => new Promise((resolve) => globalThis.heldCalls.push(resolve))
  export const capabilities = [{ definition: { id: 'own.held', safety: 'READ' }, handler: held }]`
const heldCalls = () => (globalThis as { heldCalls?: ((value: string) => void)[] }).heldCalls ?? []

const answering = (id: string, answer: string) =>
  `export const capabilities = [{ definition: { id: '${id}', safety: 'READ' }, handler: () => '${answer}' }]`

interface Ground extends AsyncDisposable {
  home: string
  node: RunningNode
  write(file: string, text: string): Promise<void>
  refs(): Promise<string[]>
}

async function ground(config: string, files: Record<string, string> = {}): Promise<Ground> {
  const directory = await mkdtemp(join(tmpdir(), 'hansa-reload-'))
  const home = join(directory, 'home')
  await makeHome(home, config)
  const write = (file: string, text: string) => writeFile(join(home, file), text)
  await write('policy.yaml', everything)
  for (const [file, text] of Object.entries(files)) await write(file, text)
  const node = await startNode({
    home,
    config: await readConfig(join(home, 'hansa.yaml'), { home }),
    logger: silentLogger,
  })
  return {
    home,
    node,
    write,
    refs: async () => (await node.kernel.capabilities()).map(({ ref }) => ref),
    async [Symbol.asyncDispose]() {
      await node[Symbol.asyncDispose]()
      await rm(directory, { recursive: true, force: true })
    },
  }
}

const modules = (...names: string[]) =>
  `listen: 127.0.0.1:0\ncapabilities:\n${names.map((name) => `  - module: { path: ./${name}.mjs }\n`).join('')}`

describe('reading the configuration of a running node again', () => {
  it('adds, removes and changes what is offered, and lets what is unchanged be', async () => {
    await using given = await ground(modules('a', 'b', 'c'), {
      'a.mjs': answering('own.a', 'a'),
      'b.mjs': answering('own.b', 'b'),
      'c.mjs': answering('own.c', 'before'),
      'd.mjs': answering('own.d', 'd'),
    })
    await given.write('hansa.yaml', modules('d', 'a', 'c'))
    await given.write('c.mjs', answering('own.c', 'after'))
    expect(await ask(given.home, 'reload', {})).toEqual({
      ok: true,
      added: ['own.d'],
      removed: ['own.b'],
      changed: ['own.c'],
      rules: 1,
      needsRestart: [],
    })
    const { manifest } = await given.node.kernel.advertise()
    expect(manifest.capabilities.map(({ id }) => id)).toEqual(['own.a', 'own.c', 'own.d'])
    expect(await given.node.kernel.invoke('own.c', {})).toMatchObject({ value: 'after' })
    const sources = (await given.node.kernel.capabilities()).map(({ ref, source }) => [ref, source])
    expect(sources).toEqual([
      ['own.a', 'hansa.yaml:4'],
      ['own.c', 'hansa.yaml:5'],
      ['own.d', 'hansa.yaml:3'],
    ])
  })

  it('ends no call that runs, and begins none of what is gone', async () => {
    await using given = await ground(modules('held'), { 'held.mjs': heldModule })
    const before = heldCalls().length
    const running = given.node.kernel.invoke('own.held', {})
    await expect.poll(() => heldCalls().length).toBe(before + 1)
    await given.write('hansa.yaml', 'listen: 127.0.0.1:0\n')
    expect(await given.node.reload()).toMatchObject({ ok: true, removed: ['own.held'] })
    await expect(given.node.kernel.invoke('own.held', {})).rejects.toMatchObject({ detail: { code: 'not_found' } })
    heldCalls().at(-1)?.('done')
    expect(await running).toMatchObject({ value: 'done' })
  })

  it('keeps everything as it is with a fault anywhere, and names every one of them', async () => {
    await using given = await ground(modules('a'), {
      'a.mjs': answering('own.a', 'a'),
      'b.mjs': answering('own.b', 'b'),
    })
    await given.write('hansa.yaml', modules('b', 'missing'))
    await given.write('policy.yaml', 'rules: [{ id: a, effect: alow }]')
    const { version } = (await given.node.kernel.status()).policy
    expect(await given.node.reload()).toMatchObject({
      ok: false,
      faults: expect.arrayContaining([
        expect.stringContaining('policy.yaml:1'),
        expect.stringMatching(/^hansa\.yaml:4: the module .*missing\.mjs cannot be loaded/),
      ]),
    })
    expect(await given.refs()).toEqual(['own.a'])
    expect((await given.node.kernel.status()).policy.version).toBe(version)
    await given.write('hansa.yaml', 'lisen: x')
    expect(await given.node.reload()).toMatchObject({ ok: false, faults: [expect.stringContaining('did you mean')] })
    await given.write('policy.yaml', everything)
    await given.write('hansa.yaml', modules('b'))
    expect(await given.node.reload()).toMatchObject({ ok: true, added: ['own.b'], removed: ['own.a'] })
  })

  it('keeps everything as it is when the kernel refuses a part of it', async () => {
    const taken = answering('own.a', 'another')
    await using given = await ground(modules('a'), { 'a.mjs': answering('own.a', 'a'), 'b.mjs': taken })
    await given.write('hansa.yaml', modules('a', 'b'))
    expect(await given.node.reload()).toEqual({
      ok: false,
      faults: ['hansa.yaml:4: Capability own.a is already registered.'],
    })
    expect(await given.node.kernel.invoke('own.a', {})).toMatchObject({ value: 'a' })
  })

  it('names the keys that take a restart, and loads a policy only when it is another one', async () => {
    await using given = await ground('listen: 127.0.0.1:0\n')
    const { version } = (await given.node.kernel.status()).policy
    await given.write('hansa.yaml', 'listen: 127.0.0.1:1\nprincipal: agent:other\nallow_private: true\n')
    expect(await given.node.reload()).toMatchObject({
      ok: true,
      needsRestart: ['listen', 'allow_private', 'principal'],
    })
    expect((await given.node.kernel.status()).policy.version).toBe(version)
    await given.write('policy.yaml', 'rules: []')
    expect(await given.node.reload()).toMatchObject({ ok: true, rules: 0 })
    expect((await given.node.kernel.status()).policy.version).toBe(version + 1)
  })
})
