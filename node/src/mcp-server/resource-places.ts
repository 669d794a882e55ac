/** URIs as clients see them, and the capability behind each. */
import type { Listing } from './listing.ts'
import { unwrapUri, wrapUri } from './resource-uri.ts'

export type ResourcePlace = { ref: string; uri: string }

export class ResourcePlaces {
  readonly #primary: string | undefined

  /** @param prefix of the server whose URIs stay as they are */
  constructor(prefix: string | undefined) {
    this.#primary = prefix === undefined ? undefined : resourcesOf(prefix)
  }

  shown({ ref, uri }: ResourcePlace): string {
    return ref === this.#primary ? uri : wrapUri(ref, uri)
  }

  /** @returns undefined for a URI behind which there is nothing that is open. */
  find(uri: string, { resources }: Listing): ResourcePlace | undefined {
    const wrapped = unwrapUri(uri, resources.keys())
    if (wrapped !== undefined) return wrapped
    return this.#primary !== undefined && resources.has(this.#primary) ? { ref: this.#primary, uri } : undefined
  }
}

/** The capability that holds the resources of a server. */
export function resourcesOf(prefix: string): string {
  return `${prefix}.mcp.resources`
}
