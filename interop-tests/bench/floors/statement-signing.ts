/**
 * Two ways to sign a statement with Ed25519, behind one pair of functions: each on its own, or all that are handed in
 * during one turn of the event loop under one signature over their tree. A proof is bytes:
 *
 *   single    signature (64)
 *   batched   index u16 | size u16 | signature (64) | siblings (32 each)
 */
import { type KeyObject, sign, verify } from 'node:crypto'
import { HASH_BYTES, leafHash, rootAndPaths, rootFromPath } from './merkle-batch.ts'

export type Signing = 'single' | 'batched'

/** @returns the proof. */
export type SignStatement = (statement: Buffer) => Promise<Buffer>
export type VerifyStatement = (statement: Buffer, proof: Buffer) => boolean

const SIGNATURE_BYTES = 64
const BATCH_HEAD_BYTES = 4
const MAX_BATCH = 1_024
const MAX_PATH = 10
const TAG = Buffer.from('signed exchange floor\n')
/** Roots whose signature was verified and is remembered. */
const REMEMBERED_ROOTS = 1_024

export function statementSigner(signing: Signing, key: KeyObject): SignStatement {
  return signing === 'single' ? async (statement) => sign(null, statement, key) : batchSigner(key)
}

export function statementVerifier(signing: Signing, key: KeyObject): VerifyStatement {
  return signing === 'single' ? (statement, proof) => verify(null, statement, key, proof) : batchVerifier(key)
}

type Waiting = { leaf: Buffer; resolve(proof: Buffer): void; reject(error: unknown): void }

function batchSigner(key: KeyObject): SignStatement {
  let waiting: Waiting[] = []
  const flush = () => {
    const all = waiting
    waiting = []
    for (let from = 0; from < all.length; from += MAX_BATCH) signBatch(key, all.slice(from, from + MAX_BATCH))
  }
  return (statement) => {
    const { promise, resolve, reject } = Promise.withResolvers<Buffer>()
    waiting.push({ leaf: leafHash(statement), resolve, reject })
    if (waiting.length === 1) setImmediate(flush)
    return promise
  }
}

function signBatch(key: KeyObject, batch: readonly Waiting[]): void {
  try {
    const { root, paths } = rootAndPaths(batch.map(({ leaf }) => leaf))
    const signature = sign(null, signedBytes(batch.length, root), key)
    for (const [index, { resolve }] of batch.entries()) {
      const head = Buffer.allocUnsafe(BATCH_HEAD_BYTES)
      head.writeUInt16BE(index, 0)
      head.writeUInt16BE(batch.length, 2)
      resolve(Buffer.concat([head, signature, ...(paths[index] ?? [])]))
    }
  } catch (error) {
    for (const { reject } of batch) reject(error)
  }
}

function batchVerifier(key: KeyObject): VerifyStatement {
  const verified = new Set<string>()
  return (statement, proof) => {
    const read = readBatchProof(proof)
    if (read === undefined) return false
    const { index, size, signature, path } = read
    const root = rootFromPath(leafHash(statement), index, size, path)
    if (root === undefined) return false
    const signed = signedBytes(size, root)
    const name = signed.toString('latin1') + signature.toString('latin1')
    if (verified.has(name)) return true
    if (!verify(null, signed, key, signature)) return false
    verified.add(name)
    if (verified.size > REMEMBERED_ROOTS) {
      // A set keeps the order of insertion.
      const [oldest = ''] = verified
      verified.delete(oldest)
    }
    return true
  }
}

function readBatchProof(proof: Buffer) {
  const pathBytes = proof.length - BATCH_HEAD_BYTES - SIGNATURE_BYTES
  if (pathBytes < 0 || pathBytes % HASH_BYTES !== 0 || pathBytes > MAX_PATH * HASH_BYTES) return undefined
  const pathStart = BATCH_HEAD_BYTES + SIGNATURE_BYTES
  const path = Array.from({ length: pathBytes / HASH_BYTES }, (_, at) =>
    proof.subarray(pathStart + at * HASH_BYTES, pathStart + (at + 1) * HASH_BYTES),
  )
  const signature = proof.subarray(BATCH_HEAD_BYTES, pathStart)
  return { index: proof.readUInt16BE(0), size: proof.readUInt16BE(2), signature, path }
}

function signedBytes(size: number, root: Buffer): Buffer {
  const head = Buffer.allocUnsafe(2)
  head.writeUInt16BE(size)
  return Buffer.concat([TAG, head, root])
}
