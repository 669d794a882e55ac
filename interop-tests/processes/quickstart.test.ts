/** Runs the files and commands of docs/quickstart.md as they stand there, on other ports. */
import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { promisify } from 'node:util'
import { describe, expect, it } from 'vitest'
import { freePort } from '../harness/free-port.ts'
import { childEnvironment } from '../harness/spawned-process.ts'

const HANSA_BIN = new URL('../../node/bin/hansa.js', import.meta.url).pathname

type Fence = { language: string; text: string }

const page = await readFile(new URL('../../docs/quickstart.md', import.meta.url), 'utf8')

function fences(text: string): Fence[] {
  return [...text.matchAll(/^```(\w*)\n([\s\S]*?)^```$/gm)].map(([, language = '', body = '']) => ({
    language,
    text: body,
  }))
}

/** A fence that begins with a comment naming a file is that file. */
function fileOf({ text }: Fence): string | undefined {
  return /^(?:#|\/\/) (org[ab]\/[\w.-]+)\n/.exec(text)?.[1]
}

/** Words of a command line, with single quotes as a shell reads them. */
function words(line: string): string[] {
  return [...line.matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain ?? '')
}

async function started(child: ChildProcess): Promise<void> {
  if (child.stdout === null) throw new Error('no output to read')
  for await (const line of createInterface({ input: child.stdout })) if (line.startsWith('Ready:')) return
  throw new Error('the node ended before it was ready')
}

describe('docs/quickstart.md', () => {
  it('works as it is written: every file and every command', { timeout: 120_000 }, async () => {
    const directory = await mkdtemp(join(tmpdir(), 'hansa-'))
    const ports = [String(await freePort()), String(await freePort())]
    const own = (text: string) => text.replaceAll('7401', ports[0] ?? '').replaceAll('7402', ports[1] ?? '')
    const all = fences(own(page))
    const running: ChildProcess[] = []
    const said: string[] = []
    const run = async (args: string[]) => {
      if (args[0] === 'up') {
        const child = spawn(process.execPath, [HANSA_BIN, ...args], {
          cwd: directory,
          env: childEnvironment,
          stdio: ['ignore', 'pipe', 'ignore'],
        })
        running.push(child)
        return started(child)
      }
      const { stdout } = await promisify(execFile)(process.execPath, [HANSA_BIN, ...args], {
        cwd: directory,
        env: childEnvironment,
      })
      said.push(stdout)
    }
    try {
      const commands = all.filter(({ language }) => language === 'sh').flatMap(({ text }) => text.trim().split('\n'))
      const [inits, rest] = [
        commands.filter((line) => line.startsWith('hansa init')),
        commands.filter((line) => !line.startsWith('hansa init')),
      ]
      expect(inits).toHaveLength(2)
      for (const line of inits) await run(words(line).slice(1))
      const files = all.filter((fence) => fileOf(fence) !== undefined)
      expect(files).toHaveLength(5)
      for (const fence of files) await writeFile(join(directory, fileOf(fence) ?? ''), fence.text)
      for (const line of rest) await run(words(line).slice(1))
      const text = said.join('\n')
      expect(text).toContain('imported     orgb under most_restrictive')
      expect(text).toContain('"text": "Q3 revenue: 4.2M. Questions to [redacted:PII]."')
      expect(text).toMatch(/decision +permit/)
      expect(text).toMatch(/pair +consistent\ncalls +1 ok/)
    } finally {
      for (const child of running) child.kill('SIGKILL')
      await rm(directory, { recursive: true, force: true })
    }
  })
})
