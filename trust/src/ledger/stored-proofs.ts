/** Proofs out of a log directory as it lies on the disk, under its last checkpoint: of a running log or a frozen one. */
import { encodeBase64url } from '../encoding/base64url.ts'
import { unverifiedCheckpoint } from './checkpoint.ts'
import type { LogDirectory } from './log-disk.ts'
import { readCheckpointFile } from './signed-state.ts'
import { hashReader, type ReadHash, storedConsistency, storedInclusion } from './stored-hashes.ts'

export type StoredProofs = {
  /** The checkpoint that the proofs lead to, as the log signed it. */
  note: string
  size: number
  /** From the size that was asked for; undefined when the log has no such tree. */
  consistency?: string[]
  /** For each entry, in order: sibling hashes from the leaf upwards; undefined beyond the checkpoint. */
  inclusion: (string[] | undefined)[]
}

export type StoredProofsInit = { entries: readonly number[] /** At least 1. */; from?: number }

/** @returns undefined when nothing is signed. Reads a few hashes for each entry, and each hash once. */
export async function storedProofs(
  directory: LogDirectory,
  { entries, from }: StoredProofsInit,
): Promise<StoredProofs | undefined> {
  const note = await readCheckpointFile(directory)
  const head = note === undefined ? undefined : unverifiedCheckpoint(note)
  if (note === undefined || head === undefined) return undefined
  const { size } = head
  const read = readingOnce(hashReader(directory))
  const inclusion = await Promise.all(
    entries.map(async (index) => (index < size ? texts(await storedInclusion(read, index, size)) : undefined)),
  )
  const provable = from !== undefined && from <= size
  return {
    note,
    size,
    inclusion,
    ...(provable ? { consistency: texts(await storedConsistency(read, from, size)) } : {}),
  }
}

function texts(hashes: readonly Uint8Array[]): string[] {
  return hashes.map(encodeBase64url)
}

function readingOnce(read: ReadHash): ReadHash {
  const known = new Map<number, Promise<Uint8Array>>()
  return (at) => {
    const found = known.get(at) ?? read(at)
    known.set(at, found)
    return found
  }
}
