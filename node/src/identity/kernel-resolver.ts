/** The resolver of one kernel: over its guarded fetch, with a memory of those whom it knows, and what its operator pinned. */
import { didLogStore, fetchDidFileOver, type GuardedFetch } from '@hansa/mesh'
import type { Clock, Did, EntryDraft, EventLogger, Store } from '@hansa/protocols'
import { type Freshness, type IdentityResolver, identityResolver } from '@hansa/trust'

export type KernelResolverComponents = {
  fetch: GuardedFetch
  clock: Clock
  logger: EventLogger
  store: Store
  append(draft: EntryDraft): { durable: Promise<unknown> }
  /** Whom the operator has named, or imports something of. */
  isKnown(peer: Did): boolean
  /** Certificate keys that an import has pinned. */
  certificateKeys(peer: Did): readonly string[] | undefined
  /** Keys that the configuration gives for a did:web. */
  pinnedKeys(peer: Did): readonly string[]
  freshness?: Partial<Freshness> | undefined
}

export function kernelResolver(components: KernelResolverComponents): IdentityResolver {
  const { fetch, clock, logger, store, append, isKnown, certificateKeys, pinnedKeys, freshness } = components
  return identityResolver({
    clock,
    fetch: fetchDidFileOver({ fetch, certificateKeys }),
    memory: didLogStore({ store, keeps: isKnown }),
    pinned: pinnedKeys,
    isKnown,
    ...(freshness === undefined ? {} : { freshness }),
    recovered(peer, reason, untilMs) {
      const expires = Math.ceil(untilMs / 1000)
      logger.warn('identity.recovered', { peer, reason, expires })
      if (!isKnown(peer)) return
      try {
        append({ type: 'peer.recovered', peer, ext: { reason: reason.slice(0, 1024), expires } }).durable.catch(
          () => {},
        )
      } catch {
        // As below.
      }
    },
    contested: (peer, reason) => logger.warn('identity.contested', { peer, reason }),
    forked(peer, reason) {
      logger.error('identity.forked', { peer, reason })
      if (!isKnown(peer)) return
      // Whoever reads the log learns why calls of this kernel ended.
      const ext = { reason: `two histories of its identity: ${reason}`.slice(0, 1024) }
      try {
        append({ type: 'peer.evidence', peer, ext }).durable.catch(() => {})
      } catch {
        // A log that takes no more entries has been said before, and the identity is frozen all the same.
      }
    },
  })
}
