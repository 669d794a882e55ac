/** Where clients want to be told of their tasks (A2A 1.0, section 4.3). What they name is a stranger's URL. */
import { type AllowPrivate, urlRefusal } from '@hansa/mesh'
import type { A2aPushConfig } from '@hansa/protocols'
import { randomId } from '@hansa/trust'
import { A2aFault, invalidParams, taskNotFound } from './a2a-fault.ts'
import type { PushOutbox } from './push-outbox.ts'
import type { PushLine } from './push-store.ts'
import { MAX_PUSH_CONFIGS, type TaskStore } from './task-store.ts'

export type TaskWebhooksInit = {
  /** Undefined: there are none here. */
  outbox?: Pick<PushOutbox, 'wake' | 'lost'>
  store: Pick<TaskStore, 'pushConfigs' | 'putPushConfig' | 'removePushConfig'>
  /** Which addresses besides public ones may be reached. */
  allowPrivate: AllowPrivate
}

export class TaskWebhooks {
  readonly #c: TaskWebhooksInit

  constructor(init: TaskWebhooksInit) {
    this.#c = init
  }

  get supported(): boolean {
    return this.#c.outbox !== undefined
  }

  /** @throws A2aFault for a URL that is never posted to, or where there are no webhooks */
  check({ url }: A2aPushConfig): void {
    if (!this.supported)
      throw new A2aFault({ code: 'PushNotificationNotSupportedError' }, 'This kernel sends no push notifications.')
    const reason = urlRefusal(url, this.#c.allowPrivate)
    if (reason === undefined) return
    throw invalidParams(`The webhook is not posted to: ${reason}`, [{ field: 'url', description: reason }])
  }

  async put(scope: string, taskId: string, config: A2aPushConfig): Promise<A2aPushConfig> {
    this.check(config)
    const kept = { ...config, taskId, id: config.id || randomId() }
    if (await this.#c.store.putPushConfig(scope, taskId, kept)) return kept
    const message = `A task has at most ${MAX_PUSH_CONFIGS} push notification configurations.`
    throw new A2aFault({ code: 'ResourceExhaustedError' }, message)
  }

  async get(scope: string, taskId: string, id: string): Promise<A2aPushConfig> {
    const found = (await this.list(scope, taskId)).find((config) => config.id === id)
    if (found === undefined) throw taskNotFound()
    return found
  }

  list(scope: string, taskId: string): Promise<A2aPushConfig[]> {
    this.#supportedOrFault()
    return this.#c.store.pushConfigs(scope, taskId)
  }

  remove(scope: string, taskId: string, id: string): Promise<void> {
    this.#supportedOrFault()
    return this.#c.store.removePushConfig(scope, taskId, id)
  }

  /** @param kept what the store has kept of events of a task */
  told({ pushed, lost }: { pushed: readonly PushLine[]; lost: number }): void {
    this.#c.outbox?.wake(pushed)
    if (lost > 0) this.#c.outbox?.lost(lost)
  }

  #supportedOrFault(): void {
    if (this.supported) return
    throw new A2aFault({ code: 'PushNotificationNotSupportedError' }, 'This kernel sends no push notifications.')
  }
}
