/**
 * Delivers events of tasks to the webhooks that clients have named: in order for each of them, through the rules of every
 * outbound fetch, with few attempts. Nobody waits for it.
 */
import type { GuardedFetch } from '@hansa/mesh'
import type { A2aEvent, A2aPushConfig, Clock, EventLogger } from '@hansa/protocols'
import { pause } from '../pause.ts'

/** Milliseconds before the second attempt, the third and the last. */
export const PUSH_RETRY_MS: readonly number[] = [1_000, 5_000, 30_000]
/** Events that are held, of all tasks; more are dropped. */
export const MAX_PUSH_HELD = 1_000
/** Of these, events for webhooks of one client: who names one that does not answer keeps nobody else from hearing. */
const MAX_HELD_OF_CLIENT = 200
/** Webhooks that are posted to at the same time, of all and of one client. */
const MAX_AT_ONCE = 8
const MAX_AT_ONCE_OF_CLIENT = 2
/** Bytes of an answer; nothing of it is used. */
const MAX_ANSWER_BYTES = 65_536

export type PushOutboxComponents = {
  /** Follows no redirect, and reaches only what the operator allows. */
  fetch: Pick<GuardedFetch, 'post'>
  clock: Clock
  logger: EventLogger
}

type Line = { client: string; waiting: { config: A2aPushConfig; body: string }[]; running: boolean }

export class PushOutbox implements AsyncDisposable {
  readonly #components: PushOutboxComponents
  readonly #closing = new AbortController()
  readonly #lines = new Map<string, Line>()
  readonly #running = new Set<Promise<void>>()
  #held = 0
  readonly #heldOf = new Map<string, number>()
  #full = false

  constructor(components: PushOutboxComponents) {
    this.#components = components
  }

  /**
   * Never throws, and waits for nothing.
   * @param client whose task it is @param line events of one line go out one after the other
   */
  send(client: string, line: string, config: A2aPushConfig, event: A2aEvent): void {
    if (this.#closing.signal.aborted) return
    const ofClient = this.#heldOf.get(client) ?? 0
    const [waiting, most] =
      ofClient >= MAX_HELD_OF_CLIENT ? [ofClient, MAX_HELD_OF_CLIENT] : [this.#held, MAX_PUSH_HELD]
    if (waiting >= most) {
      if (!this.#full) this.#components.logger.error('a2a.push_full', { reason: `${waiting} events wait` })
      this.#full = true
      return
    }
    this.#full = false
    this.#held += 1
    this.#heldOf.set(client, ofClient + 1)
    const known = this.#lines.get(line) ?? { client, waiting: [], running: false }
    known.waiting.push({ config, body: JSON.stringify(event) })
    this.#lines.set(line, known)
    this.#deliver()
  }

  /** What is held is forgotten. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort()
    await Promise.allSettled(this.#running)
  }

  #deliver(): void {
    const busy = new Map<string, number>()
    for (const { client, running } of this.#lines.values()) if (running) busy.set(client, (busy.get(client) ?? 0) + 1)
    for (const [name, line] of this.#lines) {
      if (this.#running.size >= MAX_AT_ONCE) return
      const atOnce = busy.get(line.client) ?? 0
      if (line.running || atOnce >= MAX_AT_ONCE_OF_CLIENT) continue
      busy.set(line.client, atOnce + 1)
      line.running = true
      const work: Promise<void> = this.#run(line).finally(() => {
        this.#running.delete(work)
        line.running = false
        if (line.waiting.length === 0) this.#lines.delete(name)
        if (!this.#closing.signal.aborted) this.#deliver()
      })
      this.#running.add(work)
    }
  }

  async #run(line: Line): Promise<void> {
    for (let next = line.waiting.shift(); next !== undefined; next = line.waiting.shift()) {
      await this.#attempts(next.config, next.body).catch(() => {})
      this.#release(line.client)
      if (this.#closing.signal.aborted) return
    }
  }

  #release(client: string): void {
    this.#held -= 1
    const left = (this.#heldOf.get(client) ?? 1) - 1
    if (left > 0) this.#heldOf.set(client, left)
    else this.#heldOf.delete(client)
  }

  async #attempts(config: A2aPushConfig, body: string): Promise<void> {
    const { clock, logger } = this.#components
    const { signal } = this.#closing
    // The path of a webhook may be its secret.
    const host = URL.parse(config.url)?.host ?? ''
    for (let attempt = 0; ; attempt++) {
      const fault = await this.#post(config, body)
      if (fault === undefined || signal.aborted) return
      const delay = PUSH_RETRY_MS[attempt]
      if (delay === undefined || fault.final) {
        return logger.warn('a2a.push_given_up', { host, attempt: attempt + 1, reason: fault.reason })
      }
      await pause(clock, delay, signal)
    }
  }

  async #post({ url, token, authentication }: A2aPushConfig, body: string) {
    const headers = {
      ...(authentication === undefined
        ? {}
        : { authorization: `${authentication.scheme} ${authentication.credentials ?? ''}`.trimEnd() }),
      ...(token ? { 'x-a2a-notification-token': token } : {}),
    }
    const content = { contentType: 'application/a2a+json', bytes: Buffer.from(body), headers }
    const bounds = { maxBytes: MAX_ANSWER_BYTES, signal: this.#closing.signal }
    const fetched = await this.#components.fetch.post(url, content, bounds)
    if (!fetched.ok) return { reason: fetched.reason, final: fetched.code === 'url_refused' }
    const { status } = fetched
    if (status >= 200 && status < 300) return undefined
    return { reason: `the receiver answered ${status}`, final: status >= 400 && status < 500 && status !== 429 }
  }
}
