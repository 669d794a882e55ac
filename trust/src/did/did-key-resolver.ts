/** Resolves the keys of did:key identifiers, and remembers the admitted ones: admission costs a millisecond. */

import { isDid } from '@hansa/protocols/manifest'
import { LRUCache } from 'lru-cache'
import { admitKey } from '../keys/admitted-key.ts'
import { didKeyUrl, publicKeyFromDid } from './did-key.ts'
import type { KeyResolution, KeyResolver, ResolvedKey } from './key-resolver.ts'

export type DidKeyResolverInit = {
  /** Keys that are remembered, least recently used first to go. @default 4_096 */
  cacheSize?: number
}

export function didKeyResolver(init: DidKeyResolverInit = {}): Required<KeyResolver> {
  // Refused keys are not remembered: whoever sends them can send new ones as easily.
  const admitted = new LRUCache<string, ResolvedKey>({ max: init.cacheSize ?? 4096 })
  return {
    peek: (kid) => admitted.get(kid),
    async resolve(kid) {
      const known = admitted.get(kid)
      if (known !== undefined) return { ok: true, ...known }
      const resolution = resolveDidKey(kid)
      if (resolution.ok) admitted.set(kid, { did: resolution.did, key: resolution.key })
      return resolution
    },
  }
}

function resolveDidKey(kid: string): KeyResolution {
  const hash = kid.indexOf('#')
  const did = hash < 0 ? kid : kid.slice(0, hash)
  if (!isDid(did)) return { ok: false, reason: 'kid_not_a_did_url' }
  const publicKey = publicKeyFromDid(did)
  if (publicKey === undefined) return { ok: false, reason: 'did_method_unsupported' }
  if (kid !== didKeyUrl(did)) return { ok: false, reason: 'kid_unknown_key' }
  const admission = admitKey(publicKey)
  return admission.ok ? { ok: true, did, key: admission.key } : admission
}
