/**
 * Delivers events of tasks to the webhooks that clients have named: in order for each of them, through the rules of every
 * outbound fetch, with few attempts. Nobody waits for it. What waits is in the store, and goes out after a restart too:
 * an event may come twice, under one id.
 */
import type { GuardedFetch } from '@hansa/mesh'
import type { A2aPushConfig, Clock, EventLogger } from '@hansa/protocols'
import { faultFields } from '../kernel/fault-fields.ts'
import { pause } from '../pause.ts'
import type { PushLine, PushStore, WaitingPush } from './push-store.ts'

/** Milliseconds before the second attempt, the third and the last. */
export const PUSH_RETRY_MS: readonly number[] = [1_000, 5_000, 30_000]
/** Webhooks that are posted to at the same time, of all and of one owner. */
const MAX_AT_ONCE = 8
const MAX_AT_ONCE_OF_OWNER = 2
/** Bytes of an answer; nothing of it is used. */
const MAX_ANSWER_BYTES = 65_536

export type PushOutboxComponents = {
  store: PushStore
  /** Follows no redirect, and reaches only what the operator allows. */
  fetch: Pick<GuardedFetch, 'post'>
  clock: Clock
  logger: EventLogger
}

/** `woken`: something was kept for it since it was last looked at. `resting`: its next attempt has to wait. */
type Line = PushLine & { running: boolean; woken: boolean; resting: boolean }

export class PushOutbox implements AsyncDisposable {
  readonly #components: PushOutboxComponents
  readonly #closing = new AbortController()
  readonly #lines = new Map<string, Line>()
  readonly #running = new Set<Promise<void>>()
  #full = false

  constructor(components: PushOutboxComponents) {
    this.#components = components
  }

  /** Goes on with what an earlier process has left. @throws StorageError when that cannot be read */
  async resume(): Promise<void> {
    this.wake(await this.#components.store.pushLines())
  }

  /** Something is kept for these. Never throws, and waits for nothing. */
  wake(lines: readonly PushLine[]): void {
    if (this.#closing.signal.aborted) return
    this.#full &&= lines.length === 0
    for (const line of lines) {
      const key = keyOf(line)
      const known = this.#lines.get(key)
      if (known === undefined) this.#lines.set(key, { ...line, running: false, woken: true, resting: false })
      else known.woken = true
    }
    this.#deliver()
  }

  /** Events that nobody is told of, because as many wait as may. */
  lost(events: number): void {
    if (!this.#full) this.#components.logger.error('a2a.push_full', { reason: `no room for ${events} more events` })
    this.#full = true
  }

  /** What is under way is cut off, and waits for the next start. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort()
    await Promise.allSettled(this.#running)
  }

  #deliver(): void {
    const busy = new Map<string, number>()
    for (const { owner, running } of this.#lines.values()) if (running) busy.set(owner, (busy.get(owner) ?? 0) + 1)
    for (const [key, line] of this.#lines) {
      if (this.#running.size >= MAX_AT_ONCE) return
      const atOnce = busy.get(line.owner) ?? 0
      if (line.running || line.resting || atOnce >= MAX_AT_ONCE_OF_OWNER) continue
      busy.set(line.owner, atOnce + 1)
      line.running = true
      const work: Promise<void> = this.#run(line)
        .catch((error: unknown) => this.#components.logger.error('a2a.push_failed', faultFields(error)))
        .finally(() => {
          this.#running.delete(work)
          line.running = false
          if (!line.woken) this.#lines.delete(key)
          if (!this.#closing.signal.aborted) this.#deliver()
        })
      this.#running.add(work)
    }
  }

  async #run(line: Line): Promise<void> {
    const { store } = this.#components
    const { signal } = this.#closing
    while (line.woken) {
      line.woken = false
      // Looked up each time: the webhook may be another one by now, or none.
      for (let next = await store.nextPush(line); next !== undefined; next = await store.nextPush(line)) {
        if (signal.aborted) return
        const waitMs = await this.#attempt(next)
        if (waitMs !== undefined) return this.#rest(line, waitMs)
      }
    }
  }

  /** Others go on meanwhile: a webhook that does not answer would take the places of those that do. */
  #rest(line: Line, ms: number): void {
    const { signal } = this.#closing
    line.woken = true
    line.resting = true
    // Behind all others when its time has come.
    this.#lines.delete(keyOf(line))
    this.#lines.set(keyOf(line), line)
    void pause(this.#components.clock, ms, signal).then(() => {
      line.resting = false
      if (!signal.aborted) this.#deliver()
    })
  }

  /** @returns milliseconds until the next attempt; undefined when this one was the last or is not needed any more. */
  async #attempt({ id, config, body, attempts }: WaitingPush): Promise<number | undefined> {
    const { store, logger } = this.#components
    const fault = await this.#post(id, config, body)
    if (fault === undefined) {
      await store.pushDone(id)
      return undefined
    }
    if (this.#closing.signal.aborted) return undefined
    const delay = PUSH_RETRY_MS[attempts]
    if (delay === undefined || fault.final) {
      // The path of a webhook may be its secret.
      const host = URL.parse(config.url)?.host ?? ''
      logger.warn('a2a.push_given_up', { host, attempt: attempts + 1, reason: fault.reason })
      await store.pushDone(id)
      return undefined
    }
    await store.pushFailed(id)
    return delay
  }

  async #post(id: string, { url, token, authentication }: A2aPushConfig, body: string) {
    const headers = {
      'webhook-id': id,
      ...(authentication === undefined
        ? {}
        : { authorization: `${authentication.scheme} ${authentication.credentials ?? ''}`.trimEnd() }),
      ...(token ? { 'x-a2a-notification-token': token } : {}),
    }
    const content = { contentType: 'application/a2a+json', bytes: Buffer.from(body), headers }
    const bounds = { maxBytes: MAX_ANSWER_BYTES, signal: this.#closing.signal }
    const fetched = await this.#components.fetch.post(url, content, bounds).catch(thrown)
    if (!fetched.ok) return { reason: fetched.reason, final: fetched.code === 'url_refused' }
    const { status } = fetched
    if (status >= 200 && status < 300) return undefined
    return { reason: `the receiver answered ${status}`, final: status >= 400 && status < 500 && status !== 429 }
  }
}

/** Its text may quote what was sent. */
function thrown(error: unknown) {
  return { ok: false as const, code: 'failed', reason: error instanceof Error ? error.name : typeof error }
}

function keyOf({ scope, taskId, configId }: PushLine): string {
  return JSON.stringify([scope, taskId, configId])
}
