/**
 * Which of two histories of one identity holds (security.md B1, recovery). An entry can commit to several keys for the next
 * one, the first of them before the others: the recovery key, then the one that is used. What the one that is used has
 * signed, the recovery key undoes for 72 hours from when it was seen. Nothing undoes what the recovery key signed.
 *
 * Both histories are logs that verify by themselves; this is about who has seen one of them and is shown the other.
 */
import type { DidLog } from './verify-webvh-log.ts'

/** Seconds (did:plc's window). */
export const RECOVERY_WINDOW_SECONDS = 259_200

/** Of versions that were there before anything was remembered: their own time counts, which is no later. */
const UNKNOWN = 0

/** When versions of a log were seen first, by how many there were then. */
export type SeenVersions = readonly { versions: number; ms: number }[]

export type Divergence =
  | { kind: 'extends' | 'older' }
  /** A key that goes before has undone what was seen: the identity is contested until the window has ended. */
  | { kind: 'recovers'; at: number; untilMs: number; reason: string }
  /** What is shown was undone before. */
  | { kind: 'undone' | 'fork'; reason: string }

export function judgeHistories(known: DidLog, shown: DidLog, seen: SeenVersions, nowMs: number): Divergence {
  const shorter = Math.min(known.versions.length, shown.versions.length)
  const at = known.versions.findIndex((one, index) => {
    return index < shorter && one.versionId !== shown.versions[index]?.versionId
  })
  if (at < 0) return { kind: shown.versions.length < known.versions.length ? 'older' : 'extends' }
  const [was, is] = [known.versions[at], shown.versions[at]]
  const reason = `version ${at + 1} was ${was?.versionId} and is ${is?.versionId}`
  if (was?.rank === undefined || is?.rank === undefined || was.rank === is.rank) return { kind: 'fork', reason }
  if (is.rank > was.rank) return { kind: 'undone', reason }
  const untilMs = seenMs(known, at, seen) + RECOVERY_WINDOW_SECONDS * 1000
  return nowMs < untilMs ? { kind: 'recovers', at, untilMs, reason } : { kind: 'fork', reason }
}

/**
 * Of what was there when the identity was met first nobody knows more than it says itself. To count from the meeting would
 * give a recovery key that was replaced long ago another 72 hours, at everybody who meets the identity.
 */
function seenMs({ versions }: DidLog, at: number, seen: SeenVersions): number {
  const known = seen.find((one) => at < one.versions)?.ms ?? UNKNOWN
  return known === UNKNOWN ? (versions[at]?.timeMs ?? 0) : known
}

/** What still matters of when versions were seen. @param before how many versions were known, 0 for none */
export function withSeen(seen: SeenVersions, log: DidLog, before: number, nowMs: number): SeenVersions {
  const recent = seen.filter(({ ms }) => nowMs - ms < RECOVERY_WINDOW_SECONDS * 1000)
  if (before === 0 || log.versions.length <= before) return recent
  const base = recent.length === 0 ? [{ versions: before, ms: UNKNOWN }] : []
  return [...base, ...recent, { versions: log.versions.length, ms: nowMs }].slice(-16)
}
