/** Adapter: what `hansa doctor` says of the log, the clock and the disk. Nothing is changed. */
import { statfs } from 'node:fs/promises'
import type { KernelStatus } from '@hansa/protocols'
import { fileLogDisk, readEntries, readLogRoom } from '@hansa/trust/ledger'
import type { NodeConfig } from '../config/index.ts'
import { readHomeLogs } from '../home/home-logs.ts'
import type { HomePaths } from '../home/home-paths.ts'
import { readIdentity } from '../home/identity-home.ts'
import { LOG_FILLS } from '../kernel/log-fills.ts'
import { sentenceOf } from '../start/errors.ts'
import { systemClock } from '../system-clock.ts'
import { type Check, fail, ok, warn } from './check.ts'
import { bytes, counted, percent, time } from './table.ts'

/** Bytes. The log keeps 64 MiB back for its last entries; below this there is no room for much more. */
const LITTLE_BYTES = 256 * 1_048_576
const SOME_BYTES = 2_048 * 1_048_576
/** Milliseconds that a log may be ahead of the clock before the clock counts as wrong. */
const SKEW_MS = 60_000
/** What counts as the recent rate of growth, ms. */
const RECENT_MS = 7 * 86_400_000
const DAY_MS = 86_400_000
/** Bytes of an entry beside its text: its record, its hashes, its share of checkpoints. */
const OVERHEAD_BYTES = 96
/** Days of room below which it is time to do something. */
const FEW_DAYS = 14
/** A machine that has just been switched on without a battery for its clock says 1970. */
const EARLIEST_MS = Date.UTC(2026, 0, 1)

type Growth = { entries: number; lastMs: number; recentBytes: number; recentMs: number }

export async function logChecks(
  paths: HomePaths,
  status: KernelStatus | undefined,
  config: Pick<NodeConfig, 'logMaxBytes' | 'logReserveBytes'> | undefined,
): Promise<Check[]> {
  const growth: Growth = { entries: 0, lastMs: 0, recentBytes: 0, recentMs: 0 }
  const log = await logCheck(paths, status, growth)
  return [
    await diskCheck(paths.root, growth),
    log,
    await logSizeCheck(paths, config, growth),
    clockCheck(growth.lastMs),
  ]
}

async function logCheck(paths: HomePaths, status: KernelStatus | undefined, growth: Growth): Promise<Check> {
  const { root, log } = paths
  try {
    await measure(log, growth)
    // Without its identity nothing can be said of its logs, and the key has a check of its own.
    const did = await readIdentity(paths).then(
      (signer) => signer.did,
      () => undefined,
    )
    const frozen = did === undefined ? 0 : (await readHomeLogs(paths, did)).frozen.length
    const follows = frozen === 0 ? '' : `, following ${counted(frozen, 'frozen log')}`
    return ok(
      'log',
      `${counted(growth.entries, 'entry', 'entries')}${follows}, readable; prove it with: hansa verify ${root}`,
    )
  } catch (error) {
    if ((error as { detail?: { code?: string } }).detail?.code === 'log_missing' && status === undefined)
      return ok('log', 'empty: the node has not run yet')
    return fail('log', sentenceOf(error), `See what is wrong with: hansa verify ${root}`)
  }
}

async function measure(log: string, growth: Growth): Promise<void> {
  const since = systemClock.now() - RECENT_MS
  for await (const { entry, bytes: text } of readEntries(fileLogDisk(log))) {
    growth.entries++
    growth.lastMs = Math.max(growth.lastMs, entry.t_ms)
    if (entry.t_ms < since) continue
    if (growth.recentMs === 0) growth.recentMs = Math.max(1, systemClock.now() - entry.t_ms)
    growth.recentBytes += text.length + OVERHEAD_BYTES
  }
}

/** The room as it is on disk under the limit of the file: what a start would find. */
async function logSizeCheck(
  { log, root }: HomePaths,
  { logMaxBytes, logReserveBytes }: Pick<NodeConfig, 'logMaxBytes' | 'logReserveBytes'> = {},
  growth: Growth,
): Promise<Check> {
  const room = await readLogRoom(fileLogDisk(log), {
    ...(logMaxBytes === undefined ? {} : { maxBytes: logMaxBytes }),
    ...(logReserveBytes === undefined ? {} : { reserveBytes: logReserveBytes }),
  })
  const { bytes: size, maxBytes, used } = room
  if (maxBytes === undefined || used === undefined)
    return ok('log size', `${bytes(size)}; only the disk limits it (limits.log_max_gib)`)
  const shown = `${bytes(size)} of ${bytes(maxBytes)}, ${percent(used)} of what calls may take`
  const days = used === 0 ? undefined : daysUntil(size / used - size, growth)
  const detail = days === undefined ? shown : `${shown}; at the rate of the last week it is full in ${shownDays(days)}`
  const remedy = `Raise limits.log_max_gib in ${root}/hansa.yaml, with room on the disk, and start the node again.`
  if (used >= 1) return fail('log size', `${shown}: no call is taken`, remedy)
  return used >= LOG_FILLS || (days !== undefined && days < FEW_DAYS)
    ? warn('log size', detail, remedy)
    : ok('log size', detail)
}

async function diskCheck(home: string, growth: Growth): Promise<Check> {
  const { bavail, bsize } = await statfs(home)
  const free = bavail * bsize
  const days = daysUntil(free - LITTLE_BYTES, growth)
  const detail =
    days === undefined
      ? `${bytes(free)} free`
      : `${bytes(free)} free; at the rate of the last week the log fills it in ${shownDays(days)}`
  const remedy = `Make room: a node that cannot write its log refuses every call. See what is large: du -sh ${home}/*`
  if (free < LITTLE_BYTES) return fail('disk', detail, remedy)
  return free < SOME_BYTES || (days !== undefined && days < FEW_DAYS)
    ? warn('disk', detail, remedy)
    : ok('disk', detail)
}

/** @returns undefined when the log is younger than an hour, and has no rate yet. */
function daysUntil(room: number, { recentBytes, recentMs }: Growth): number | undefined {
  if (recentBytes === 0 || recentMs < 3_600_000) return undefined
  return room / ((recentBytes / recentMs) * DAY_MS)
}

function shownDays(days: number): string {
  return days > 3650 ? 'more than ten years' : counted(Math.max(0, Math.floor(days)), 'day')
}

function clockCheck(lastEntryMs: number): Check {
  const now = systemClock.now()
  const shown = time(Math.floor(now / 1000))
  const remedy = 'Set the clock of this machine, by NTP.'
  if (now < EARLIEST_MS) return fail('clock', `${shown} is in the past`, remedy)
  if (lastEntryMs > now + SKEW_MS) {
    return fail('clock', `${shown} is before the last log entry, ${time(Math.floor(lastEntryMs / 1000))}`, remedy)
  }
  return ok('clock', shown)
}
