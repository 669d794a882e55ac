/**
 * The signatures of batches that were found good, so that each is checked once however many of its objects come, and
 * where they are checked: in place, or in the pool of threads, so that the event loop goes on meanwhile.
 */
import { LRUCache } from 'lru-cache'
import { encodeBase64url } from '../encoding/base64url.ts'
import { type VerifyingKey, verifySignature } from '../keys/admitted-key.ts'
import { batchStatement } from './batch-statement.ts'

export type SignedBatch = {
  /** Part of what is remembered: a root that one key has signed says nothing of another, also of the same name. */
  key: VerifyingKey
  size: number
  root: Uint8Array
  signature: Uint8Array
  /** The same in base64url. */
  sig: string
}

/** Whether the signature is the key's over the bytes. */
export type PooledCheck = (key: VerifyingKey, bytes: Uint8Array, signature: Uint8Array) => Promise<boolean>

export type CheckedBatchesInit = {
  /** Batches that are remembered. */
  remembered: number
  /**
   * For batches of several objects, one at a time: whoever sends many that are not signed leaves threads to the disk. A
   * batch of a single object is shared by nobody, and its reader would only wait longer. @default all in place
   */
  inPool?: PooledCheck
}

export class CheckedBatches {
  readonly #good: LRUCache<string, true>
  readonly #inPool: PooledCheck | undefined
  /** By name, what is being checked: the objects of a batch arrive together. */
  readonly #checking = new Map<string, Promise<boolean>>()
  #last: Promise<unknown> = Promise.resolve()

  constructor({ remembered, inPool }: CheckedBatchesInit) {
    this.#good = new LRUCache({ max: remembered })
    this.#inPool = inPool
  }

  /** Whether the key has signed the batch. Never throws, never rejects. */
  isSigned(batch: SignedBatch): boolean | Promise<boolean> {
    const { key, size, root, signature, sig } = batch
    const name = `${key.text} ${size} ${encodeBase64url(root)} ${sig}`
    if (this.#good.get(name) !== undefined) return true
    if (this.#inPool !== undefined && size > 1) {
      return this.#checking.get(name) ?? this.#checkInPool(name, batch, this.#inPool)
    }
    return this.#noted(name, verifySignature(key, batchStatement(size, root), signature))
  }

  #checkInPool(name: string, { key, size, root, signature }: SignedBatch, inPool: PooledCheck): Promise<boolean> {
    const checking = this.#last.then(async () => {
      // A pool that fails says nothing good of this batch, and nothing at all of the next.
      const good = await inPool(key, batchStatement(size, root), signature).catch(() => false)
      this.#checking.delete(name)
      return this.#noted(name, good)
    })
    this.#checking.set(name, checking)
    this.#last = checking
    return checking
  }

  #noted(name: string, good: boolean): boolean {
    if (good) this.#good.set(name, true)
    return good
  }
}
