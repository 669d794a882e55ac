/**
 * A request to a server of the 2025 revisions, which asks its client while the request is open: it stays open while a
 * call ends with what is asked, and goes on when another call brings the answers.
 */
import { type InputRequests, type InputResponses, inputRequestsSchema } from '@hansa/protocols'
import { aborted } from './aborted.ts'
import { DriverError } from './errors.ts'
import type { McpInputMethod } from './mcp-abilities.ts'

type Asked = { method: McpInputMethod; params: Record<string, unknown>; answer: PromiseWithResolvers<unknown> }

/** Questions of one request, over all its life. */
const MAX_ASKED = 64

export class McpPushedCall {
  readonly #asked = new Map<string, Asked>()
  #news = Promise.withResolvers<void>()
  #count = 0

  /**
   * The server asks something.
   * @param signal aborted when it does not wait any more
   * @returns what the caller answers
   */
  ask(method: McpInputMethod, params: Record<string, unknown>, signal: AbortSignal): Promise<unknown> {
    this.#count += 1
    if (this.#count > MAX_ASKED) return Promise.reject(new Error('too many questions'))
    const name = `${method.split('/')[0]}_${this.#count}`
    const answer = Promise.withResolvers<unknown>()
    this.#asked.set(name, { method, params, answer })
    signal.addEventListener('abort', () => this.#asked.delete(name), { once: true })
    this.#news.resolve()
    return answer.promise
  }

  /** @returns what came of the request, or what is asked before it goes on. @throws DriverError `cancelled` */
  async next<T>(outcome: Promise<T>, signal: AbortSignal): Promise<{ result: T } | { requests: InputRequests }> {
    const abort = aborted(signal)
    try {
      for (;;) {
        const first = await Promise.race([outcome.then((result) => ({ result })), this.#news.promise, abort.promise])
        if (first !== undefined) return first
        this.#news = Promise.withResolvers()
        if (this.#asked.size > 0) return { requests: this.#requests() }
      }
    } finally {
      abort.release()
    }
  }

  /** Answers whatever is named and still open; what is open and not named is asked again. */
  answer(responses: InputResponses): void {
    for (const [name, response] of Object.entries(responses)) {
      this.#asked.get(name)?.answer.resolve(response)
      this.#asked.delete(name)
    }
    if (this.#asked.size > 0) this.#news.resolve()
  }

  /** Nobody will answer what is open. */
  close(): void {
    for (const { answer } of this.#asked.values()) answer.reject(new Error('nobody answers'))
    this.#asked.clear()
  }

  #requests(): InputRequests {
    const made = [...this.#asked].map(([name, { method, params }]) => [name, { method, params }])
    const read = inputRequestsSchema.safeParse(Object.fromEntries(made))
    if (read.success) return read.data
    throw new DriverError({ code: 'answer_unusable', began: true, reason: 'what the server asks for is malformed' })
  }
}
