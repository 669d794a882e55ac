import { execFile, execFileSync, spawnSync } from 'node:child_process'
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import process from 'node:process'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type FakeNode, fakeNode } from '../../testing/index.ts'
import { runCli } from '../testing/run-cli.ts'
import { completionScripts } from './scripts.ts'

const bin = join(import.meta.dirname, '..', '..', '..', 'bin', 'hansa.js')
const APPROVAL = 'AAAAAAAAAAAAAAAAAAAAAA'

let node: FakeNode
let directory: string
beforeAll(async () => {
  node = await fakeNode()
  directory = await mkdtemp(join(tmpdir(), 'hansa-completion-'))
  await writeFile(join(directory, 'hansa'), `#!/bin/sh\nexec ${process.execPath} ${bin} "$@"\n`)
  await chmod(join(directory, 'hansa'), 0o755)
})
afterAll(async () => {
  await node[Symbol.asyncDispose]()
  await rm(directory, { recursive: true })
})

const complete = async (...words: string[]) =>
  (await runCli(['__complete', '--', ...words], { home: node.home })).stdout.split('\n').slice(0, -1)

describe('completion', () => {
  it('knows every command of the program, and no hidden one', async () => {
    const { stdout } = await runCli(['--help'], { home: '/nonexistent' })
    const listed = [...stdout.matchAll(/^ {2}([a-z0-9-]+) {2,}/gm)].map(([, name]) => name)
    expect(await complete('')).toEqual(listed)
  })

  it.each([
    [['capab'], ['capability', 'capabilities']],
    [
      ['capability', 'a'],
      ['add', 'auth'],
    ],
    [
      ['capability', 'add', ''],
      ['http', 'mcp', 'a2a', 'module'],
    ],
    [['capability', 'classify', 'x', '--saf'], ['--safety']],
    [
      ['capability', 'classify', 'x', '--safety', ''],
      ['READ', 'WRITE', 'DESTRUCTIVE'],
    ],
    [
      ['completion', ''],
      ['bash', 'zsh', 'fish'],
    ],
    [['import', 'x', '--trust-policy', 'l'], ['local_only']],
    [['unimport', ''], ['orgb']],
    [['--home', 'unimport', 'status'], []],
    [['approve', ''], [APPROVAL]],
    [['call', 'x', '--approval', 'AA'], [APPROVAL]],
    [['status', '--j'], ['--json']],
    [['verify', ''], []],
    [['nonsense', ''], []],
  ])('of %j is %j', async (words, found) => {
    expect(await complete(...words)).toEqual(found)
  })

  it('asks the home that the command line names, and is silent where nobody answers', async () => {
    const elsewhere = await runCli(['__complete', '--', 'unimport', '--home', node.home, ''], { home: '/nonexistent' })
    expect(elsewhere.stdout).toBe('orgb\n')
    expect(await runCli(['__complete', '--', 'unimport', ''], { home: '/nonexistent' })).toEqual({
      exit: 0,
      stdout: '',
      stderr: '',
    })
  })
})

describe('the script for bash', () => {
  const inBash = async (line: string) => {
    const driver = `set -u; source "$2"
complete -p hansa >/dev/null || exit 9
COMP_LINE=$1 COMP_POINT=\${#1}; _hansa; printf '%s\\n' "\${COMPREPLY[@]+\${COMPREPLY[@]}}"`
    const script = join(directory, 'completion.bash')
    await writeFile(script, completionScripts.bash)
    const env = { ...process.env, PATH: `${directory}${delimiter}${process.env.PATH}`, HANSA_HOME: node.home }
    const { stdout, stderr } = await promisify(execFile)('bash', ['-c', driver, 'bash', line, script], { env })
    expect(stderr).toBe('')
    return stdout.trim().split('\n')
  }

  it.each([
    ['hansa capability cl', ['classify']],
    ['hansa capability add ', ['http', 'mcp', 'a2a', 'module']],
    ['hansa capability classify $(touch x) --safety W', ['WRITE']],
    ['hansa unimport ', ['orgb']],
    ['hansa approve A', [APPROVAL]],
    ['hansa verify ', ['']],
  ])('completes %j', async (line, found) => {
    expect(await inBash(line)).toEqual(found)
  })
})

describe.each(['zsh', 'fish'] as const)('the script for %s', (shell) => {
  const there = spawnSync(shell, ['--version']).status === 0
  it.skipIf(!there)(`is accepted by ${shell} (skipped where there is none)`, () => {
    expect(execFileSync(shell, ['-n'], { input: completionScripts[shell], encoding: 'utf8' })).toBe('')
  })
})
