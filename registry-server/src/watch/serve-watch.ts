/** Adapter: one watch stream onto one response, and how many there may be. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Clock } from '@hansa/protocols'
import type { SenderOf } from '../limits/sender.ts'
import { sourceKey } from '../limits/token-buckets.ts'
import { type Refusal, refuse } from '../refusal.ts'
import { frameText } from './frames.ts'
import { type ReaderPlace, ReaderPlaces } from './reader-places.ts'
import { type WatchComponents, watchStream } from './watch-stream.ts'

export type WatchServerComponents = WatchComponents & {
  clock: Clock
  bounds: WatchBounds
  sender: SenderOf
  failed(error: unknown): void
}

export type WatchBounds = {
  /** Entries that are sent one by one to a reader who was away; with more of them it begins anew. */
  maxBehind: number
  maxReaders: number
  /** Of one address, an IPv6 network of /64 counting as one. */
  maxPerSource: number
  /** What a reader has its place for at least when others wait for one, milliseconds. */
  turnMs: number
  /** A reader that takes nothing for so long is cut off, milliseconds. */
  stallMs: number
}

export interface WatchServer {
  /**
   * @returns a refusal when there are too many and none has had its turn; else resolves when the stream has ended, at
   * the latest when somebody else has the place.
   */
  serve(request: IncomingMessage, response: ServerResponse, after: number | undefined): Promise<Refusal | undefined>
  readonly readers: number
  /** Ends all of them. */
  close(): void
}

export function watchServer(components: WatchServerComponents): WatchServer {
  const { bounds } = components
  const places = new ReaderPlaces({ ...bounds, clock: components.clock })
  const ending = new AbortController()
  return {
    get readers() {
      return places.taken
    },
    async serve(request, response, after) {
      const place = ending.signal.aborted ? undefined : places.take(sourceKey(components.sender(request)))
      if (place === undefined) return refuse('busy', 'too_many_readers')
      try {
        await send(components, response, after, { ending: ending.signal, place })
      } finally {
        place.leave()
      }
      return undefined
    },
    close: () => ending.abort(),
  }
}

async function send(
  components: WatchServerComponents,
  response: ServerResponse,
  after: number | undefined,
  { ending, place }: { ending: AbortSignal; place: ReaderPlace },
): Promise<void> {
  const gone = new AbortController()
  response.once('close', () => gone.abort())
  const signal = AbortSignal.any([gone.signal, ending, place.signal])
  response.writeHead(200, {
    'content-type': 'text/event-stream',
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    // A proxy that gathers the stream first would hold back what this is for.
    'x-accel-buffering': 'no',
  })
  response.flushHeaders()
  try {
    for await (const frame of watchStream(components, after, signal)) {
      if (frame.name === 'reset') place.reads()
      if (!response.write(frameText(frame))) await drained(components, response, signal)
      if (frame.name === 'synced') place.caughtUp()
      if (signal.aborted) break
    }
  } catch (error) {
    components.failed(error)
  }
  if (response.destroyed) return
  response.end()
  // What a reader does not take must not hold up the end, nor stay when somebody else has its place.
  if (ending.aborted) response.destroy()
  else
    response.once(
      'close',
      components.clock.after(components.bounds.stallMs, () => response.destroy()),
    )
}

/** Until there is room again, or the reader is cut off. */
async function drained(
  { clock, bounds }: WatchServerComponents,
  response: ServerResponse,
  signal: AbortSignal,
): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  const cancel = clock.after(bounds.stallMs, () => response.destroy())
  response.once('drain', resolve)
  signal.addEventListener('abort', () => resolve(), { once: true })
  await promise
  cancel()
}
