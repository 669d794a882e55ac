import type { Signer } from '@hansa/trust'
import type { TaskStore } from './task-store.ts'

/** What a node that speaks A2A needs of its kernel besides calls. */
export type A2aGround = {
  /** Of the key with which the kernel signs now. */
  readonly signer: Pick<Signer, 'kid' | 'sign'>
  /** Undefined where nothing is kept on a disk. */
  readonly tasks: TaskStore | undefined
}
