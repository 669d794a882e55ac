/**
 * Where the changes come from that one `subscriptions/listen` of MCP 2026-07-28 hears of: those of the caller's own lists,
 * and those of resources, each watched by a governed call of that caller.
 */
import type { ServerEvent, ServerEventBus, SubscriptionFilter } from '@modelcontextprotocol/server'
import type { Calling } from './calling.ts'
import type { ListingWatch, ListName } from './listing-watch.ts'
import type { OpenListings } from './open-listings.ts'
import type { ResourcePlaces } from './resource-places.ts'
import { type WatchComponents, watchResource } from './resource-watch.ts'

/** Resources that one subscription watches. */
const MAX_WATCHED = 64

export type ListenBusComponents = WatchComponents & {
  listings: OpenListings
  watch: ListingWatch
  places: ResourcePlaces
  failed(error: unknown): void
}

const events = {
  tools: 'tools_list_changed',
  prompts: 'prompts_list_changed',
  resources: 'resources_list_changed',
} as const satisfies Record<ListName, ServerEvent['kind']>

/** For one request. Nothing is watched before the stream is open, and nothing after it has ended. */
export function listenBus(
  components: ListenBusComponents,
  calling: Calling,
  filter: SubscriptionFilter,
): ServerEventBus {
  const { watch, failed } = components
  return {
    // Nobody else publishes to it.
    publish() {},
    subscribe(listener) {
      const stop = new AbortController()
      const signal = AbortSignal.any([stop.signal, calling.ends])
      const changed = (list: ListName) => listener({ kind: events[list] })
      void watch
        .watch(calling, changed)
        .then((end) => (signal.aborted ? end() : signal.addEventListener('abort', end, { once: true })))
        .catch(failed)
      for (const uri of (filter.resourceSubscriptions ?? []).slice(0, MAX_WATCHED))
        watchOne(components, calling, uri, listener, signal).catch(failed)
      return () => stop.abort(new Error('the client listens no more'))
    },
  }
}

async function watchOne(
  components: ListenBusComponents,
  calling: Calling,
  uri: string,
  listener: (event: ServerEvent) => void,
  signal: AbortSignal,
): Promise<void> {
  const { places, listings } = components
  const place = places.find(uri, await listings.of(calling))
  if (place === undefined) return
  const { ref } = place
  const updated = (changed: string) => listener({ kind: 'resource_updated', uri: places.shown({ ref, uri: changed }) })
  await watchResource(components, calling, { ...place, updated }, signal)
}
