/**
 * The bytes of a batch envelope (wire.md: batch envelope). The type of an object is in its leaf only, so that objects of
 * different types share a batch and none can be taken for another.
 */
import { hash } from 'node:crypto'
import type { EnvelopeType } from '@hansa/protocols'
import { HASH_BYTES } from '../merkle/hashing.ts'

const STATEMENT_TAG = Buffer.from('hansa/batch/v1\n', 'latin1')
const U64_BYTES = 8

/** 0x00 of a leaf, the type, and the line feed. */
const LEAF_TAGS: Readonly<Record<EnvelopeType, Uint8Array>> = {
  'hansa-intent': Buffer.from('\0hansa-intent\n', 'latin1'),
  'hansa-receipt': Buffer.from('\0hansa-receipt\n', 'latin1'),
  'hansa-ack': Buffer.from('\0hansa-ack\n', 'latin1'),
  'hansa-acks': Buffer.from('\0hansa-acks\n', 'latin1'),
}

/** RFC 6962 leaf hash of `typ ‖ "\n" ‖ payload bytes`. */
export function batchLeafHash(typ: EnvelopeType, payloadBytes: Uint8Array): Uint8Array {
  const tag = LEAF_TAGS[typ]
  const input = Buffer.allocUnsafe(tag.length + payloadBytes.length)
  input.set(tag)
  input.set(payloadBytes, tag.length)
  // Through text: almost twice as fast as a buffer that the hash allocates.
  return Buffer.from(hash('sha256', input, 'binary'), 'latin1')
}

/** What the one signature of a batch is over: `"hansa/batch/v1\n" ‖ u64be(size) ‖ root`. */
export function batchStatement(size: number, root: Uint8Array): Uint8Array {
  const statement = Buffer.alloc(STATEMENT_TAG.length + U64_BYTES + HASH_BYTES)
  STATEMENT_TAG.copy(statement)
  statement.writeBigUInt64BE(BigInt(size), STATEMENT_TAG.length)
  statement.set(root, STATEMENT_TAG.length + U64_BYTES)
  return statement
}
