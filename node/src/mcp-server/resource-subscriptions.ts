/** resources/subscribe and resources/unsubscribe of a session, as MCP had them until 2025-11-25. */
import { ProtocolError, ProtocolErrorCode, ResourceNotFoundError } from '@modelcontextprotocol/server'
import type { Serving } from './kernel-server.ts'
import { ResourcePlaces } from './resource-places.ts'
import { mayWatch, type WatchComponents, watchResource } from './resource-watch.ts'
import { protocolError } from './results.ts'

/** Resources that one session watches at the same time. */
const MAX_WATCHED = 64

export type SubscriptionsComponents = WatchComponents & { failed(error: unknown): void }

/** @param ended aborted with the session */
export function serveSubscriptions(serving: Serving, components: SubscriptionsComponents, ended: AbortSignal): void {
  const { server, calling, listings } = serving
  const places = new ResourcePlaces(serving.primary)
  const watched = new Map<string, AbortController>()
  server.setRequestHandler('resources/subscribe', async ({ params: { uri } }) => {
    if (watched.has(uri)) return {}
    if (watched.size >= MAX_WATCHED)
      throw new ProtocolError(ProtocolErrorCode.InvalidParams, `At most ${MAX_WATCHED} resources are watched at once`)
    const place = places.find(uri, await listings.of(calling))
    if (place === undefined) throw new ResourceNotFoundError(uri)
    const { ref } = place
    const updated = (changed: string) =>
      void server.sendResourceUpdated({ uri: places.shown({ ref, uri: changed }) }).catch(() => {})
    const resource = { ...place, updated }
    try {
      await mayWatch(components, calling, resource)
    } catch (error) {
      throw protocolError(error)
    }
    const stop = new AbortController()
    watched.set(uri, stop)
    const signal = AbortSignal.any([stop.signal, ended, calling.ends])
    watchResource(components, calling, resource, signal)
      .catch(components.failed)
      .finally(() => {
        if (watched.get(uri) === stop) watched.delete(uri)
      })
    return {}
  })
  server.setRequestHandler('resources/unsubscribe', async ({ params: { uri } }) => {
    watched.get(uri)?.abort(new Error('the client unsubscribed'))
    watched.delete(uri)
    return {}
  })
}
