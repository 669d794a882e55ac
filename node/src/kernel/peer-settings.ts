/**
 * What the operator of this kernel has said about other kernels, in its configuration or with `hansa peer add`. What is
 * not said is nothing: no clearance, no shared owner. Where both speak, the configuration does.
 */
import type { Did, Label } from '@hansa/protocols'
import { NAMED_STANDING, NEWCOMER } from '@hansa/trust/score'

export type PeerSetting = {
  did: Did
  /** Names for policy subjects, as `peer:NAME`. */
  alias?: string
  /** Labels that this peer may be sent. @default [] */
  clearance?: readonly Label[]
  /** Both kernels belong to one owner: a call of this peer for which no rule speaks is permitted. @default false */
  sameOwner?: boolean
  /** Chains of delegations may pass between it and this kernel. @default false; one owner needs no consent */
  delegation?: boolean
  /** Multikeys of a did:web, whose host could show any. @default none */
  keys?: readonly string[]
  /** 0 to 1000: what its score does not fall below, whatever it did not do yet. @default 700, as an agreement */
  standing?: number
}

export type ResolvedPeerSetting = {
  aliases: readonly string[]
  clearance: readonly Label[]
  sameOwner: boolean
  delegation: boolean
  standing: number
  keys: readonly string[]
}

const NOTHING: ResolvedPeerSetting = {
  aliases: [],
  clearance: [],
  sameOwner: false,
  delegation: false,
  standing: NEWCOMER,
  keys: [],
}

export class PeerSettings {
  readonly #configured = new Map<Did, ResolvedPeerSetting>()
  readonly #added = new Map<Did, ResolvedPeerSetting>()

  constructor(settings: readonly PeerSetting[] = []) {
    for (const setting of settings) this.#configured.set(setting.did, resolved(setting))
  }

  has(did: Did): boolean {
    return this.#configured.has(did) || this.#added.has(did)
  }

  /** Whether the configuration names it. */
  configured(did: Did): boolean {
    return this.#configured.has(did)
  }

  /** The standing that the configuration gives each peer that it names. */
  configuredStandings(): ReadonlyMap<Did, number> {
    return new Map([...this.#configured].map(([did, { standing }]) => [did, standing]))
  }

  of(did: Did): ResolvedPeerSetting {
    return this.#configured.get(did) ?? this.#added.get(did) ?? NOTHING
  }

  /** In effect for the next decision. */
  add(setting: PeerSetting): void {
    this.#added.set(setting.did, resolved(setting))
  }

  remove(did: Did): void {
    this.#added.delete(did)
  }

  /** Who answers to `peer:ALIAS`. */
  named(alias: string): Did | undefined {
    for (const peers of [this.#configured, this.#added]) {
      for (const [did, { aliases }] of peers) if (aliases.includes(alias)) return did
    }
    return undefined
  }

  /** Every kernel about which something was said. */
  all(): Did[] {
    return [...new Set([...this.#configured.keys(), ...this.#added.keys()])]
  }
}

function resolved({
  alias,
  clearance = [],
  sameOwner = false,
  delegation = sameOwner,
  standing = NAMED_STANDING,
  keys = [],
}: PeerSetting): ResolvedPeerSetting {
  return { aliases: alias === undefined ? [] : [alias], clearance, sameOwner, delegation, standing, keys }
}
