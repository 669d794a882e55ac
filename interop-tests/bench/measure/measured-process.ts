/** The parent's end of a measured process: starts a program of this folder, asks it things, and sees that it ends. */
import { type ChildProcess, fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { Answer } from './answer-parent.ts'

export interface MeasuredProcess extends AsyncDisposable {
  readonly name: string
  /** @throws Error with what the child said when it fails, or with its last words when it dies. */
  ask<Reply>(question: string, input?: unknown): Promise<Reply>
  /** Holds it, or lets it go on. */
  signal(name: 'SIGSTOP' | 'SIGCONT'): void
}

type Waiting = { resolve(value: unknown): void; reject(error: Error): void }

/** Those that run; one listener ends all of them with the parent. */
const running = new Set<ChildProcess>()
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL')
})

/** Kept of what a child writes to stderr, characters. */
const LAST_WORDS = 4_096

/** @param program URL of the module to run. @param args of its command line, shown by `ps`. */
export function measuredProcess(program: URL, ...args: string[]): MeasuredProcess {
  const path = fileURLToPath(program)
  const name = [path.slice(path.lastIndexOf('/') + 1), ...args].join(' ')
  const child = fork(path, args, { stdio: ['ignore', 'ignore', 'pipe', 'ipc'], execArgv: [] })
  const waiting = new Map<number, Waiting>()
  const ended = trackEnd(child, name, waiting)
  child.on('message', (answer: Answer) => {
    const asked = waiting.get(answer.id)
    waiting.delete(answer.id)
    if ('failure' in answer) asked?.reject(new Error(`${name}: ${answer.failure}`))
    else asked?.resolve(answer.value)
  })
  let lastId = 0
  return {
    name,
    ask<Reply>(question: string, input: unknown = null): Promise<Reply> {
      const { promise, resolve, reject } = Promise.withResolvers<unknown>()
      const id = ++lastId
      waiting.set(id, { resolve, reject })
      child.send({ id, name: question, input }, (error) => {
        if (error !== null) reject(error)
      })
      return promise as Promise<Reply>
    },
    signal(name) {
      child.kill(name)
    },
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL')
      await ended
    },
  }
}

/** @returns resolves when the process is gone; whoever still waits for an answer learns why there is none. */
function trackEnd(child: ChildProcess, name: string, waiting: Map<number, Waiting>): Promise<void> {
  let lastWords = ''
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    lastWords = (lastWords + text).slice(-LAST_WORDS)
  })
  running.add(child)
  const { promise, resolve } = Promise.withResolvers<void>()
  const end = (how: string) => {
    running.delete(child)
    for (const { reject } of waiting.values()) reject(new Error(`${name} ${how}\n${lastWords}`))
    waiting.clear()
    resolve()
  }
  child.on('close', (code, signal) => end(`ended with ${signal ?? `code ${code}`}`))
  child.on('error', (error) => end(`could not be run: ${error.message}`))
  return promise
}
