/**
 * The framing of a log as somebody who changes it has to know it: `HKL1 | length u32 | crc32 u32 | number u64 | bytes`.
 * Written apart from the ledger's own, so that the attacker does not depend on what is attacked.
 */
import { crc32 } from 'node:zlib'

const HEADER = 20

export type FileRecord = { number: number; bytes: Buffer }

/** Records of a whole file. */
export function recordsIn(file: Uint8Array): FileRecord[] {
  const all = Buffer.from(file)
  const records: FileRecord[] = []
  for (let at = 0; at < all.length; ) {
    const end = at + HEADER + all.readUInt32BE(at + 4)
    records.push({ number: Number(all.readBigUInt64BE(at + 12)), bytes: all.subarray(at + HEADER, end) })
    at = end
  }
  return records
}

/** A file of records, with the checksums that belong to them. */
export function fileOf(records: readonly FileRecord[]): Buffer {
  return Buffer.concat(records.map(sealed))
}

function sealed({ number, bytes }: FileRecord): Buffer {
  const record = Buffer.concat([Buffer.alloc(HEADER), bytes])
  record.write('HKL1')
  record.writeUInt32BE(bytes.length, 4)
  record.writeBigUInt64BE(BigInt(number), 12)
  record.writeUInt32BE(crc32(record.subarray(12)), 8)
  return record
}

/** Where record `at` begins. */
export function startOf(records: readonly FileRecord[], at: number): number {
  return records.slice(0, at).reduce((sum, { bytes }) => sum + HEADER + bytes.length, 0)
}
