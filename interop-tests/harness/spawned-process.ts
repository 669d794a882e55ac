/**
 * A child process that says in one line of JSON when it is ready: its end, its log, and that it never outlives us.
 *
 * A child holds one end of a channel and stops by itself when the other end is gone, so also a parent that was killed
 * leaves nothing behind.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'

export type SpawnInit = {
  /** For messages. */
  name: string
  /** Arguments of Node: a script and what follows it. */
  args: readonly string[]
  /** A program that runs Node in another place, with its arguments, such as `ip netns exec NAME`. */
  within?: readonly string[]
  cwd: string
  /** Gets every line that the process writes, and a last one on how it ended. */
  log(line: string): void
}

export type Ending = { code: number | null; signal: NodeJS.Signals | null }

/** Milliseconds after which a process that has not said that it is ready counts as failed; machines of CI are slow. */
const READY_WITHIN_MS = 40_000
/** Milliseconds that a process has for ending in good order. */
const STOP_WITHIN_MS = 20_000
/** What is shown of a process that failed. */
const LAST_LINES = 20

/**
 * Nothing of ours, which could change what a child does: another home, and where Node keeps what it has compiled, so
 * that the next process starts in half the time.
 */
export const childEnvironment = {
  HOME: tmpdir(),
  NODE_COMPILE_CACHE: join(import.meta.dirname, '../../node_modules/.cache/hansa-compiled'),
}

const living = new Set<ChildProcess>()
process.on('exit', () => {
  for (const child of living) child.kill('SIGKILL')
})

export class SpawnedProcess {
  readonly pid: number
  /** What the process said when it was ready. */
  readonly ready: Readonly<Record<string, unknown>>
  readonly #child: ChildProcess
  readonly #ended: Promise<Ending>
  readonly #lines: readonly string[]

  /** @throws Error with the end of its log when it ends before it is ready, or is not ready in time. */
  static async start({ name, args, within = [], cwd, log }: SpawnInit): Promise<SpawnedProcess> {
    const stdio = ['ignore', 'pipe', 'pipe', 'ipc'] as const
    const [program = process.execPath, ...before] = [...within, process.execPath]
    const child = spawn(program, [...before, ...args], { cwd, env: childEnvironment, stdio: [...stdio] })
    living.add(child)
    const lines: string[] = []
    const keep = (line: string) => {
      lines.push(line)
      if (lines.length > LAST_LINES) lines.shift()
      log(line)
    }
    const ended = ending(child, keep)
    eachLine(child.stderr, keep)
    const ready = firstLine(child.stdout, keep)
    const first = await Promise.race([ready, ended, timeLimit(READY_WITHIN_MS)])
    const said = typeof first === 'string' ? readyLine(first) : undefined
    if (said !== undefined) return new SpawnedProcess(child, said, ended, lines)
    // What reports an error ends by itself.
    if (typeof first === 'string') await Promise.race([ended, timeLimit(STOP_WITHIN_MS)])
    child.kill('SIGKILL')
    const { code, signal } = await ended
    const how = first === undefined ? 'was not ready in time' : `did not start (${signal ?? `code ${code}`})`
    throw new Error([`${name} ${how}:`, ...lines].join('\n'))
  }

  private constructor(
    child: ChildProcess,
    ready: Record<string, unknown>,
    ended: Promise<Ending>,
    lines: readonly string[],
  ) {
    this.#lines = lines
    this.#child = child
    this.pid = child.pid ?? 0
    this.ready = ready
    this.#ended = ended
  }

  get running(): boolean {
    return living.has(this.#child)
  }

  /** Ends it at once, in the middle of whatever it does. */
  async kill(): Promise<void> {
    this.#child.kill('SIGKILL')
    await this.#ended
  }

  /** Asks it to end, and waits. @throws Error when it does not end in time, or not in good order. */
  async stop(): Promise<void> {
    if (!this.running) return
    this.#child.kill('SIGTERM')
    const end = await Promise.race([this.#ended, timeLimit(STOP_WITHIN_MS)])
    if (end === undefined) {
      await this.kill()
      throw new Error(`process ${this.pid} did not end when it was asked to, and was killed`)
    }
    if (end.code === 0) return
    throw new Error([`process ${this.pid} ended with ${end.signal ?? `code ${end.code}`}:`, ...this.#lines].join('\n'))
  }
}

function ending(child: ChildProcess, log: (line: string) => void): Promise<Ending> {
  return new Promise((resolve) => {
    const end = (code: number | null, signal: NodeJS.Signals | null, how: string) => {
      if (!living.delete(child)) return
      log(`[${how}]`)
      resolve({ code, signal })
    }
    // `close` comes after everything it wrote was read.
    child.once('close', (code, signal) => end(code, signal, `ended with ${signal ?? `code ${code}`}`))
    child.once('error', (error) => end(null, null, `could not be run: ${error.message}`))
  })
}

function eachLine(stream: Readable | null, take: (line: string) => void): void {
  if (stream !== null) createInterface({ input: stream }).on('line', take)
}

function firstLine(stream: Readable | null, log: (line: string) => void): Promise<string> {
  return new Promise((resolve) => {
    eachLine(stream, (line) => {
      log(line)
      resolve(line)
    })
  })
}

/** @returns undefined for a line that is no object, or that reports an error. */
function readyLine(line: string): Record<string, unknown> | undefined {
  try {
    const said: unknown = JSON.parse(line)
    return typeof said === 'object' && said !== null && !('error' in said) ? { ...said } : undefined
  } catch {
    return undefined
  }
}

function timeLimit(ms: number): Promise<undefined> {
  return new Promise((resolve) => {
    AbortSignal.timeout(ms).addEventListener('abort', () => resolve(undefined), { once: true })
  })
}
