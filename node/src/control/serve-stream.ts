import type { ServerResponse } from 'node:http'
import type { ServeStream } from './serve.ts'

/** Bytes that may wait for an agent that does not read; then its stream is cut, and with it its registration. */
const MAX_BUFFERED_BYTES = 67_108_864

/**
 * Turns a response into a stream of JSON lines; the head is sent at once.
 * @param cut ends it from this side
 */
export function serveStream(response: ServerResponse, cut: AbortSignal): ServeStream {
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
