/**
 * Entries as the disk gives them back. Before a signature covers them they are read again, hashed, and compared with what
 * was hashed when they were appended: a bit that flipped on the way is found (security.md B8, "Signing discipline").
 */
import { HASH_BYTES, leafHash } from '../merkle/hashing.ts'
import { chainHash } from './entry-bytes.ts'
import type { LogDirectory } from './log-disk.ts'
import { ENTRIES } from './log-files.ts'
import { corrupt, type RecordPosition, scanRange } from './record-files.ts'

export type AppendedStretch = {
  from: RecordPosition
  /** Where the last of the entries ends. */
  to: RecordPosition
  /** Sequence number of the first one. */
  first: number
  /** What the entry behind each one names as `prev`, as it was when appended. */
  links: readonly string[]
}

/** `close` lets go of what it holds; nothing is read back afterwards. */
export type ReadBack = {
  /**
   * @returns RFC 6962 leaf hashes of what was read, 32 bytes each.
   * @throws LedgerError `log_corrupt` where an entry is not the one that was appended, or missing.
   */
  read(stretch: AppendedStretch): Promise<Uint8Array>
  close(): Promise<void>
}

/** Reads in the thread that asks. */
export function readBack(directory: LogDirectory): ReadBack {
  return {
    read: (stretch) => readAgain(directory, stretch),
    close: () => Promise.resolve(),
  }
}

async function readAgain(directory: LogDirectory, { from, to, first, links }: AppendedStretch): Promise<Uint8Array> {
  const leaves = new Uint8Array(links.length * HASH_BYTES)
  let at = 0
  for await (const records of scanRange(directory, ENTRIES, from, to, first)) {
    for (const { file, offset, number, bytes } of records) {
      const seq = first + at
      if (number !== seq || chainHash(bytes) !== links[at]) throw corrupt(file, offset, seq)
      leaves.set(leafHash(bytes), at * HASH_BYTES)
      at++
    }
  }
  if (at !== links.length) throw corrupt(to.file, to.offset, first + at)
  return leaves
}
