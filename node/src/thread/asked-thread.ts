/** Adapter: a thread that is asked, and answers in its own time. Its program is made with `answerQuestions`. */
import { type ResourceLimits, Worker } from 'node:worker_threads'

export type ThreadAnswer = { id: number; answer: unknown }
export type ThreadQuestion = { id: number; question: unknown }

export type AskedThreadInit = {
  program: URL
  /** For messages of errors: `a thread of the verifier`. */
  name: string
  limits: ResourceLimits
  data?: unknown
  /** Whether the process may end while nothing is asked. @default false */
  letsEnd?: boolean
}

type Waiting<Answer> = { resolve(answer: Answer): void; reject(error: unknown): void }

export class AskedThread<Question, Answer> {
  readonly #worker: Worker
  readonly #letsEnd: boolean
  readonly #name: string
  readonly #waiting = new Map<number, Waiting<Answer>>()
  #ids = 0
  #ended = false

  constructor({ program, name, limits, data, letsEnd = false }: AskedThreadInit) {
    this.#letsEnd = letsEnd
    this.#name = name
    this.#worker = new Worker(program, { resourceLimits: limits, workerData: data })
    this.#worker.on('message', ({ id, answer }: ThreadAnswer) => {
      const asked = this.#waiting.get(id)
      this.#waiting.delete(id)
      if (letsEnd && this.#waiting.size === 0) this.#worker.unref()
      asked?.resolve(answer as Answer)
    })
    this.#worker.on('error', (error) => this.#fail(error))
    this.#worker.on('exit', (code) => {
      this.#ended = true
      this.#fail(new Error(`${name} ended with ${code}`))
    })
    if (letsEnd) this.#worker.unref()
  }

  /** Questions without an answer. */
  get waiting(): number {
    return this.#waiting.size
  }

  /** It answers nothing any more. */
  get ended(): boolean {
    return this.#ended
  }

  /** @param moved buffers that are not needed here any more. Rejects when the thread ends before it has answered. */
  ask(question: Question, moved: readonly ArrayBuffer[] = []): Promise<Answer> {
    if (this.#ended) return Promise.reject(new Error(`${this.#name} has ended`))
    const id = this.#ids++
    if (this.#letsEnd) this.#worker.ref()
    const answer = new Promise<Answer>((resolve, reject) => this.#waiting.set(id, { resolve, reject }))
    this.#worker.postMessage({ id, question } satisfies ThreadQuestion, [...moved])
    return answer
  }

  async end(): Promise<void> {
    await this.#worker.terminate()
  }

  #fail(error: unknown): void {
    for (const { reject } of this.#waiting.values()) reject(error)
    this.#waiting.clear()
  }
}

/** The program of a thread: beside the file that starts it, as source and in the bundle of the command. @param from its `import.meta.url` */
export function threadProgram(name: string, from: string): URL {
  return new URL(`./${name}${from.endsWith('.ts') ? '.ts' : '.js'}`, from)
}
