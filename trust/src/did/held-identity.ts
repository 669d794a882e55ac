/** What is at hand of one identity, and the keys in it: those of now, and those that were good when something was signed. */
import type { UnixSeconds } from '@hansa/protocols'
import type { DocumentKeys } from './document-keys.ts'
import type { KeyPurpose, KeyResolution, KeyResolver, ResolvedKey } from './key-resolver.ts'
import { didLogKeyResolver, everRevoked } from './key-windows.ts'
import type { SeenVersions } from './webvh/recovery.ts'
import type { DidLog } from './webvh/verify-webvh-log.ts'

export type Held = {
  keys: DocumentKeys
  log?: DidLog
  bytes: number
  /** SHA-256 of the log: what is the same again is not verified again. */
  hash?: Uint8Array
  checkedMs: number
  deactivated: boolean
  forked?: string
  seen: SeenVersions
  contestedMs?: number
  /** What was undone was shown again, and that was told. */
  told?: true
  /** Kids that any version of the log has revoked; made when one is asked for. */
  revoked?: ReadonlySet<string>
  /** Keys by their time; made when one is asked for. */
  history?: KeyResolver
  /** Made once per key, because the same few are asked for on every call. */
  resolved: Map<string, ResolvedKey>
}

export function keyOf(held: Held, kid: string, purpose: KeyPurpose): KeyResolution & Partial<ResolvedKey> {
  const name = `${purpose} ${kid}`
  const known = held.resolved.get(name)
  if (known !== undefined) return known as { ok: true } & ResolvedKey
  const found = held.keys.key(kid, purpose)
  if (!found.ok) return found
  if (isRevoked(held, kid)) return { ok: false, reason: 'key_revoked' }
  const resolved = { ok: true as const, did: held.keys.did, key: found.key }
  held.resolved.set(name, resolved)
  return resolved
}

/** A key of now, or one that was good when something was signed and that nobody has revoked since. */
export async function keyThen(held: Held, kid: string, purpose: KeyPurpose, at?: UnixSeconds): Promise<KeyResolution> {
  const found = keyOf(held, kid, purpose)
  if (found.ok || found.reason !== 'kid_unknown_key' || at === undefined || held.log === undefined) return found
  // Whoever has the key now may write any time into what it signs.
  if (isRevoked(held, kid)) return { ok: false, reason: 'key_revoked' }
  held.history ??= didLogKeyResolver([held.log])
  return held.history.resolve(kid, purpose, at)
}

function isRevoked(held: Held, kid: string): boolean {
  held.revoked ??= new Set((held.log === undefined ? held.keys.revoked : everRevoked(held.log)).map((one) => one.kid))
  return held.revoked.has(kid)
}
