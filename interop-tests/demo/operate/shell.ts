/**
 * Runs the shipped command line as somebody at a terminal would, and nothing else. What it prints as JSON is what the
 * steps look at; the story shows the command as it was typed.
 */
import { spawn } from 'node:child_process'
import { basename } from 'node:path'
import { text } from 'node:stream/consumers'
import { HANSA_BIN } from '../../harness/hansa-command.ts'
import { childEnvironment } from '../../harness/spawned-process.ts'
import { DemoError } from '../report.ts'
import type { Story } from '../story.ts'

export type Ran = { code: number; stdout: string; stderr: string }

export type ShellInit = {
  /** Where commands are typed. */
  directory: string
  story: Story
}

export class Shell {
  readonly directory: string
  readonly #story: Story

  constructor({ directory, story }: ShellInit) {
    this.directory = directory
    this.#story = story
  }

  /** @returns what it printed as JSON. @throws DemoError with what it said, when it does not exit with 0. */
  async json<T>(args: readonly string[], environment: Readonly<Record<string, string>> = {}): Promise<T> {
    const ran = await this.run([...args, '--json'], environment)
    if (ran.code !== 0) throw failed(args, ran)
    return JSON.parse(ran.stdout) as T
  }

  /** @returns how it ended, whatever that is; shown without `--json`. */
  async run(args: readonly string[], environment: Readonly<Record<string, string>> = {}): Promise<Ran> {
    this.#story.command(commandLine(args))
    const child = spawn(process.execPath, [HANSA_BIN, ...args], {
      cwd: this.directory,
      env: { ...childEnvironment, ...environment },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    const ended = new Promise<number>((resolve, reject) => {
      child.once('close', (code) => resolve(code ?? 1))
      child.once('error', reject)
    })
    const [stdout, stderr, code] = await Promise.all([text(child.stdout), text(child.stderr), ended])
    return { code, stdout, stderr }
  }
}

/** @throws DemoError when the JSON of a refusal has another code than the expected one. */
export function refusalOf({ stdout }: Ran): { code: string; stage?: string; approvalId?: string; callId?: string } {
  const said = JSON.parse(stdout) as { error?: { code: string } }
  if (said.error === undefined) {
    throw new DemoError({ code: 'not_as_expected', what: 'a refusal' }, `It was not refused: ${stdout.slice(0, 400)}`)
  }
  return said.error
}

function failed(args: readonly string[], { code, stdout, stderr }: Ran): DemoError {
  const said = `${stdout}${stderr}`.trim().slice(0, 2000)
  return new DemoError(
    { code: 'not_as_expected', what: commandLine(args) },
    `${commandLine(args)} ended with code ${code}: ${said}`,
  )
}

/** The command as a person types it: without `--json`, quoted where a shell needs it. */
function commandLine(args: readonly string[]): string {
  const words = args.filter((word) => word !== '--json').map((word) => (word.includes('/tmp/') ? basename(word) : word))
  return ['hansa', ...words.map((word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word}'`))].join(' ')
}
