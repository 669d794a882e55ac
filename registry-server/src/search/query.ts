/** What is searched for, as data, and what of a manifest can be found. */
import { type CapabilityManifest, type Did, isDid, type Listing, type ListQuery } from '@hansa/protocols'

export type ListingQuery = {
  /** Both hold of a kernel, not necessarily of one of its capabilities. */
  capability?: string
  tag?: string
  /** Listings after this kernel, in the order of DIDs. */
  after?: Did
  limit: number
}

/** `next` is the kernel to go on after; absent on the last page. */
export type ListingPage = { listings: Listing[]; next?: Did }

/** A tag is a tag or a sensitivity label of any capability: their alphabets do not meet. */
export type Term = { kind: 'capability' | 'tag'; term: string }

/** @returns each term once. */
export function termsOf(manifest: CapabilityManifest): Term[] {
  const ids = manifest.capabilities.map(({ id }) => id)
  const tags = manifest.capabilities.flatMap((capability) => [...capability.tags, ...capability.sensitivity])
  return [
    ...[...new Set(ids)].map((term) => ({ kind: 'capability' as const, term })),
    ...[...new Set(tags)].map((term) => ({ kind: 'tag' as const, term })),
  ]
}

/** A cursor is the DID that the page before ended with. @returns undefined when it is not one, or a filter cannot be text. */
export function readQuery({ capability, tag, cursor, limit }: ListQuery): ListingQuery | undefined {
  if (cursor !== undefined && !isDid(cursor)) return undefined
  // PostgreSQL fails on it, and no tag holds one.
  if (tag?.includes('\0')) return undefined
  return {
    ...(capability !== undefined && { capability }),
    ...(tag !== undefined && { tag }),
    ...(cursor !== undefined && { after: cursor }),
    limit,
  }
}
