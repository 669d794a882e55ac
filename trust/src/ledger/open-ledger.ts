import type { CheckpointReference, Clock, Entry, EntryExt } from '@hansa/protocols'
import { leafHash } from '../merkle/hashing.ts'
import { AppendedFile } from './appended-file.ts'
import { CosignedCheckpoints } from './cosigned-checkpoint.ts'
import { DurableLedger } from './durable-ledger.ts'
import { LedgerError } from './errors.ts'
import { Frontier } from './frontier.ts'
import type { Ledger, LedgerLimits } from './ledger.ts'
import type { LogDisk } from './log-disk.ts'
import { CHECKPOINTS, ENTRIES, RESERVE_FILE } from './log-files.ts'
import { bytesForCalls, bytesForOpening, defaultRoomLimits } from './log-room.ts'
import { measuredDisk } from './measured-disk.ts'
import { type NoteKey, parseVkey } from './note.ts'
import { type ReadBack, readBack } from './read-back.ts'
import { RecordWriter, scanRange } from './record-files.ts'
import { type Recovered, recover } from './recover.ts'
import { SignedTree } from './signed-tree.ts'
import { HASHES_FILE } from './stored-hashes.ts'
import { openPrefix, type VerifiedPrefix } from './verified-prefix.ts'

const MIB = 1_048_576
const RESERVE_CHUNK_BYTES = 4 * MIB

export const defaultLedgerLimits: LedgerLimits = {
  segmentBytes: 64 * MIB,
  ...defaultRoomLimits,
  queueEntries: 10_000,
  queueBytes: 32 * MIB,
  checkpointEntries: 1024,
  checkpointMs: 1000,
}

export type OpenLedgerInit = {
  disk: LogDisk
  /** Names the log, `<host>/hansa/log/<n>` or `<did>/log/<n>`; the name of `key`. */
  origin: string
  /** Signs checkpoints; not the key of the kernel's DID. */
  key: NoteKey
  clock: Clock
  /**
   * The log cannot go on: a write or a sync failed, or what was written does not read back. Every entry that was not
   * durable is refused; the process must end, because what the disk holds is no longer known.
   */
  onFatal(error: unknown): void
  limits?: Partial<LedgerLimits>
  /** A checkpoint of this log that is kept outside its directory: an older copy of the directory is then refused. */
  remembered?: CheckpointReference
  /**
   * The beginning of this log that was verified before and is not read again; `replay` sees what comes after it. It
   * fits: ask `prefixHead` first.
   */
  after?: VerifiedPrefix
  /** Goes into `log.opened` when the log is begun. */
  opening?: EntryExt
  /** Sees every entry that is on the disk already, in order, before the ledger opens. */
  replay?(entry: Entry): void
  /** Reads entries back from the files of `disk` before they are signed. @default in this thread */
  readBack?: ReadBack
  /** Runs the given function once, after everything else that is ready now. @default setImmediate */
  schedule?(run: () => void): void
}

/**
 * Opens the log of a directory for writing, or begins one with `log.opened`. Verifies all of it first; a torn tail is
 * cut off. When it returns, everything in the log is under a signed checkpoint.
 * @throws LedgerError `log_locked`, `log_corrupt`, `log_rolled_back`, `log_foreign`, `log_full`.
 */
export async function openLedger(init: OpenLedgerInit): Promise<Ledger> {
  const { disk, key, origin } = init
  if (key.name !== origin) throw new RangeError(`the key of ${key.name} cannot sign the log ${origin}`)
  const given = { ...defaultLedgerLimits, ...init.limits }
  const limits = { ...given, ...(disk.bounded || Number.isFinite(given.maxBytes) ? {} : { reserveBytes: 0 }) }
  if (bytesForCalls(limits) <= 0) throw new RangeError('a log whose reserve takes all of its limit')
  const release = once(await disk.lock())
  try {
    return await openLocked(init, limits, release)
  } catch (error) {
    await release()
    throw error
  }
}

async function openLocked(init: OpenLedgerInit, limits: LedgerLimits, release: () => Promise<void>): Promise<Ledger> {
  const { key } = init
  const disk = await measuredDisk(init.disk, limits.maxBytes)
  if (disk.bytes > bytesForOpening(limits)) throw new LedgerError({ code: 'log_full', maxBytes: limits.maxBytes })
  const vkey = parseVkey(key.vkey)
  if (!vkey.ok) throw new Error(`a note key with an unusable vkey: ${vkey.reason}`)
  const { remembered, replay } = init
  const { verifier } = vkey
  const after = init.after && (await openPrefix(disk, verifier, init.after))
  if (init.after !== undefined && after === undefined) throw new RangeError('a prefix that is not of this log')
  const found = await recover({ directory: disk, verifier, remembered, replay, after })
  for (const { file, size } of found.cuts) await disk.truncate(file, size)
  await fillReserve(disk, limits.reserveBytes)
  await repairHashes(disk, found)

  const entries = await RecordWriter.open(disk, ENTRIES, limits.segmentBytes, found.size)
  const tree = new SignedTree({
    disk,
    key,
    frontier: found.frontier,
    position: found.signedEnd ?? entries.position,
    readBack: init.readBack ?? readBack(disk),
    hashes: await AppendedFile.open(disk, HASHES_FILE),
    history: await RecordWriter.open(disk, CHECKPOINTS, limits.segmentBytes, found.signed?.head.size ?? 0),
    signed: found.signed,
  })
  tree.add(found.unsigned, entries.position)
  const ledger = new DurableLedger({
    ...init,
    disk,
    limits,
    entries,
    tree,
    cosigned: await CosignedCheckpoints.open(disk, verifier),
    release,
    size: found.size,
    prev: found.prev,
  })
  try {
    await ledger.begin()
    return ledger
  } catch (error) {
    await ledger.close()
    throw error
  }
}

function once(release: () => Promise<void>): () => Promise<void> {
  let released: Promise<void> | undefined
  return () => {
    released ??= release()
    return released
  }
}

/** Zeros, not a sparse file: the point is that the space is taken. Not synced, because a crash only makes it short. */
async function fillReserve(disk: LogDisk, bytes: number): Promise<void> {
  const size = (await disk.size(RESERVE_FILE)) ?? 0
  if (size > bytes) return bytes === 0 ? disk.remove(RESERVE_FILE) : disk.truncate(RESERVE_FILE, bytes)
  if (size === bytes) return
  const file = await disk.open(RESERVE_FILE)
  try {
    for (let at = size; at < bytes; at += RESERVE_CHUNK_BYTES) {
      await file.append(Buffer.alloc(Math.min(RESERVE_CHUNK_BYTES, bytes - at)))
    }
  } finally {
    await file.close()
  }
}

/** Leaves exactly the hashes of the signed tree in their file. */
async function repairHashes(disk: LogDisk, { hashes, signedEnd, signed }: Recovered): Promise<void> {
  if (hashes.whole) {
    if (((await disk.size(HASHES_FILE)) ?? 0) > hashes.right) await disk.truncate(HASHES_FILE, hashes.right)
    return
  }
  await disk.remove(HASHES_FILE)
  if (signedEnd === undefined || signed === undefined) return
  const file = await AppendedFile.open(disk, HASHES_FILE)
  const frontier = new Frontier()
  const first = (await disk.list()).find((name) => name.startsWith(`${ENTRIES}-`)) ?? signedEnd.file
  for await (const records of scanRange(disk, ENTRIES, { file: first, offset: 0 }, signedEnd, 0)) {
    const emitted: Uint8Array[] = []
    for (const { bytes } of records) frontier.append(leafHash(bytes), (hash) => emitted.push(hash))
    await file.append(Buffer.concat(emitted))
  }
  await file.close()
}
