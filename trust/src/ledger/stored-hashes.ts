/**
 * Every hash of a growing tree in one append-only file, leaf by leaf, each followed by the inner nodes that it
 * completes. Proofs read a few of them; nothing grows in memory. The file holds nothing that the entries do not: it is
 * checked against them, and written again from where it differs, whenever the log is opened.
 */
import { HASH_BYTES, nodeHash } from '../merkle/hashing.ts'
import { splitPoint } from '../merkle/tree.ts'
import type { LogDirectory } from './log-disk.ts'

export const HASHES_FILE = 'hashes'

/** Reads hash number `at` of the file. */
export type ReadHash = (at: number) => Promise<Uint8Array>

/** Position of node `index` of `level` (leaves are level 0), counted in hashes. */
export function storedIndex(level: number, index: number): number {
  let leaf = index
  for (let above = level; above > 0; above--) leaf = leaf * 2 + 1
  return storedCount(leaf) + level
}

/** Hashes of a tree of `size` leaves: each leaf and each complete subtree once. */
export function storedCount(size: number): number {
  let count = 0
  for (let left = size; left > 0; left = Math.floor(left / 2)) count += left
  return count
}

/** The leaf whose arrival wrote hash number `at`. */
export function leafOfStored(at: number): number {
  let low = 0
  let high = at + 1
  while (low < high) {
    const middle = Math.floor((low + high) / 2)
    if (storedCount(middle + 1) > at) high = middle
    else low = middle + 1
  }
  return low
}

/** Hashes no further apart than this are read together: one read of the disk costs more than these bytes. */
const NEAR_HASHES = 2_048
/** Hashes that one read takes at most, a MiB. */
const MAX_HASHES = 32_768
/** Reads at the same time: all those of a proof. */
const READS_AT_ONCE = 32

type Wanted = { at: number; resolve(hash: Uint8Array): void; reject(error: unknown): void }

/** Hashes that are asked for in one turn are read together where they stand close, as most of a proof does. */
export function hashReader(directory: LogDirectory): ReadHash {
  let wanted: Wanted[] = []
  const flush = () => {
    const groups = near(wanted).values()
    wanted = []
    for (let lane = 0; lane < READS_AT_ONCE; lane++) void readGroups(directory, groups)
  }
  return (at) => {
    const { promise, resolve, reject } = Promise.withResolvers<Uint8Array>()
    if (wanted.length === 0) queueMicrotask(flush)
    wanted.push({ at, resolve, reject })
    return promise
  }
}

function near(wanted: readonly Wanted[]): Wanted[][] {
  const groups: Wanted[][] = []
  for (const one of wanted.toSorted((a, b) => a.at - b.at)) {
    const group = groups.at(-1)
    const [first, last] = [group?.[0]?.at ?? 0, group?.at(-1)?.at ?? 0]
    if (group !== undefined && one.at - last <= NEAR_HASHES && one.at - first < MAX_HASHES) group.push(one)
    else groups.push([one])
  }
  return groups
}

async function readGroups(directory: LogDirectory, groups: Iterable<Wanted[]>): Promise<void> {
  for (const group of groups) await readGroup(directory, group)
}

async function readGroup(directory: LogDirectory, group: readonly Wanted[]): Promise<void> {
  const first = group[0]?.at ?? 0
  const last = group.at(-1)?.at ?? first
  try {
    const bytes = await directory.read(HASHES_FILE, first * HASH_BYTES, (last + 1) * HASH_BYTES)
    for (const { at, resolve, reject } of group) {
      const hash = bytes.subarray((at - first) * HASH_BYTES, (at - first + 1) * HASH_BYTES)
      if (hash.length === HASH_BYTES) resolve(hash)
      else reject(new RangeError(`hash ${at} is not stored`))
    }
  } catch (error) {
    for (const { reject } of group) reject(error)
  }
}

/** MTH of leaves `[from, to)`, where `from` is a multiple of the largest power of two that is at least `to - from`. */
export async function storedRoot(read: ReadHash, from: number, to: number): Promise<Uint8Array> {
  const size = to - from
  const split = size < 2 ? 1 : splitPoint(size)
  if (size === 1 || split * 2 === size) {
    const level = Math.log2(size)
    return read(storedIndex(level, from / size))
  }
  const [left, right] = await Promise.all([storedRoot(read, from, from + split), storedRoot(read, from + split, to)])
  return nodeHash(left, right)
}

/** PATH(index, D[size]) of RFC 6962 section 2.1.1, leaf upwards. @throws RangeError when there is no such leaf. */
export async function storedInclusion(read: ReadHash, index: number, size: number): Promise<Uint8Array[]> {
  if (!Number.isSafeInteger(index) || index < 0 || index >= size) throw new RangeError(`no leaf ${index} of ${size}`)
  const path: Promise<Uint8Array>[] = []
  let from = 0
  let to = size
  while (to - from > 1) {
    const middle = from + splitPoint(to - from)
    if (index < middle) {
      path.push(storedRoot(read, middle, to))
      to = middle
    } else {
      path.push(storedRoot(read, from, middle))
      from = middle
    }
  }
  return (await Promise.all(path)).reverse()
}

/** PROOF(fromSize, D[toSize]) of RFC 6962 section 2.1.2. @throws RangeError unless 1 <= fromSize <= toSize. */
export async function storedConsistency(read: ReadHash, fromSize: number, toSize: number): Promise<Uint8Array[]> {
  if (!Number.isSafeInteger(fromSize) || fromSize < 1 || fromSize > toSize) {
    throw new RangeError(`no tree of ${fromSize} inside a tree of ${toSize}`)
  }
  const path: Promise<Uint8Array>[] = []
  let from = 0
  let to = toSize
  while (to !== fromSize) {
    const middle = from + splitPoint(to - from)
    if (fromSize <= middle) {
      path.push(storedRoot(read, middle, to))
      to = middle
    } else {
      path.push(storedRoot(read, from, middle))
      from = middle
    }
  }
  if (from > 0) path.push(storedRoot(read, from, to))
  return (await Promise.all(path)).reverse()
}
