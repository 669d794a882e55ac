/**
 * Framing of what a ledger appends (security.md B8): `HKL1 | length u32 | crc32 u32 | number u64 | bytes`, integers
 * big-endian. The checksum covers number and bytes. It finds accidents; tampering is found by the chain and the tree.
 *
 * The number is the sequence number of an entry, or the size of the tree of a checkpoint.
 */
import { crc32 } from 'node:zlib'

export const RECORD_HEADER_BYTES = 20
export const MAX_RECORD_BYTES = 65_535

const MAGIC = 0x484b4c31
const MAGIC_BYTES = Buffer.from('HKL1')
const LENGTH_AT = 4
const CRC_AT = 8
const NUMBER_AT = 12
const TWO_32 = 2 ** 32

export type RecordView = { number: number; bytes: Uint8Array }

/** `end` is where the next record begins; `short` means that the window ends before the record does. */
export type RecordRead = { kind: 'record'; number: number; bytes: Buffer; end: number } | { kind: 'short' | 'bad' }

/** Puts the header in front of `length` bytes that stand at `at + RECORD_HEADER_BYTES` already. */
export function sealRecord(target: Buffer, at: number, length: number, number: number): void {
  target.writeUInt32BE(MAGIC, at)
  target.writeUInt32BE(length, at + LENGTH_AT)
  target.writeUInt32BE(Math.floor(number / TWO_32), at + NUMBER_AT)
  target.writeUInt32BE(number % TWO_32, at + NUMBER_AT + 4)
  const covered = target.subarray(at + NUMBER_AT, at + RECORD_HEADER_BYTES + length)
  target.writeUInt32BE(crc32(covered), at + CRC_AT)
}

/** One record alone. @throws RangeError when there are no bytes or more than 65,535. */
export function encodeRecord({ number, bytes }: RecordView): Buffer {
  if (bytes.length === 0 || bytes.length > MAX_RECORD_BYTES) throw new RangeError(`a record of ${bytes.length} bytes`)
  const record = Buffer.allocUnsafe(RECORD_HEADER_BYTES + bytes.length)
  record.set(bytes, RECORD_HEADER_BYTES)
  sealRecord(record, 0, bytes.length, number)
  return record
}

/** Reads the record at `at`; its bytes are a view of `window`. */
export function readRecord(window: Buffer, at: number): RecordRead {
  if (at + RECORD_HEADER_BYTES > window.length) return { kind: 'short' }
  if (window.readUInt32BE(at) !== MAGIC) return { kind: 'bad' }
  const length = window.readUInt32BE(at + LENGTH_AT)
  if (length === 0 || length > MAX_RECORD_BYTES) return { kind: 'bad' }
  const start = at + RECORD_HEADER_BYTES
  const end = start + length
  if (end > window.length) return { kind: 'short' }
  if (crc32(window.subarray(at + NUMBER_AT, end)) !== window.readUInt32BE(at + CRC_AT)) return { kind: 'bad' }
  const number = window.readUInt32BE(at + NUMBER_AT) * TWO_32 + window.readUInt32BE(at + NUMBER_AT + 4)
  if (!Number.isSafeInteger(number)) return { kind: 'bad' }
  return { kind: 'record', number, bytes: window.subarray(start, end), end }
}

/**
 * Where the next whole record begins at or after `from`; undefined when none does. Text in an entry cannot pass for a
 * record: a length below 65,536 begins with two zero bytes, which JSON never holds.
 */
export function findRecord(window: Buffer, from: number): number | undefined {
  for (let at = window.indexOf(MAGIC_BYTES, from); at >= 0; at = window.indexOf(MAGIC_BYTES, at + 1)) {
    if (readRecord(window, at).kind === 'record') return at
  }
  return undefined
}
