/** Where an own identity with a log is kept: on a disk, or in memory for kernels that forget everything. */
import type { Signer } from '@hansa/trust'
import { newSeed, signerFromSeed } from '@hansa/trust'
import type { Rotation } from './rotation.ts'

/** `signing` signs for the kernel; `update` signs the next entry of the log. */
export type IdentityKeyKind = 'signing' | 'update'

export type StoredIdentity = {
  /** Text of `did.jsonl`. */
  log: string
  signing: Signer
  nextSigning?: Signer
  /** Absent while an operator keeps it elsewhere. */
  update?: Signer
  nextUpdate?: Signer
  rotation?: Rotation
}

export interface IdentityFiles {
  read(): Promise<StoredIdentity>
  /** Replaces the log as a whole; durable when this resolves. */
  writeLog(text: string): Promise<void>
  /** @param rotation undefined: none is under way */
  writeRotation(rotation: Rotation | undefined): Promise<void>
  /** Makes the key that comes next; one that was left behind is replaced. */
  createNext(kind: IdentityKeyKind): Promise<Signer>
  /** The key that comes next takes the place of the one in use, which is gone then. */
  promote(kind: IdentityKeyKind): Promise<void>
  dropNext(kind: IdentityKeyKind): Promise<void>
}

export function memoryIdentityFiles(first: { log: string; signing: Signer; update: Signer }): IdentityFiles {
  const keys: Record<IdentityKeyKind, { now: Signer; next?: Signer }> = {
    signing: { now: first.signing },
    update: { now: first.update },
  }
  let { log } = first
  let rotation: Rotation | undefined
  return {
    async read() {
      const { signing, update } = keys
      return {
        log,
        signing: signing.now,
        update: update.now,
        ...(signing.next === undefined ? {} : { nextSigning: signing.next }),
        ...(update.next === undefined ? {} : { nextUpdate: update.next }),
        ...(rotation === undefined ? {} : { rotation }),
      }
    },
    async writeLog(text) {
      log = text
    },
    async writeRotation(given) {
      rotation = given
    },
    async createNext(kind) {
      const next = signerFromSeed(newSeed())
      keys[kind].next = next
      return next
    },
    async promote(kind) {
      const { next } = keys[kind]
      if (next !== undefined) keys[kind] = { now: next }
    },
    async dropNext(kind) {
      delete keys[kind].next
    },
  }
}
