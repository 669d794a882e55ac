/** A stranger's first minutes: the published packages in an empty project, without this repository. */
import { execFile, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { rm, writeFile } from 'node:fs/promises'
import { delimiter, dirname, join } from 'node:path'
import { createInterface } from 'node:readline'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it, type TestContext } from 'vitest'
import { freePort } from '../harness/free-port.ts'
import { packAll, projectWith, publishedNames, type Tarball } from './tarballs.ts'

const run = promisify(execFile)

let tarballs: Tarball[]
let project: Awaited<ReturnType<typeof projectWith>>

beforeAll(async () => {
  tarballs = await packAll()
  project = await projectWith(tarballs)
}, 180_000)
afterAll(async () => {
  if (tarballs?.[0] !== undefined) await rm(dirname(tarballs[0].path), { recursive: true, force: true })
  if ('directory' in project) await rm(project.directory, { recursive: true, force: true })
})

/** @returns the project, or ends the test as skipped where the registry of npm cannot be reached. */
function installed(context: TestContext): string {
  if ('unreachable' in project) return context.skip(`the registry of npm cannot be reached: ${project.unreachable}`)
  return project.directory
}

describe('the tarballs', () => {
  it('are those of every package that is not private', () => {
    expect(tarballs.map(({ manifest }) => manifest.name).sort()).toEqual(publishedNames())
  })

  it('carry the licence and a readme, and no source, tests or maps', () => {
    for (const { manifest, files } of tarballs) {
      expect(files, manifest.name).toEqual(expect.arrayContaining(['LICENSE', 'README.md', 'package.json']))
      expect(files.filter((file) => /\.test\.|^src\/|^tests\/|\.map$|tsbuildinfo/.test(file))).toEqual([])
      expect(manifest.license).toBe('MIT')
    }
  })

  it('hold what their exports and commands name', () => {
    for (const { manifest, files } of tarballs) {
      const named = Object.values(manifest.exports).flatMap(({ types, default: code }) => [types, code])
      expect(named.length).toBeGreaterThan(1)
      for (const path of [...named, ...Object.values(manifest.bin ?? {})])
        expect(files, `${manifest.name} ${path}`).toContain(path.replace('./', ''))
    }
  })

  it('need each other in the version that they have, and nothing that only the workspace knows', () => {
    const versions = new Map(tarballs.map(({ manifest }) => [manifest.name, manifest.version]))
    expect(new Set(versions.values()).size).toBe(1)
    for (const { manifest } of tarballs) {
      for (const [name, range] of Object.entries(manifest.dependencies ?? {})) {
        expect(range, `${manifest.name} needs ${name}`).not.toMatch(/workspace:|catalog:|link:|file:/)
        if (name.startsWith('@hansa/')) expect(range, `${manifest.name} needs ${name}`).toBe(versions.get(name))
      }
      const required = Object.keys(manifest.peerDependencies ?? {})
      expect(required.filter((name) => manifest.peerDependenciesMeta?.[name]?.optional !== true)).toEqual([])
    }
  })
})

describe('an empty project with the tarballs', () => {
  it('imports every entry point without a test runner', async (context) => {
    const directory = installed(context)
    expect(existsSync(join(directory, 'node_modules/vitest'))).toBe(false)
    const entries = tarballs.flatMap(({ manifest }) =>
      Object.keys(manifest.exports)
        .filter((path) => path !== './testing')
        .map((path) => `${manifest.name}${path.slice(1)}`),
    )
    const program = `for (const entry of ${JSON.stringify(entries)}) if (Object.keys(await import(entry)).length === 0) throw new Error(entry)`
    await run(process.execPath, ['--input-type=module', '-e', program], { cwd: directory })
  })

  it('compiles and runs an agent with createKernel() and connect(), typed', { timeout: 60_000 }, async (context) => {
    const directory = installed(context)
    await writeFile(join(directory, 'agent.ts'), agent)
    await writeFile(join(directory, 'tsconfig.json'), tsconfig)
    await run('tsc', ['-p', directory], { cwd: directory })
    await using node = await startedNode(directory)
    const { stdout } = await run(process.execPath, ['agent.ts', node.control], { cwd: directory })
    expect(JSON.parse(stdout)).toEqual({ embedded: { words: 3 }, connected: { words: 2 } })
  })

  it('is refused by the compiler where an agent is wrong', async (context) => {
    const directory = installed(context)
    await writeFile(join(directory, 'agent.ts'), agent.replace("safety: 'READ'", "safety: 'HARMLESS'"))
    await writeFile(join(directory, 'tsconfig.json'), tsconfig)
    const refused = run('tsc', ['-p', directory], { cwd: directory })
    await expect(refused).rejects.toMatchObject({ stdout: expect.stringContaining('HARMLESS') })
  })

  it('has hansa: help, init, up, verify', { timeout: 60_000 }, async (context) => {
    const directory = installed(context)
    const help = await run('npx', ['hansa', '--help'], { cwd: directory })
    expect(help.stdout).toContain('Usage: hansa <command>')
    const node = await startedNode(directory)
    await node[Symbol.asyncDispose]()
    const verified = await run('npx', ['hansa', 'verify', node.home, '--json'], { cwd: directory })
    expect(JSON.parse(verified.stdout)).toMatchObject({ verdict: 'clean', exitCode: 0 })
  })

  it('has the registry, which hansa finds', async (context) => {
    const directory = installed(context)
    const { stdout } = await run('npx', ['hansa', 'registry', 'up', '--', '--help'], { cwd: directory })
    expect(stdout).toContain('Usage: hansa-registry')
  })

  it('has hansa also where node is older than what it needs', async (context) => {
    const directory = installed(context)
    const older = await olderNode()
    if (older === undefined) return context.skip('there is no Node below 24 on the path')
    const { stdout } = await run(older, [join(directory, 'node_modules/.bin/hansa'), '--help'], { cwd: directory })
    expect(stdout).toContain('Usage: hansa <command>')
  })
})

type StartedNode = AsyncDisposable & { home: string; control: string }

/** `npx hansa init` and `npx hansa up`, with a policy that lets agents call `local.*`. */
async function startedNode(directory: string): Promise<StartedNode> {
  const home = join(directory, `home-${await freePort()}`)
  await run('npx', ['hansa', 'init', '--home', home], { cwd: directory })
  await writeFile(join(home, 'policy.yaml'), policy)
  const child = spawn(
    process.execPath,
    [join(directory, 'node_modules/.bin/hansa'), 'up', '--home', home, '--listen', '127.0.0.1:0', '--json'],
    { cwd: directory, stdio: ['ignore', 'pipe', 'pipe', 'ipc'] },
  )
  const log: string[] = []
  child.stderr?.on('data', (text) => log.push(String(text)))
  const ended = new Promise<void>((resolve) => void child.once('exit', () => resolve()))
  if (child.stdout === null) throw new Error('no output to read')
  for await (const line of createInterface({ input: child.stdout })) {
    const { control } = JSON.parse(line)
    return {
      home,
      control,
      [Symbol.asyncDispose]: async () => {
        child.kill('SIGTERM')
        await ended
      },
    }
  }
  throw new Error(`hansa up ended before it was ready:\n${log.join('')}`)
}

async function olderNode(): Promise<string | undefined> {
  for (const folder of (process.env.PATH ?? '').split(delimiter)) {
    const node = join(folder, 'node')
    if (!existsSync(node)) continue
    const { stdout } = await run(node, ['--version'])
    const major = Number(/^v(\d+)/.exec(stdout)?.[1])
    if (major >= 20 && major < 24) return node
  }
  return undefined
}

const policy = `rules:
  - { id: own, effect: allow, subject: 'agent:*', action: invoke, resource: 'local.*' }
`

const agent = `import type { Kernel } from '@hansa/protocols'
import { createKernel } from '@hansa/node'
import { connect } from '@hansa/sdk'

const rules = [{ id: 'own', effect: 'allow', subject: 'agent:*', action: 'invoke', resource: 'local.*' }] as const

async function words(kernel: Kernel, text: string): Promise<unknown> {
  await using _ = await kernel.register(
    {
      id: 'local.count',
      safety: 'READ',
      input: { type: 'object', properties: { text: { type: 'string' } } },
      output: { type: 'object', properties: { words: { type: 'integer' } } },
    },
    (args) => ({ words: (args as { text: string }).text.split(' ').length }),
  )
  return (await kernel.invoke('local.count', { text })).value
}

await using own = await createKernel({ policy: [{ name: 'own', rules: [...rules] }] })
await using node = await connect(process.argv[2])
console.log(JSON.stringify({ embedded: await words(own, 'a b c'), connected: await words(node, 'a b') }))
`

const tsconfig = JSON.stringify({
  compilerOptions: {
    module: 'nodenext',
    target: 'es2024',
    lib: ['es2024', 'esnext.disposable', 'esnext.iterator', 'esnext.collection'],
    types: ['node'],
    strict: true,
    noEmit: true,
    skipLibCheck: true,
    allowImportingTsExtensions: true,
    erasableSyntaxOnly: true,
  },
  files: ['agent.ts'],
})
