/** Whether a recovery key has lately undone what was seen of an identity: nothing of it is pinned anew then (security.md B1). */
import type { Did } from '@hansa/protocols'
import type { IdentityResolver } from '@hansa/trust'

/** @returns the reason, undefined for an identity that nobody contests */
export function contestedBy(identities: Pick<IdentityResolver, 'status'>): (peer: Did) => string | undefined {
  return (peer) => {
    const { contestedMs } = identities.status(peer)
    if (contestedMs === undefined) return undefined
    const until = new Date(contestedMs).toISOString().slice(0, 19)
    return `the identity of ${peer} was recovered by another key, so nothing of it is pinned anew until ${until}Z`
  }
}
