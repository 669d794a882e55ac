/**
 * Delivers messages beside the calls: nobody waits for it, and what it cannot deliver it says and forgets. The queue is
 * bounded, attempts come later and later, and a message that nobody needs any more is not sent.
 */
import type { Clock, EventLogger } from '@hansa/protocols'
import type { ApprovalMessageType, WebhookMessage } from './approval-message.ts'
import type { WebhookPost } from './webhook-post.ts'

export type DeliveryOutcome = 'delivered' | 'retried' | 'given_up' | 'dropped'

/** Counts attempts and what became of messages. Must not throw. */
export type DeliveryObserver = (type: ApprovalMessageType, outcome: DeliveryOutcome) => void

/** Messages that are held, also those that wait for their next attempt. */
export const MAX_HELD = 1_000
const MAX_AT_ONCE = 4
/** Seconds before the second attempt, the third, and so on; then it is given up. About an hour, which a request waits. */
export const RETRY_SECONDS: readonly number[] = [5, 30, 120, 300, 600, 900, 1_500]

export type WebhookOutboxComponents = {
  post: WebhookPost
  clock: Clock
  logger: EventLogger
  observe?: DeliveryObserver
}

type Delivery = { message: WebhookMessage; attempt: number }

export class WebhookOutbox implements Disposable {
  readonly #components: WebhookOutboxComponents
  readonly #closing = new AbortController()
  readonly #due: Delivery[] = []
  readonly #cancels = new Set<() => void>()
  #running = 0
  /** Said once, however many messages come then. */
  #full = false

  constructor(components: WebhookOutboxComponents) {
    this.#components = components
  }

  /** Never throws, and waits for nothing. */
  send(message: WebhookMessage): void {
    if (this.#closing.signal.aborted) return
    if (this.#due.length + this.#cancels.size + this.#running >= MAX_HELD) {
      this.#drop(message)
      return
    }
    this.#full = false
    this.#due.push({ message, attempt: 1 })
    this.#deliverDue()
  }

  /** What is held is forgotten; after a restart, requests that still wait are told again. */
  [Symbol.dispose](): void {
    this.#closing.abort()
    for (const cancel of this.#cancels) cancel()
    this.#cancels.clear()
    this.#due.length = 0
  }

  #drop({ type }: WebhookMessage): void {
    if (!this.#full)
      this.#components.logger.error('webhook.full', { reason: `${MAX_HELD} messages wait; more are lost` })
    this.#full = true
    this.#components.observe?.(type, 'dropped')
  }

  #deliverDue(): void {
    while (this.#running < MAX_AT_ONCE) {
      const delivery = this.#due.shift()
      if (delivery === undefined) return
      this.#running += 1
      void this.#attempt(delivery).finally(() => {
        this.#running -= 1
        this.#deliverDue()
      })
    }
  }

  async #attempt({ message, attempt }: Delivery): Promise<void> {
    const { post, observe } = this.#components
    const { signal } = this.#closing
    const answer = await post(message, signal).catch(failed)
    if (signal.aborted) return
    if (answer.ok) {
      observe?.(message.type, 'delivered')
      return
    }
    const seconds = answer.gone ? undefined : this.#nextAfter(message, attempt)
    const facts = { message: message.type, id: message.approval, attempt, reason: answer.reason }
    if (seconds === undefined) {
      this.#components.logger.error('webhook.given_up', facts)
      observe?.(message.type, 'given_up')
      return
    }
    this.#components.logger.warn('webhook.failed', { ...facts, retry_seconds: seconds })
    observe?.(message.type, 'retried')
    this.#later({ message, attempt: attempt + 1 }, seconds)
  }

  /** @returns undefined when there is no further attempt. */
  #nextAfter({ until }: WebhookMessage, attempt: number): number | undefined {
    const seconds = RETRY_SECONDS[attempt - 1]
    const now = Math.floor(this.#components.clock.now() / 1000)
    return seconds !== undefined && now + seconds < until ? seconds : undefined
  }

  #later(delivery: Delivery, seconds: number): void {
    const cancel = this.#components.clock.after(seconds * 1000, () => {
      this.#cancels.delete(cancel)
      this.#due.push(delivery)
      this.#deliverDue()
    })
    this.#cancels.add(cancel)
  }
}

/** Its text may quote what was sent. */
function failed(error: unknown): { ok: false; reason: string; gone: boolean } {
  return {
    ok: false,
    reason: `the attempt failed (${error instanceof Error ? error.name : typeof error})`,
    gone: false,
  }
}
