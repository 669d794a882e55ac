/**
 * What one reader of the watch stream is sent. It reads from the log as fast as its reader does and holds one event at a
 * time: there is no queue that a slow reader could fill. Each entry comes once, in the order of the log; the number in
 * `id:` is where to go on.
 */
import type { UnixSeconds } from '@hansa/protocols'
import type { RecordStore } from '../records/record-store.ts'
import type { Bell } from './bell.ts'
import { frame, type WatchFrame } from './frames.ts'
import type { LogReading } from './read-together.ts'

export type WatchComponents = LogReading & {
  bell: Bell
  now(): UnixSeconds
  limits: WatchLimits
}

export type WatchLimits = {
  /** Silence after which a reader is told that the stream still lives, milliseconds. */
  heartbeatMs: number
  /** How long a change of another replica may go unnoticed, milliseconds. */
  pollMs: number
  /** Entries that are sent one by one to a reader who was away; with more of them it begins anew. */
  maxBehind: number
}

/** Entries that are read at once; their manifests are read one at a time. */
const BATCH = 64
const SNAPSHOT_PAGE = 50

/**
 * @param after entries that the reader has; without it everything that is listed comes first.
 * @param signal ends it.
 */
export async function* watchStream(
  components: WatchComponents,
  after: number | undefined,
  signal: AbortSignal,
): AsyncGenerator<WatchFrame, void, undefined> {
  const { log, bell, limits, now } = components
  let cursor = after
  let saidAt = now()
  while (!signal.aborted) {
    const size = await log.size()
    if (cursor === undefined || cursor > size || size - cursor > limits.maxBehind) {
      const reason = cursor === undefined ? 'start' : cursor > size ? 'unknown' : 'behind'
      yield frame('reset', { reason })
      yield* snapshot(components, size, signal)
      cursor = size
    }
    const heard = bell.rung
    const entries = await log.entries(cursor, BATCH)
    for (const entry of entries) {
      if (signal.aborted) return
      const manifest = entry.lists && (await components.records.manifest(entry.lists.did, entry.lists.hash))
      const { index, statement } = entry
      cursor = index + 1
      yield frame(
        'entry',
        { entry: entry.entry, ...(manifest && { manifest }), ...(statement && { statement }) },
        cursor,
      )
    }
    if (entries.length > 0) {
      saidAt = now()
      continue
    }
    // By the time: a stream that is woken often says no more heartbeats than one that sleeps.
    saidAt = Math.min(saidAt, now())
    if ((now() - saidAt) * 1000 >= limits.heartbeatMs) {
      saidAt = now()
      yield frame('heartbeat', { cursor, checkpoint: (await log.checkpoint()).note }, cursor)
    }
    const waitMs = Math.max(0, limits.heartbeatMs - (now() - saidAt) * 1000)
    await bell.wait(heard, Math.min(limits.pollMs, waitMs), signal)
  }
}

/** @param cursor size of the log when it began: what changes meanwhile comes again as an entry. */
async function* snapshot(
  { records, now }: WatchComponents,
  cursor: number,
  signal: AbortSignal,
): AsyncGenerator<WatchFrame, void, undefined> {
  let after: Parameters<RecordStore['page']>[0]['after']
  do {
    const page = await records.page({ limit: SNAPSHOT_PAGE, ...(after && { after }) }, now())
    for (const { manifest, expires } of page.listings) {
      if (signal.aborted) return
      yield frame('listing', { manifest, state: 'alive', expires })
    }
    after = page.next
  } while (after !== undefined)
  yield frame('synced', { cursor }, cursor)
}
