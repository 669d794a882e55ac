/** What is open to whom, as listed; made again once it may be another. */
import { scopeCovers } from '@hansa/trust'
import { LRUCache } from 'lru-cache'
import type { ControlledKernel } from '../control/controlled-kernel.ts'
import type { Calling } from './calling.ts'
import { type Listing, type ListingSettings, listingOf } from './listing.ts'

const MAX_KEPT = 1_024
/** Milliseconds for which a listing is kept: a sanction, or an hour of the day, may have changed it. */
const KEPT_MS = 1_000

export class OpenListings {
  readonly #kernel: Pick<ControlledKernel, 'open'>
  readonly settings: ListingSettings
  readonly #kept = new LRUCache<string, { stamp: string; listing: Listing }>({ max: MAX_KEPT, ttl: KEPT_MS })

  constructor(kernel: Pick<ControlledKernel, 'open'>, settings: ListingSettings) {
    this.#kernel = kernel
    this.settings = settings
  }

  /** Another text once a listing may be another. */
  stamp(): Promise<string> {
    return this.#kernel.open.stamp()
  }

  async of(calling: Calling): Promise<Listing> {
    const stamp = await this.stamp()
    const scope = scopeOf(calling)
    const key = JSON.stringify([calling.owner, scope])
    const kept = this.#kept.get(key)
    if (kept?.stamp === stamp) return kept.listing
    const open = await this.everything(calling)
    const listing = scope === undefined ? open : within(open, scope)
    this.#kept.set(key, { stamp, listing })
    return listing
  }

  /** Also what the scope of the token that is shown does not cover: whoever holds it may ask for a wider one. */
  async everything({ caller, principal }: Calling): Promise<Listing> {
    const { onBehalfOf, issuer } = caller.scope === 'agent' ? caller.agent : {}
    const open = await this.#kernel.open.to({
      principal,
      ...(onBehalfOf === undefined ? {} : { onBehalfOf }),
      ...(issuer === undefined ? {} : { issuer }),
    })
    return listingOf(open, this.settings)
  }
}

export function scopeOf({ caller }: Calling): readonly string[] | undefined {
  return caller.scope === 'agent' ? caller.agent.scope : undefined
}

function within({ tools, prompts, resources }: Listing, scope: readonly string[]): Listing {
  const covered = <T extends { info: { ref: string } }>(listed: ReadonlyMap<string, T>) =>
    new Map([...listed].filter(([, { info }]) => scopeCovers(scope, info.ref)))
  return { tools: covered(tools), prompts: covered(prompts), resources: covered(resources) }
}
