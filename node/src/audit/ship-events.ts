/**
 * Takes entries from the logs to wherever they go, in order. The cursor moves behind what was taken there, so that
 * nothing is left out when it is run again; what was taken but not noted comes twice, under the same id.
 */
import type { Clock } from '@hansa/protocols'
import { pause } from '../pause.ts'
import type { ExportedEntry } from './exported-entry.ts'
import { type LogCursor, type ReadableLog, signedEntries } from './signed-entries.ts'

/** Milliseconds from one look at the logs to the next. */
export const LOOK_EVERY_MS = 1_000

export type ShipEventsInit = {
  /** Oldest first. Asked again for each look: a node that is restored begins another log. */
  logs(): Promise<readonly ReadableLog[]>
  /** @default the beginning of the oldest log */
  after?: LogCursor
  /** Entries at once, at most. */
  batch: number
  wanted?(entry: ExportedEntry): boolean
  /** Resolves when they are where they go; what it throws ends the work. */
  deliver(entries: readonly ExportedEntry[]): Promise<void>
  /** Notes the cursor durably; called behind every batch, also when none of it was wanted. */
  keep?(cursor: LogCursor): Promise<void>
  /** Goes on with what comes until this is aborted. @default ends where nothing more is signed */
  follow?: AbortSignal
  clock: Clock
}

/** @returns how many entries were delivered. @throws what the logs, `deliver` and `keep` throw. */
export async function shipEvents(init: ShipEventsInit): Promise<number> {
  const { follow, wanted = () => true } = init
  let cursor = init.after
  let delivered = 0
  for (;;) {
    for await (const batch of signedEntries(await init.logs(), cursor, init.batch)) {
      const entries = batch.entries.filter(wanted)
      if (entries.length > 0) await init.deliver(entries)
      delivered += entries.length
      cursor = batch.cursor
      await init.keep?.(cursor)
      if (follow?.aborted === true) return delivered
    }
    if (follow === undefined || follow.aborted) return delivered
    await pause(init.clock, LOOK_EVERY_MS, follow)
  }
}
