/** Entries in a tile of them: each behind its length, two bytes, big-endian (https://c2sp.org/tlog-tiles, "Log entries"). */

export const LENGTH_BYTES = 2
const MAX_ENTRY_BYTES = 65_535

/** @throws RangeError for an entry of more than 65,535 bytes. */
export function encodeBundle(entries: readonly Uint8Array[]): Buffer {
  const bundle = Buffer.allocUnsafe(entries.reduce((sum, entry) => sum + LENGTH_BYTES + entry.length, 0))
  let at = 0
  for (const entry of entries) {
    if (entry.length > MAX_ENTRY_BYTES) throw new RangeError(`an entry of ${entry.length} bytes`)
    at = bundle.writeUInt16BE(entry.length, at)
    bundle.set(entry, at)
    at += entry.length
  }
  return bundle
}

export type ReadBundle = {
  /** As many as could be read, and at most what was asked for; views of the bundle. */
  entries: Buffer[]
  /** Where the byte behind the last of them is. */
  end: number
}

/** Reads up to `count` entries. An entry without bytes, and one that is cut off, ends the reading. */
export function readBundle(bundle: Buffer, count: number): ReadBundle {
  const entries: Buffer[] = []
  let at = 0
  while (entries.length < count && at + LENGTH_BYTES <= bundle.length) {
    const start = at + LENGTH_BYTES
    const end = start + bundle.readUInt16BE(at)
    if (end === start || end > bundle.length) break
    entries.push(bundle.subarray(start, end))
    at = end
  }
  return { entries, end: at }
}
