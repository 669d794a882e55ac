/**
 * One Ed25519 signature for everything that is handed in during one turn of the event loop: under load the cost of
 * signing and of verifying is shared by the whole batch, and nobody waits for a timer (security.md B8).
 */
import { type Envelope, type EnvelopeType, MAX_BATCH_LEAVES } from '@hansa/protocols'
import { encodeBase64url } from '../encoding/base64url.ts'
import type { Signer } from '../keys/signer.ts'
import { rootAndPaths } from '../merkle/inclusion.ts'
import { batchLeafHash, batchStatement } from './batch-statement.ts'
import { type Prepared, prepare } from './prepared.ts'

export type SignedObject = {
  envelope: Envelope
  payloadBytes: Uint8Array
  hash: string
  /** JSON of the envelope: what travels. */
  text: string
}

export interface BatchSigner {
  /** Resolves after the current turn of the event loop; rejects when the key cannot sign. */
  sign(typ: EnvelopeType, payload: object): Promise<SignedObject>
  /** The same for what `prepare` returned. */
  sign(prepared: Prepared): Promise<SignedObject>
}

export type BatchSignerInit = {
  /** Runs the given function once, after everything else that is ready now. @default setImmediate */
  schedule?: (flush: () => void) => void
  /**
   * A signature that several share is made in the pool of threads, one at a time, and what is handed in meanwhile shares
   * the next one. Whoever is alone gets it at once: another thread would only take longer. @default false
   */
  pooled?: boolean
}

export function batchSigner(signer: Signer, init: BatchSignerInit = {}): BatchSigner {
  const { schedule = setImmediate, pooled = false } = init
  let waiting: Waiting[] = []
  let flushing = false
  const next = () => {
    flushing = waiting.length > 0
    if (flushing) schedule(flush)
  }
  const flush = () => {
    const batch = waiting.slice(0, MAX_BATCH_LEAVES)
    waiting = waiting.slice(MAX_BATCH_LEAVES)
    if (pooled && batch.length > 1) return void settleInPool(signer, batch).then(next)
    settle(signer, batch)
    next()
  }
  return {
    sign(first: EnvelopeType | Prepared, payload?: object): Promise<SignedObject> {
      const prepared = typeof first === 'string' ? prepare(first, payload ?? {}) : first
      return new Promise((resolve, reject) => {
        waiting.push({ prepared, resolve, reject })
        if (flushing) return
        flushing = true
        schedule(flush)
      })
    },
  }
}

/** Signs objects as one batch, now and in order. @param batch 1 to 1,024 objects. */
export function signBatch(signer: Signer, batch: readonly Prepared[]): SignedObject[] {
  const tree = treeOf(batch)
  return signedObjects(signer.kid, batch, tree, signer.sign(tree.statement))
}

/** What is signed for a batch, and the path of each of its objects. */
type BatchTree = { statement: Uint8Array; paths: string[][] }

function treeOf(batch: readonly Prepared[]): BatchTree {
  if (batch.length < 1 || batch.length > MAX_BATCH_LEAVES) throw new RangeError(`${batch.length} leaves in a batch`)
  const leaves = batch.map(({ typ, payloadBytes }) => batchLeafHash(typ, payloadBytes))
  const { root, paths } = rootAndPaths(leaves, encodeBase64url)
  return { statement: batchStatement(batch.length, root), paths }
}

function signedObjects(
  kid: string,
  batch: readonly Prepared[],
  { paths }: BatchTree,
  signature: Uint8Array,
): SignedObject[] {
  const sig = encodeBase64url(signature)
  const kidText = JSON.stringify(kid)
  return batch.map(({ payloadBytes, hash }, index) => {
    const path = paths[index] ?? []
    const envelope: Envelope = {
      payload: encodeBase64url(payloadBytes),
      proof: { index, kid, path, sig, size: batch.length },
    }
    return { envelope, payloadBytes, hash, text: envelopeText(envelope, kidText) }
  })
}

/** What `JSON.stringify` writes, without looking for characters to escape where there are none. */
function envelopeText({ payload, proof }: Envelope, kidText: string): string {
  const path = proof.path.length === 0 ? '' : `"${proof.path.join('","')}"`
  const { index, sig, size } = proof
  return `{"payload":"${payload}","proof":{"index":${index},"kid":${kidText},"path":[${path}],"sig":"${sig}","size":${size}}}`
}

type Waiting = { prepared: Prepared; resolve(signed: SignedObject): void; reject(error: unknown): void }

function settle(signer: Signer, waiting: readonly Waiting[]): void {
  try {
    release(waiting, signBatch(signer, preparedOf(waiting)))
  } catch (error) {
    for (const { reject } of waiting) reject(error)
  }
}

/** Never rejects: those who wait learn what failed. */
async function settleInPool(signer: Signer, waiting: readonly Waiting[]): Promise<void> {
  try {
    const batch = preparedOf(waiting)
    const tree = treeOf(batch)
    // The key may be rotated while the pool works: its name is the one of now, as its signature is.
    const { kid } = signer
    release(waiting, signedObjects(kid, batch, tree, await signer.signInPool(tree.statement)))
  } catch (error) {
    for (const { reject } of waiting) reject(error)
  }
}

function preparedOf(waiting: readonly Waiting[]): Prepared[] {
  return waiting.map(({ prepared }) => prepared)
}

function release(waiting: readonly Waiting[], signed: readonly SignedObject[]): void {
  for (const [index, object] of signed.entries()) waiting[index]?.resolve(object)
}
