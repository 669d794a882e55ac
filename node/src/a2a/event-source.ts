/** Server-sent events (WHATWG HTML, section 9.2), as slowly as the client reads them. */
import { once } from 'node:events'
import type { ServerResponse } from 'node:http'
import type { Clock } from '@hansa/protocols'

/** Milliseconds between comments that keep a silent stream open. */
const KEEP_ALIVE_MS = 15_000

export type EventSourceInit = {
  /** JSON of each event. */
  events: AsyncIterable<unknown>
  /** Ends the source when the client goes away. */
  leave(): void
  clock: Clock
}

/** Resolves when the stream has ended, whoever ended it. */
export async function sendEvents(response: ServerResponse, { events, leave, clock }: EventSourceInit): Promise<void> {
  response.writeHead(200, {
    'content-type': 'text/event-stream',
    'cache-control': 'no-cache',
    'x-accel-buffering': 'no',
  })
  response.flushHeaders()
  const gone = new AbortController()
  response.once('close', () => {
    gone.abort()
    leave()
  })
  const stopPinging = pinging(response, clock)
  try {
    for await (const event of events) {
      if (gone.signal.aborted) break
      const taken = response.write(`data: ${JSON.stringify(event)}\n\n`)
      if (!taken) await once(response, 'drain', { signal: gone.signal }).catch(() => {})
    }
  } finally {
    stopPinging()
    response.end()
  }
}

function pinging(response: ServerResponse, clock: Clock): () => void {
  let cancel = () => {}
  const ping = () => {
    if (!response.writableNeedDrain) response.write(': still here\n\n')
    cancel = clock.after(KEEP_ALIVE_MS, ping)
  }
  cancel = clock.after(KEEP_ALIVE_MS, ping)
  return () => cancel()
}
