/**
 * Reads a log on for a resume point, from the one before: what the log alone says of the kernel up to its last checkpoint.
 */
import { followLog, type LogDirectory, type VerifiedPrefix } from '@hansa/trust/ledger'
import { slices } from '../slices.ts'
import type { Projections } from './projections.ts'
import type { ListedFacts } from './replay-facts.ts'
import { type ResumePoint, sealResumePoint } from './resume-point.ts'
import type { SettledKey } from './settled-keys.ts'

export type ReadOnInit = {
  directory: LogDirectory
  vkey: string
  /** Projections that nobody else uses, and that write nothing, before any entry: `restore` follows. */
  blank(): Projections
  /** The same as they are before the first entry of the log. @default blank */
  begin?(): Promise<Projections>
  /** Lets other work go on in between; what it throws ends the reading. @default nothing is let in */
  pause?(): Promise<void>
}

/** @param size entries that the point covers. @param ended keys that have to be on the disk before the point is. */
export type ReadOn = { point: ResumePoint; ended: SettledKey[]; size: number }

/**
 * @param after the point before; undefined reads the log from its beginning.
 * @returns undefined when no checkpoint is beyond it.
 * @throws LedgerError for a log that is not what was signed.
 */
export async function readOn(after: ResumePoint | undefined, init: ReadOnInit): Promise<ReadOn | undefined> {
  const { directory, vkey, pause, blank, begin = async () => blank() } = init
  const projections = after === undefined ? await begin() : blank()
  if (after !== undefined) projections.restore(after.state)
  let lastMs = 0
  let size = 0
  const prefix = await followLog({
    directory,
    vkey,
    ...(after === undefined ? {} : { after: after.prefix }),
    ...(pause === undefined ? {} : { pause }),
    replay(entry) {
      projections.replay(entry)
      lastMs = Math.max(lastMs, entry.t_ms)
      size = entry.seq + 1
    },
  })
  return prefix && { point: { prefix, state: projections.state(lastMs) }, ended: projections.idempotency.ended(), size }
}

/**
 * A point as it is kept, which is read and written where it is made: it may have many megabytes.
 * @param ended the keys that have to be on the disk before, some hundred in each text
 */
export type SealedPoint = { sealed: string; ended: string[]; size: number }

/** Keys of one text: what is read and put on the disk in one piece, in the thread that calls go through. */
const KEYS_OF_A_TEXT = 256

export function sealReadOn({ point, ended, size }: ReadOn, key: Uint8Array): SealedPoint {
  const texts = [...slices(ended, KEYS_OF_A_TEXT)].map((keys) => JSON.stringify(keys))
  return { sealed: sealResumePoint(point, key), ended: texts, size }
}

/** The same in another thread, in its own time. What rejects is to be done here. */
export interface ResumeThread {
  /**
   * @param after the point before, as it is kept; undefined for a log that begins blank
   * @param key under which points are sealed, 32 bytes
   */
  readOn(after: string | undefined, key: Uint8Array): Promise<SealedPoint | undefined>
  /** Verifies the log up to there. */
  verify(until: VerifiedPrefix): Promise<void>
  /** Ends what it is doing: that rejects. */
  close(): Promise<void>
}

/** @param facts as they are whenever a point is made */
export type StartResumeThread = (vkey: string, facts: () => ListedFacts) => ResumeThread
