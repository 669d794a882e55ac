/** Keys of a resolver, less those that were revoked: a signature of one of them is no longer anybody's. */
import type { Did, Revocation } from '@hansa/protocols'
import type { KeyResolver } from '../did/key-resolver.ts'
import type { AdmittedKey, VerifyingKey } from '../keys/admitted-key.ts'
import { didOfKey } from './read-revocation.ts'

/**
 * @param revoked the revocation of this key by the DID that it belongs to. What was signed before `since` is judged by
 *   whoever knows when that was, from a log; here a key is refused for whatever comes in now.
 */
export function unrevokedKeys<Key extends VerifyingKey = AdmittedKey>(
  resolver: KeyResolver<Key>,
  revoked: (kid: string, by: readonly Did[]) => Revocation | undefined,
): KeyResolver<Key> {
  const isRevoked = (kid: string) => revoked(kid, [didOfKey(kid)]) !== undefined
  const { peek } = resolver
  return {
    async resolve(kid, purpose, at) {
      return isRevoked(kid) ? { ok: false, reason: 'key_revoked' } : resolver.resolve(kid, purpose, at)
    },
    ...(peek === undefined
      ? {}
      : { peek: (kid: string, purpose) => (isRevoked(kid) ? undefined : peek.call(resolver, kid, purpose)) }),
  }
}
