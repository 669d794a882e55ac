/** The process that writes to a log, as a test sees it. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface, type Interface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import type { WriterInit } from './writer-init.ts'

const program = fileURLToPath(new URL('write-entries.ts', import.meta.url))

/** Hundreds of processes run the same code. */
const CACHED = { NODE_COMPILE_CACHE: join(tmpdir(), 'hansa-test-compile-cache') }

export type Acknowledged = { seq: number; leafHash: string }

export class WriterProcess implements AsyncDisposable {
  readonly child: ChildProcess
  readonly said: string[] = []
  readonly #lines: Interface
  readonly #ended: Promise<unknown>
  /** As the shell counts: 128 and the number of the signal is not told apart from an exit. */
  exitCode: number | null = null

  /** @param command what runs the process, such as a tracer with its options. @default nothing */
  constructor(init: WriterInit, command: readonly string[] = []) {
    const [file = process.execPath, ...args] = [...command, process.execPath, program, JSON.stringify(init)]
    this.child = spawn(file, args, { stdio: ['pipe', 'pipe', 'inherit'], env: { ...process.env, ...CACHED } })
    if (this.child.stdout === null) throw new Error('a process without output')
    this.#lines = createInterface({ input: this.child.stdout })
    this.#lines.on('line', (line) => this.said.push(line))
    this.#ended = Promise.all([
      once(this.child, 'exit').then(([code]) => {
        this.exitCode = code as number | null
      }),
      once(this.#lines, 'close'),
    ])
    // A process that is killed before it reads closes the pipe.
    this.child.stdin?.on('error', () => {})
  }

  get acknowledged(): Acknowledged[] {
    return this.said.flatMap((line) => {
      const [, seq, leafHash] = /^(\d+) (\S+)$/.exec(line) ?? []
      return seq === undefined || leafHash === undefined ? [] : [{ seq: Number(seq), leafHash }]
    })
  }

  /** Resolves when the process has printed this many lines. @throws when it ends before */
  async spoken(count: number): Promise<void> {
    const over = this.#ended.then(() => true)
    while (this.said.length < count) {
      const ended = await Promise.race([once(this.#lines, 'line').then(() => false), over])
      if (ended && this.said.length < count) throw new Error(`the process ended after: ${this.said.join(', ')}`)
    }
  }

  /** Lets a process that waits go on. */
  go(): void {
    this.child.stdin?.end()
  }

  async ended(): Promise<void> {
    await this.#ended
  }

  async kill(): Promise<void> {
    this.child.kill('SIGKILL')
    await this.#ended
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill()
  }
}
