/** What the operator of this kernel has said about other kernels. What is not said is nothing: no clearance, no shared owner. */
import type { Did, Label } from '@hansa/protocols'

export type PeerSetting = {
  did: Did
  /** Names for policy subjects, as `peer:NAME`. */
  alias?: string
  /** Labels that this peer may be sent. @default [] */
  clearance?: readonly Label[]
  /** Both kernels belong to one owner: a call of this peer for which no rule speaks is permitted. @default false */
  sameOwner?: boolean
  /** 0 to 1000, for policy conditions. @default 200, a newcomer's */
  standing?: number
}

/** Standing of a kernel about which nothing is configured (security.md B9: newcomer). */
export const NEWCOMER_STANDING = 200

export type ResolvedPeerSetting = {
  aliases: readonly string[]
  clearance: readonly Label[]
  sameOwner: boolean
  standing: number
}

const NOTHING: ResolvedPeerSetting = { aliases: [], clearance: [], sameOwner: false, standing: NEWCOMER_STANDING }

export class PeerSettings {
  readonly #byDid = new Map<Did, ResolvedPeerSetting>()

  constructor(settings: readonly PeerSetting[] = []) {
    for (const { did, alias, clearance = [], sameOwner = false, standing = NEWCOMER_STANDING } of settings) {
      this.#byDid.set(did, { aliases: alias === undefined ? [] : [alias], clearance, sameOwner, standing })
    }
  }

  has(did: Did): boolean {
    return this.#byDid.has(did)
  }

  of(did: Did): ResolvedPeerSetting {
    return this.#byDid.get(did) ?? NOTHING
  }
}
