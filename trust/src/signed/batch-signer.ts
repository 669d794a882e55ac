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
}

export function batchSigner(signer: Signer, init: BatchSignerInit = {}): BatchSigner {
  const schedule = init.schedule ?? setImmediate
  let waiting: Waiting[] = []
  const flush = () => {
    const all = waiting
    waiting = []
    for (let from = 0; from < all.length; from += MAX_BATCH_LEAVES) {
      settle(signer, all.slice(from, from + MAX_BATCH_LEAVES))
    }
  }
  return {
    sign(first: EnvelopeType | Prepared, payload?: object): Promise<SignedObject> {
      const prepared = typeof first === 'string' ? prepare(first, payload ?? {}) : first
      return new Promise((resolve, reject) => {
        waiting.push({ prepared, resolve, reject })
        if (waiting.length === 1) schedule(flush)
      })
    },
  }
}

/** Signs objects as one batch, now and in order. @param batch 1 to 1,024 objects. */
export function signBatch(signer: Signer, batch: readonly Prepared[]): SignedObject[] {
  if (batch.length < 1 || batch.length > MAX_BATCH_LEAVES) throw new RangeError(`${batch.length} leaves in a batch`)
  const leaves = batch.map(({ typ, payloadBytes }) => batchLeafHash(typ, payloadBytes))
  const { root, paths } = rootAndPaths(leaves, encodeBase64url)
  const sig = encodeBase64url(signer.sign(batchStatement(batch.length, root)))
  const kidText = JSON.stringify(signer.kid)
  return batch.map(({ payloadBytes, hash }, index) => {
    const path = paths[index] ?? []
    const envelope: Envelope = {
      payload: encodeBase64url(payloadBytes),
      proof: { index, kid: signer.kid, path, sig, size: batch.length },
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

function settle(signer: Signer, batch: readonly Waiting[]): void {
  try {
    const signed = signBatch(
      signer,
      batch.map(({ prepared }) => prepared),
    )
    for (const [index, object] of signed.entries()) batch[index]?.resolve(object)
  } catch (error) {
    for (const { reject } of batch) reject(error)
  }
}
