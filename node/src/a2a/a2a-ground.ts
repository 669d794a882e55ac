import type { Signer } from '@hansa/trust'
import type { PushStore } from './push-store.ts'
import type { TaskStore } from './task-store.ts'

/** Tasks, and what waits for their webhooks. */
export type KeptTasks = TaskStore & PushStore

/** What a node that speaks A2A needs of its kernel besides calls. */
export type A2aGround = {
  /** Of the key with which the kernel signs now. */
  readonly signer: Pick<Signer, 'kid' | 'sign'>
  /** Undefined where nothing is kept on a disk. */
  readonly tasks: KeptTasks | undefined
}
