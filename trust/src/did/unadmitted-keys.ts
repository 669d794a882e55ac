/**
 * Keys of did:key identifiers as they are, without the millisecond that admitting one takes: for signatures of many
 * strangers that authorise nothing. Other methods are asked as ever, and a key that is admitted already is used.
 */
import { isDid } from '@hansa/protocols/manifest'
import { unadmittedKey, type VerifyingKey } from '../keys/admitted-key.ts'
import { didKeyUrl, publicKeyFromDid } from './did-key.ts'
import type { KeyResolution, KeyResolver } from './key-resolver.ts'

export function unadmittedKeys(resolver: KeyResolver): KeyResolver<VerifyingKey> {
  return {
    async resolve(kid, purpose, at): Promise<KeyResolution<VerifyingKey>> {
      const known = resolver.peek?.(kid, purpose)
      if (known !== undefined) return { ok: true, ...known }
      const did = kid.split('#', 1)[0] ?? ''
      const publicKey = isDid(did) ? publicKeyFromDid(did) : undefined
      if (!isDid(did) || publicKey === undefined) return resolver.resolve(kid, purpose, at)
      if (kid !== didKeyUrl(did)) return { ok: false, reason: 'kid_unknown_key' }
      const key = unadmittedKey(publicKey)
      return key === undefined ? { ok: false, reason: 'key_not_usable' } : { ok: true, did, key }
    },
  }
}
