/** resources/subscribe and resources/unsubscribe of a session, as MCP had them until 2025-11-25. */
import { CallError } from '@hansa/protocols'
import { ProtocolError, ProtocolErrorCode, ResourceNotFoundError } from '@modelcontextprotocol/server'
import { pause } from '../pause.ts'
import type { Serving } from './kernel-server.ts'
import { ResourcePlaces } from './resource-places.ts'
import { mayWatch, type WatchComponents, watchResource } from './resource-watch.ts'
import { protocolError } from './results.ts'

/** Resources that one session watches at the same time. */
const MAX_WATCHED = 64
/** Milliseconds in which whoever serves the resource has to say that it is watched. Servers are given 30 seconds behind it. */
const CONFIRM_MS = 40_000

export type SubscriptionsComponents = WatchComponents & { failed(error: unknown): void }

/** `begun` resolves when whoever serves it has confirmed, and rejects when it has not. */
type Watched = { stop: AbortController; begun: Promise<void> }

/** A subscription is answered when it stands at whoever serves the resource. @param ended aborted with the session */
export function serveSubscriptions(serving: Serving, components: SubscriptionsComponents, ended: AbortSignal): void {
  const { server, calling } = serving
  const watched = new Map<string, Watched>()
  const begin = (uri: string): Watched => {
    const stop = new AbortController()
    const signal = AbortSignal.any([stop.signal, ended, calling.ends])
    const forget = () => {
      if (watched.get(uri)?.stop === stop) watched.delete(uri)
    }
    const begun = subscribe(serving, components, { uri, signal, over: forget }).catch((error: unknown) => {
      forget()
      stop.abort(new Error('the subscription did not come about'))
      throw error
    })
    return { stop, begun }
  }
  server.setRequestHandler('resources/subscribe', async ({ params: { uri } }) => {
    const known = watched.get(uri)
    if (known === undefined && watched.size >= MAX_WATCHED)
      throw new ProtocolError(ProtocolErrorCode.InvalidParams, `At most ${MAX_WATCHED} resources are watched at once`)
    const one = known ?? begin(uri)
    watched.set(uri, one)
    await one.begun
    return {}
  })
  server.setRequestHandler('resources/unsubscribe', async ({ params: { uri } }) => {
    watched.get(uri)?.stop.abort(new Error('the client unsubscribed'))
    watched.delete(uri)
    return {}
  })
}

type Subscription = { uri: string; signal: AbortSignal /** Called when it has ended, however. */; over(): void }

/** @throws ProtocolError when it is not confirmed */
async function subscribe(
  { server, calling, listings, primary }: Serving,
  components: SubscriptionsComponents,
  { uri, signal, over }: Subscription,
): Promise<void> {
  const places = new ResourcePlaces(primary)
  const place = places.find(uri, await listings.of(calling))
  if (place === undefined) throw new ResourceNotFoundError(uri)
  const { ref } = place
  const updated = (changed: string) =>
    void server.sendResourceUpdated({ uri: places.shown({ ref, uri: changed }) }).catch(() => {})
  const { promise: confirmed, resolve: begun } = Promise.withResolvers<'begun'>()
  try {
    await mayWatch(components, calling, place)
    const watching = watchResource(components, calling, { ...place, begun: () => begun('begun'), updated }, signal)
    const late = new AbortController()
    const first = await Promise.race([
      confirmed,
      watching.then(() => 'ended' as const),
      pause(components.clock, CONFIRM_MS, late.signal).then(() => 'late' as const),
    ]).finally(() => late.abort())
    if (first !== 'begun') throw unconfirmed(first)
    watching.catch(components.failed).finally(over)
  } catch (error) {
    throw protocolError(error)
  }
}

function unconfirmed(how: 'ended' | 'late'): CallError {
  if (how === 'ended') return new CallError({ code: 'busy' }, 'busy: The subscription was ended before it had begun.')
  const message = `deadline: Whoever serves the resource has not said within ${CONFIRM_MS / 1000} seconds that it is watched.`
  return new CallError({ code: 'deadline' }, message)
}
