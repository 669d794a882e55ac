/** Records that stand one behind the other in a file, with consecutive numbers: what is inspected at once, in any thread. */
import { HASH_BYTES } from '../merkle/hashing.ts'
import { RECORD_HEADER_BYTES } from './record.ts'
import type { ScannedRecord } from './record-files.ts'

/** Entries whose signed objects are not looked at: those before this place, or before this time. */
export type Since = { seq: number } | { tMs: number }

/** Plain data, so that it can go to another thread. */
export type Stretch = {
  /** Whole records. Owned by whoever inspects: the headers are overwritten. */
  bytes: Uint8Array<ArrayBuffer>
  /** Where each record ends in `bytes`. */
  ends: Uint32Array<ArrayBuffer>
  /** Sequence number of the first. */
  first: number
  since?: Since
}

/** @returns undefined when the records are not numbered one after the other. */
export function stretchOf(records: readonly ScannedRecord[], since: Since | undefined): Stretch | undefined {
  const [head] = records
  const tail = records.at(-1)
  if (head === undefined || tail === undefined) return undefined
  const ends = new Uint32Array(records.length)
  for (const [at, { number, end }] of records.entries()) {
    if (number !== head.number + at) return undefined
    ends[at] = end - head.offset
  }
  const bytes = new Uint8Array(tail.end - head.offset)
  bytes.set(new Uint8Array(head.bytes.buffer, head.bytes.byteOffset - RECORD_HEADER_BYTES, bytes.length))
  return { bytes, ends, first: head.number, ...(since === undefined ? {} : { since }) }
}

/** Leaf `at` of hashes that stand one behind the other. */
export function hashAt(hashes: Uint8Array, at: number): Uint8Array {
  return hashes.subarray(at * HASH_BYTES, (at + 1) * HASH_BYTES)
}
