import type { Did } from '@hansa/protocols'

/** What a handshake carries about revocations; what is in it is not this package's business. */
export interface RevocationStatuses {
  /** Number of the newest revocation of a peer that is held here. */
  held(peer: Did): number
  /** What this kernel has revoked after a number, signed for one peer, at most `MAX_HANDSHAKE_STATUS_BYTES` long. */
  statusFor(peer: Did, since: number): string
  /** What a peer says of its own, which was authenticated. Never throws. */
  take(peer: Did, jws: string): Promise<void>
}
