/**
 * Whether a registry shows the same log as before, and only more of it. Pure: what was seen last, and what it answers now.
 */
import type { CheckpointReference, RegistryCheckpoint } from '@hansa/protocols'
import { decodeBase64url, verifyConsistency } from '@hansa/trust'
import { verifyCheckpoint } from '@hansa/trust/ledger'

/** What is remembered of the log of one registry. */
export type RegistryHead = {
  /** C2SP verifier key. */
  vkey: string
  checkpoint: CheckpointReference
}

/**
 * `unsigned`: what it shows is no checkpoint of its own key. `another_key`: it is another log. `rolled_back`: it is shorter
 * than before. `forked`: it is not what was there before, with more behind it.
 */
export type RegistryLogFault = 'unsigned' | 'another_key' | 'rolled_back' | 'forked'

export type RegistryHeadVerdict =
  | { ok: true; head: RegistryHead }
  | { ok: false; kind: RegistryLogFault /** One sentence. */; reason: string }

export function judgeRegistryHead(seen: RegistryHead | undefined, answer: RegistryCheckpoint): RegistryHeadVerdict {
  const { vkey, checkpoint: note, consistency } = answer
  if (seen !== undefined && seen.vkey !== vkey)
    return refuse('another_key', `its log is signed by another key than ${seen.vkey}`)
  const verdict = verifyCheckpoint(note, vkey)
  if (!verdict.ok) return refuse('unsigned', `its checkpoint does not verify (${verdict.reason})`)
  const head = { vkey, checkpoint: verdict.checkpoint }
  if (seen === undefined || seen.checkpoint.size === 0) return { ok: true, head }
  const [before, now] = [seen.checkpoint, verdict.checkpoint]
  if (now.size < before.size) return refuse('rolled_back', `its log had ${before.size} entries and has ${now.size} now`)
  if (now.size === before.size) {
    if (now.root === before.root) return { ok: true, head }
    return refuse('forked', `it has signed two logs of ${now.size} entries`)
  }
  return extendsSeen(before, now, consistency)
    ? { ok: true, head }
    : refuse('forked', `it does not show that its ${now.size} entries begin with the ${before.size} of before`)
}

function extendsSeen(before: CheckpointReference, now: CheckpointReference, path: readonly string[] = []): boolean {
  const [fromRoot, toRoot] = [decodeBase64url(before.root), decodeBase64url(now.root)]
  const hashes = path.map((hash) => decodeBase64url(hash))
  const whole = hashes.filter((hash) => hash !== undefined)
  if (fromRoot === undefined || toRoot === undefined || whole.length < hashes.length) return false
  return verifyConsistency({ fromSize: before.size, toSize: now.size, fromRoot, toRoot, path: whole })
}

function refuse(kind: RegistryLogFault, reason: string): RegistryHeadVerdict {
  return { ok: false, kind, reason }
}
