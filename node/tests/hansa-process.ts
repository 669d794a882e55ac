/** `hansa` as real processes, each with a home of its own in a temporary directory. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'

export const program = join(import.meta.dirname, '..', 'bin', 'hansa.js')

export type Run = { exit: number | null; stdout: string; stderr: string }
export type Ready = { did: string; endpoint: string; control: string; pid: number }

export type HansaInit = {
  stdin?: string
  /** The Node that is used. @default this one */
  node?: string
  env?: Record<string, string>
}

/** Runs a command to its end. */
export async function hansa(args: readonly string[], { stdin = '', ...init }: HansaInit = {}): Promise<Run> {
  const child = start(args, init)
  const [stdout, stderr] = [collected(child, 'stdout'), collected(child, 'stderr')]
  child.stdin?.end(stdin)
  const [exit] = (await once(child, 'close')) as [number | null]
  return { exit, stdout: stdout(), stderr: stderr() }
}

/** Runs a command with `--json` and reads what it prints. @throws when it failed. */
export async function hansaJson<T>(args: readonly string[], init?: HansaInit): Promise<T> {
  const { exit, stdout, stderr } = await hansa([...args, '--json'], init)
  if (exit !== 0) throw new Error(`hansa ${args.join(' ')} exited with ${exit}: ${stdout}${stderr}`)
  return JSON.parse(stdout) as T
}

export interface LongRunning<T> extends AsyncDisposable {
  /** The line of JSON that said that it is ready. */
  readonly ready: T
  /** Everything on standard error so far. */
  stderr(): string
  signal(name: NodeJS.Signals): void
  /** Resolves with the exit code. */
  readonly ended: Promise<number | null>
  /** Resolves when a line of standard error holds the text. */
  said(text: string): Promise<void>
}

/** Runs a command that stays, until it has printed its first line. */
export async function staying<T>(args: readonly string[], init: HansaInit = {}): Promise<LongRunning<T>> {
  const child = start([...args, '--json'], init)
  const stderr = collected(child, 'stderr')
  const ended = once(child, 'exit').then(([code]) => code as number | null)
  const { stdout } = child
  if (stdout === null) throw new Error('a child without output')
  const first = once(createInterface({ input: stdout }), 'line').then(([line]) => String(line))
  const line = await Promise.race([
    first,
    ended.then((code) => Promise.reject(new Error(`exited with ${code}: ${stderr()}`))),
  ])
  return {
    ready: JSON.parse(line) as T,
    stderr,
    ended,
    signal: (name) => void child.kill(name),
    async said(text) {
      while (!stderr().includes(text)) {
        if (child.stderr === null || child.exitCode !== null)
          throw new Error(`it ended without saying ${text}: ${stderr()}`)
        await once(child.stderr, 'data')
      }
    },
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL')
      await ended
    },
  }
}

function start(args: readonly string[], { node = process.execPath, env = {} }: HansaInit): ChildProcess {
  const clean = Object.entries(process.env).filter(([name]) => !name.startsWith('HANSA_') && !name.includes('COLOR'))
  return spawn(node, [program, ...args], { env: { ...Object.fromEntries(clean), ...env }, stdio: 'pipe' })
}

function collected(child: ChildProcess, name: 'stdout' | 'stderr'): () => string {
  let text = ''
  child[name]?.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk
  })
  return () => text
}

export interface Scratch extends AsyncDisposable {
  readonly path: string
  /** Makes a home with `hansa init` and writes files over what it made. @returns its path and DID. */
  home(name: string, files?: Record<string, string>): Promise<{ path: string; did: string }>
}

export async function scratch(): Promise<Scratch> {
  const path = await mkdtemp(join(tmpdir(), 'hansa-cli-'))
  return {
    path,
    async home(name, files = {}) {
      const home = join(path, name)
      const { did } = await hansaJson<{ did: string }>([
        'init',
        '--home',
        home,
        '--name',
        name,
        '--listen',
        '127.0.0.1:0',
      ])
      for (const [file, text] of Object.entries(files)) await writeFile(join(home, file), text)
      return { path: home, did }
    },
    [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }),
  }
}
