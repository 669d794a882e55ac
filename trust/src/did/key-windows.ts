/**
 * When each key of an identifier was valid, from the log of the identifier. A key that was rotated out stays good for what
 * was signed while it was in the document; one that was revoked as compromised is good only for what came before.
 */
import type { RevokedKey, UnixSeconds } from '@hansa/protocols'
import { type AdmittedKey, admitKey } from '../keys/admitted-key.ts'
import { keyPurposes } from './document-keys.ts'
import type { KeyPurpose, KeyResolution, KeyResolver } from './key-resolver.ts'
import type { DidLog } from './webvh/verify-webvh-log.ts'

/** How far two kernels' clocks may be apart, seconds: a signature is dated by another clock than its key. */
const CLOCK_OFFSET_SECONDS = 120

export type KeyWindow = {
  kid: string
  /** 32 bytes. */
  publicKey: Uint8Array
  purposes: readonly KeyPurpose[]
  /** Unix seconds at which it came into the document. */
  from: UnixSeconds
  /** Unix seconds at which it left it; undefined while it is there. */
  to?: UnixSeconds
  /** As any of the documents says it. */
  revoked?: RevokedKey
}

/** Every key that was ever in the document, in the order in which they came. A key that came back has two windows. */
export function keyWindows(log: DidLog): KeyWindow[] {
  const windows: KeyWindow[] = []
  const open = new Map<string, KeyWindow>()
  for (const { timeMs, keys } of log.versions) {
    const at = Math.floor(timeMs / 1000)
    const now = new Set(keys.kids)
    for (const [kid, window] of open) {
      const publicKey = keys.publicKey(kid)
      if (now.has(kid) && publicKey !== undefined && Buffer.from(publicKey).equals(window.publicKey)) continue
      window.to = at
      open.delete(kid)
    }
    for (const kid of now) {
      const publicKey = keys.publicKey(kid)
      if (open.has(kid) || publicKey === undefined) continue
      const purposes = keyPurposes.filter((purpose) => keys.serves(kid, purpose))
      const window: KeyWindow = { kid, publicKey, purposes, from: at }
      open.set(kid, window)
      windows.push(window)
    }
  }
  const revoked = everRevoked(log)
  return windows.map((window) => withRevocation(window, revoked))
}

/** What any version says is revoked: a later one that leaves it out takes nothing back. */
export function everRevoked({ versions }: Pick<DidLog, 'versions'>): RevokedKey[] {
  return versions.flatMap(({ keys }) => [...keys.revoked])
}

/**
 * Resolves keys at the time at which something was signed, from logs that were given. Without a time only keys of the
 * newest document are good.
 */
export function didLogKeyResolver(logs: readonly DidLog[]): KeyResolver {
  const windows = new Map<string, KeyWindow[]>()
  for (const log of logs) {
    for (const window of keyWindows(log)) windows.set(window.kid, [...(windows.get(window.kid) ?? []), window])
  }
  const admitted = new Map<KeyWindow, AdmittedKey>()
  return {
    async resolve(kid, purpose, at) {
      const log = logs.find(({ did, versions }) =>
        [did, ...versions.map((one) => one.did)].some((name) => kid.startsWith(`${name}#`)),
      )
      if (log === undefined) return { ok: false, reason: 'did_method_unsupported' }
      const found = choose(windows.get(kid) ?? [], purpose, at)
      if ('reason' in found) return { ok: false, reason: found.reason }
      const known = admitted.get(found)
      const admission = known === undefined ? admitKey(found.publicKey) : { ok: true as const, key: known }
      if (!admission.ok) return admission
      admitted.set(found, admission.key)
      return { ok: true, did: kid.slice(0, kid.indexOf('#')) as DidLog['did'], key: admission.key }
    },
  }
}

function choose(
  windows: readonly KeyWindow[],
  purpose: KeyPurpose,
  at: UnixSeconds | undefined,
): KeyWindow | { reason: string } {
  if (windows.length === 0) return { reason: 'kid_unknown_key' }
  const fitting = windows.filter(({ purposes }) => purposes.includes(purpose))
  if (fitting.length === 0) return { reason: 'key_not_for_this_purpose' }
  const then = fitting.find(({ from, to }) => {
    if (at === undefined) return to === undefined
    return at >= from - CLOCK_OFFSET_SECONDS && (to === undefined || at < to + CLOCK_OFFSET_SECONDS)
  })
  // Beyond the window of a compromised key, it is the compromise that matters.
  const revoked = fitting.find((window) => window.revoked !== undefined)?.revoked
  if (revoked !== undefined && (at === undefined || at >= revoked.compromised_since))
    return { reason: 'key_compromised' }
  return then ?? { reason: 'key_not_valid_then' }
}

function withRevocation(window: KeyWindow, revoked: readonly RevokedKey[]): KeyWindow {
  // Of two statements about one key the earlier time counts: nobody makes a theft younger.
  const about = revoked.filter(({ kid }) => kid === window.kid)
  const earliest = about.toSorted((a, b) => a.compromised_since - b.compromised_since)[0]
  return earliest === undefined ? window : { ...window, revoked: earliest }
}

/** First resolver that knows the method of a key id. */
export function firstOf(...resolvers: readonly KeyResolver[]): KeyResolver {
  return {
    async resolve(kid, purpose, at) {
      let resolution: KeyResolution = { ok: false, reason: 'did_method_unsupported' }
      for (const resolver of resolvers) {
        resolution = await resolver.resolve(kid, purpose, at)
        if (resolution.ok || resolution.reason !== 'did_method_unsupported') return resolution
      }
      return resolution
    },
  }
}
