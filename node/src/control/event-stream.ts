import type { ServerResponse } from 'node:http'
import type { Clock } from '@hansa/protocols'

/** Where lines of JSON go. */
export type EventStream<Event> = {
  /** Never throws; what is sent after the end is lost. */
  send(event: Event): void
  /** Ends the response. */
  end(): void
  /** Aborted when the response has ended, whoever ended it. */
  closed: AbortSignal
}

/** Milliseconds between pings: whoever hears nothing for three of them knows that the node is gone. */
export const PING_INTERVAL_MS = 15_000

/** Bytes that may wait for a client that does not read; then its stream is cut, and with it its registration. */
const MAX_BUFFERED_BYTES = 67_108_864

/**
 * Turns a response into a stream of JSON lines; the head is sent at once.
 * @param cut ends it from this side
 */
export function eventStream<Event>(response: ServerResponse, cut: AbortSignal): EventStream<Event> {
  const closed = new AbortController()
  const end = () => closed.abort(new Error('the stream has ended'))
  response.once('close', end)
  cut.addEventListener('abort', end, { once: true })
  response.writeHead(200, { 'content-type': 'application/x-ndjson', 'cache-control': 'no-store' })
  response.flushHeaders()
  return {
    closed: closed.signal,
    send(event) {
      if (response.writableEnded || response.destroyed) return
      response.write(`${JSON.stringify(event)}\n`)
      if (response.writableLength > MAX_BUFFERED_BYTES) response.destroy()
    },
    end() {
      response.end()
    },
  }
}

/** @returns what ends the pings. */
export function pinging(stream: Pick<EventStream<{ type: 'ping' }>, 'send'>, clock: Clock): () => void {
  let cancel = () => {}
  const next = () => {
    cancel = clock.after(PING_INTERVAL_MS, () => {
      stream.send({ type: 'ping' })
      next()
    })
  }
  next()
  return () => cancel()
}
