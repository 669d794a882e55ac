/**
 * Reads a log on for a resume point, from the one before: what the log alone says of the kernel up to its last checkpoint.
 */
import { followLog, type LogDirectory, type VerifiedPrefix } from '@hansa/trust/ledger'
import type { Projections } from './projections.ts'
import type { ListedFacts } from './replay-facts.ts'
import type { ResumePoint } from './resume-point.ts'

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

/** @param size entries that the point covers. */
export type ReadOn = { point: ResumePoint; size: number }

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
  return prefix && { point: { prefix, state: projections.state(lastMs) }, size }
}

/** A point as it is kept, which is read and written where it is made: it may have many megabytes. */
export type SealedPoint = { sealed: string; size: number }

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
