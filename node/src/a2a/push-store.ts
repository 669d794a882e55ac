/** Where events wait for webhooks: beside the tasks that they tell of, so that both are kept in one transaction. */
import type { A2aPushConfig } from '@hansa/protocols'

/** A webhook of a task: what waits for it goes out one after the other. */
export type PushLine = { owner: string; scope: string; taskId: string; configId: string }

export type WaitingPush = {
  /** The same at each attempt. */
  id: string
  config: A2aPushConfig
  /** The event, as JSON. */
  body: string
  /** That have failed. */
  attempts: number
}

export interface PushStore {
  /** Webhooks that something waits for. */
  pushLines(): Promise<PushLine[]>
  /** @returns the first that waits; nothing where the webhook or its task is gone */
  nextPush(line: PushLine): Promise<WaitingPush | undefined>
  pushFailed(id: string): Promise<void>
  /** It was taken, or is given up. */
  pushDone(id: string): Promise<void>
}

/** Events that wait: of all, and of one owner, who keeps nobody else from hearing by a webhook that does not answer. */
export const MAX_PUSHES = 1_000
export const MAX_PUSHES_OF_OWNER = 200
/** Bytes of them. */
export const MAX_PUSH_BYTES = 134_217_728
export const MAX_PUSH_BYTES_OF_OWNER = 33_554_432
