/**
 * Whether a peer's log still is the one that was seen before: its checkpoint is signed by a log key that its manifest
 * names, and extends the last checkpoint that is remembered (security.md B3, level 1). Pure.
 */
import type { CapabilityManifest, CheckpointProof, CheckpointReference } from '@hansa/protocols'
import { decodeBase64url, verifyConsistency } from '@hansa/trust'
import { verifyCheckpoint } from '@hansa/trust/ledger'

export type LogKeys = CapabilityManifest['logs']

/**
 * `broken` when the log contradicts what it signed before: not just unproven, but evidence against the peer. `shown` is
 * what the log signed now, where it does not follow from what was seen.
 */
export type CheckpointJudgement =
  | { ok: true; checkpoint: CheckpointReference }
  | { ok: false; reason: string; broken?: true; shown?: CheckpointReference }

/** @param seen the last checkpoint of this peer that is remembered; without one the first is taken on trust. */
export function judgeCheckpoint(
  proof: CheckpointProof | undefined,
  logs: LogKeys,
  seen: CheckpointReference | undefined,
): CheckpointJudgement {
  if (proof === undefined) return { ok: false, reason: 'the peer showed no checkpoint of its log' }
  // The first line of a checkpoint, believed only once the key of that origin has verified the whole.
  const origin = proof.note.slice(0, proof.note.indexOf('\n'))
  const log = logs.find((candidate) => candidate.origin === origin)
  if (log === undefined) return { ok: false, reason: 'the checkpoint is not of a log that the manifest names' }
  const verdict = verifyCheckpoint(proof.note, log.vkey)
  if (!verdict.ok) return { ok: false, reason: `the checkpoint does not verify: ${verdict.reason}` }
  if (seen !== undefined && seen.origin !== origin) return follows(verdict.checkpoint, logs, seen)
  return extendsSeen(verdict.checkpoint, proof.consistency ?? [], seen)
}

/**
 * A log that was frozen has a successor with a higher number, and the manifest goes on naming it. The checkpoints of the
 * successor begin anew; the frozen log has ended, and its number never comes back.
 */
function follows(checkpoint: CheckpointReference, logs: LogKeys, seen: CheckpointReference): CheckpointJudgement {
  const [now, before] = [numbered(checkpoint.origin), numbered(seen.origin)]
  const named = logs.some(({ origin }) => origin === seen.origin)
  const later = now !== undefined && before !== undefined && now.of === before.of && now.number > before.number
  if (named && later) return { ok: true, checkpoint }
  return { ok: false, reason: `the checkpoint is of ${checkpoint.origin}, and ${seen.origin} was seen before` }
}

/** `<host>/hansa/log/<n>` or `<did>/log/<n>` (wire.md: log). */
function numbered(origin: string): { of: string; number: number } | undefined {
  const [, of, digits] = /^(.+\/log\/)([1-9][0-9]{0,8})$/.exec(origin) ?? []
  return of === undefined || digits === undefined ? undefined : { of, number: Number(digits) }
}

function extendsSeen(
  checkpoint: CheckpointReference,
  consistency: readonly string[],
  seen: CheckpointReference | undefined,
): CheckpointJudgement {
  // Every tree extends the empty one, and no proof shows it.
  if (seen === undefined || seen.size === 0) return { ok: true, checkpoint }
  if (checkpoint.size < seen.size)
    return {
      ok: false,
      broken: true,
      shown: checkpoint,
      reason: `the log has ${checkpoint.size} entries and had ${seen.size} before`,
    }
  if (checkpoint.size === seen.size && checkpoint.root !== seen.root)
    return { ok: false, broken: true, shown: checkpoint, reason: `the log has two roots at ${seen.size} entries` }
  const path = checkpoint.size === seen.size ? [] : hashes(consistency)
  const [fromRoot, toRoot] = [decodeBase64url(seen.root), decodeBase64url(checkpoint.root)]
  const proven =
    path !== undefined &&
    fromRoot !== undefined &&
    toRoot !== undefined &&
    verifyConsistency({ fromSize: seen.size, toSize: checkpoint.size, fromRoot, toRoot, path })
  if (!proven) {
    const reason = `nothing proves that the log extends its first ${seen.size} entries`
    return { ok: false, shown: checkpoint, reason }
  }
  return { ok: true, checkpoint }
}

function hashes(texts: readonly string[]): Uint8Array[] | undefined {
  const decoded = texts.map((text) => decodeBase64url(text))
  return decoded.every((bytes) => bytes !== undefined) ? decoded : undefined
}
