/**
 * Entries as the disk gives them back. Before a signature covers them they are read again, hashed, and compared with what
 * was hashed when they were appended: a bit that flipped on the way is found (security.md B8, "Signing discipline").
 */
import { HASH_BYTES } from '../merkle/hashing.ts'
import { leafInPlace, linkInPlace } from './entry-hashes.ts'
import { Frontier } from './frontier.ts'
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
  /** Roots of the complete subtrees of everything before, largest first. */
  peaks: readonly Uint8Array[]
}

/** Plain data, so that it can come from another thread. */
export type GrownTree = {
  /** What the file of hashes has to grow by. */
  hashes: Uint8Array<ArrayBuffer>
  /** Roots of the complete subtrees now, largest first. */
  peaks: Uint8Array[]
}

/** `close` lets go of what it holds; nothing is read back afterwards. */
export type ReadBack = {
  /**
   * @returns the tree with the leaves of what was read.
   * @throws LedgerError `log_corrupt` where an entry is not the one that was appended, or missing.
   */
  read(stretch: AppendedStretch): Promise<GrownTree>
  close(): Promise<void>
}

/** Reads in the thread that asks. */
export function readBack(directory: LogDirectory): ReadBack {
  return {
    read: (stretch) => readAgain(directory, stretch),
    close: () => Promise.resolve(),
  }
}

async function readAgain(directory: LogDirectory, stretch: AppendedStretch): Promise<GrownTree> {
  const { from, to, first, links, peaks } = stretch
  const frontier = Frontier.of(first, peaks)
  if (frontier === undefined) throw new RangeError(`no tree of ${first} entries has ${peaks.length} peaks`)
  const leaves = Buffer.allocUnsafe(links.length * HASH_BYTES)
  let at = 0
  for await (const records of scanRange(directory, ENTRIES, from, to, first)) {
    for (const { file, offset, number, bytes } of records) {
      const seq = first + at
      // The reader of a window owns it, and nothing looks at a header twice.
      const memory = Buffer.from(bytes.buffer)
      const start = bytes.byteOffset
      const end = start + bytes.length
      if (number !== seq || linkInPlace(memory, start, end) !== links[at]) throw corrupt(file, offset, seq)
      leafInPlace(memory, start, end, leaves, at * HASH_BYTES)
      at++
    }
  }
  if (at !== links.length) throw corrupt(to.file, to.offset, first + at)
  return { hashes: frontier.grow(leaves), peaks: frontier.peaks() }
}
