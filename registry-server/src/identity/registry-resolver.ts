/**
 * Whose signatures the registry can verify: did:key from itself, did:webvh from its log, fetched under the address rules,
 * did:web with the keys that whoever runs the registry was told.
 */
import { fetchDidFileOver, guardedFetch } from '@hansa/mesh/registry'
import type { Clock } from '@hansa/protocols'
import { type IdentityResolver, identityResolver } from '@hansa/trust'
import type { RegistryConfig } from '../config/config.ts'

export function registryResolver(
  { allowPrivate, pinned }: Pick<RegistryConfig, 'allowPrivate' | 'pinned'>,
  clock: Clock,
): IdentityResolver {
  return identityResolver({
    clock,
    fetch: fetchDidFileOver({ fetch: guardedFetch({ allowPrivate }) }),
    pinned: (did) => pinned[did] ?? [],
    // Nobody is named here: the log of everybody is bounded like that of a stranger.
    isKnown: () => false,
  })
}
