/**
 * Follows the watch stream of a registry and hands on every manifest and withdrawal, which whoever takes them verifies.
 * Entries come with a number each: one that is left out is noticed, and the stream is begun again where it broke.
 */
import {
  type Clock,
  MAX_MANIFEST_BYTES,
  type RegistryEntry,
  registryEntrySchema,
  registryStreams,
  type WatchEventData,
  watchEvents,
} from '@hansa/protocols'
import { parsedJson } from '@hansa/trust'
import type { GuardedStream } from '../fetch/guarded-stream.ts'
import { readEventStream, type StreamEvent } from './event-stream.ts'

export type RegistryWatcherInit = {
  /** Base URL of the registry. */
  url: string
  /** Entries that were read before; without it everything that is listed comes first. */
  after?: number
}

export type RegistryWatcherComponents = {
  stream: GuardedStream
  clock: Clock
  /** Each manifest and each withdrawal, as its kernel signed it. Awaited: a slow taker slows the stream. */
  take(jws: string, kind: 'manifest' | 'withdrawal'): Promise<unknown>
  /** Each entry of the log, after what came with it was taken. @default nobody is told */
  entry?(entry: RegistryEntry, came: { manifest?: string; statement?: string }): Promise<void>
  /** The signed head that a heartbeat shows. @default nobody is told */
  head?(note: string): void
  /** Each end of a stream, with why. @default nobody is told */
  ended?(reason: string): void
}

export type RegistryWatcherState = {
  connected: boolean
  /** Entries read so far; undefined before the first. */
  cursor?: number
  /** Times that an entry was left out. */
  gaps: number
  /** Times that the registry began anew. */
  resets: number
  /** Unix milliseconds of the last event. */
  heardMs?: number
}

export interface RegistryWatcher extends AsyncDisposable {
  readonly state: RegistryWatcherState
}

/** A registry sends a heartbeat every 15 seconds; three of them may be lost. */
const IDLE_MS = 45_000
const FIRST_RETRY_MS = 1_000
const LAST_RETRY_MS = 60_000
/** A manifest, and the JSON around it. */
const MAX_EVENT_CHARS = MAX_MANIFEST_BYTES + 16_384

/** Begins at once; disposing of it ends it. */
export function watchRegistry(init: RegistryWatcherInit, components: RegistryWatcherComponents): RegistryWatcher {
  return new StreamWatcher(init, components)
}

class StreamWatcher implements RegistryWatcher {
  readonly #url: string
  readonly #c: RegistryWatcherComponents
  readonly #ending = new AbortController()
  readonly #running: Promise<void>
  #state: RegistryWatcherState

  constructor({ url, after }: RegistryWatcherInit, components: RegistryWatcherComponents) {
    this.#url = `${url.replace(/\/+$/, '')}${registryStreams.watch.path}`
    this.#c = components
    this.#state = { connected: false, gaps: 0, resets: 0, ...(after === undefined ? {} : { cursor: after }) }
    this.#running = this.#run()
  }

  get state(): RegistryWatcherState {
    return this.#state
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#ending.abort(new Error('the watcher is stopping'))
    await this.#running
  }

  async #run(): Promise<void> {
    const { signal } = this.#ending
    let waitMs = FIRST_RETRY_MS
    while (!signal.aborted) {
      const before = this.#state.heardMs
      const reason = await this.#follow()
      if (signal.aborted) return
      this.#state = { ...this.#state, connected: false }
      this.#c.ended?.(reason)
      waitMs = this.#state.heardMs === before ? Math.min(waitMs * 2, LAST_RETRY_MS) : FIRST_RETRY_MS
      await this.#pause(waitMs)
    }
  }

  /** One stream to its end. @returns why it ended. */
  async #follow(): Promise<string> {
    const { cursor } = this.#state
    const url = cursor === undefined ? this.#url : `${this.#url}?after=${cursor}`
    const ended = new AbortController()
    const signal = AbortSignal.any([this.#ending.signal, ended.signal])
    try {
      const streamed = await this.#c.stream(url, { idleMs: IDLE_MS, signal })
      if (!streamed.ok) return streamed.reason
      if (streamed.status !== 200 || streamed.contentType !== 'text/event-stream')
        return `it answers with status ${streamed.status} and no stream of events`
      for await (const event of readEventStream(streamed.chunks, MAX_EVENT_CHARS)) {
        const fault = await this.#take(event)
        if (fault !== undefined) return fault
      }
      return 'the stream ended'
    } catch (error) {
      return error instanceof Error ? error.message : String(error)
    } finally {
      ended.abort()
    }
  }

  /** @returns why nothing more of this stream is taken. */
  async #take({ event, data }: StreamEvent): Promise<string | undefined> {
    // Later versions may say more.
    if (!Object.hasOwn(watchEvents, event)) return undefined
    const name = event as keyof typeof watchEvents
    const parsed = watchEvents[name].safeParse(parsedJson(data))
    if (!parsed.success) return `an event ${name} is not what it should be`
    this.#state = { ...this.#state, connected: true, heardMs: this.#c.clock.now() }
    switch (name) {
      case 'reset': {
        const { cursor: _ofBefore, ...rest } = this.#state
        this.#state = { ...rest, resets: rest.resets + 1 }
        return undefined
      }
      case 'listing':
        await this.#c.take((parsed.data as WatchEventData['listing']).manifest, 'manifest')
        return undefined
      case 'synced':
        this.#state = { ...this.#state, cursor: (parsed.data as WatchEventData['synced']).cursor }
        return undefined
      case 'heartbeat':
        return this.#heartbeat(parsed.data as WatchEventData['heartbeat'])
      case 'entry':
        return await this.#entry(parsed.data as WatchEventData['entry'])
    }
  }

  async #entry({ entry: text, manifest, statement }: WatchEventData['entry']): Promise<string | undefined> {
    const parsed = registryEntrySchema.safeParse(parsedJson(text))
    if (!parsed.success) return 'an entry is not what it should be'
    const entry = parsed.data
    if (entry.index !== this.#state.cursor) return this.#gap(entry.index)
    if (manifest !== undefined) await this.#c.take(manifest, 'manifest')
    if (statement !== undefined && entry.event === 'withdrawn') await this.#c.take(statement, 'withdrawal')
    const came = { ...(manifest === undefined ? {} : { manifest }), ...(statement === undefined ? {} : { statement }) }
    await this.#c.entry?.(entry, came)
    this.#state = { ...this.#state, cursor: entry.index + 1 }
    return undefined
  }

  #heartbeat({ cursor, checkpoint }: WatchEventData['heartbeat']): string | undefined {
    if (cursor !== this.#state.cursor) return this.#gap(cursor)
    this.#c.head?.(checkpoint)
    return undefined
  }

  /** Once from where it broke; when that does not help, from the beginning. */
  #gap(found: number): string {
    const { cursor, gaps } = this.#state
    const again = this.#gapAt === cursor
    this.#gapAt = cursor
    this.#state = { ...this.#state, gaps: gaps + 1 }
    if (again) {
      const { cursor: _broken, ...rest } = this.#state
      this.#state = rest
    }
    return `entry ${found} came where ${cursor ?? 'no entry'} was to come`
  }
  #gapAt: number | undefined

  #pause(ms: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>()
    const cancel = this.#c.clock.after(ms, resolve)
    const { signal } = this.#ending
    signal.addEventListener('abort', () => resolve(), { once: true })
    return promise.finally(cancel)
  }
}
