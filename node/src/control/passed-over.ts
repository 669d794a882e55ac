import type { IncomingMessage } from 'node:http'
import type { Clock } from '@hansa/protocols'

/** Bytes and milliseconds that are spent on the body of a request that is refused. */
const MAX_BYTES = 65_536
const MAX_MS = 1_000

/** Reads and drops the body of a request. Resolves when it has ended, or when that costs too much; never throws. */
export function passedOver(request: IncomingMessage, clock: Clock): Promise<void> {
  if (request.complete) return Promise.resolve()
  return new Promise((resolve) => {
    let bytes = 0
    const done = () => {
      cancel()
      request.off('data', read).off('end', done).off('close', done).off('error', done)
      resolve()
    }
    const read = (chunk: Buffer) => {
      bytes += chunk.length
      if (bytes > MAX_BYTES) done()
    }
    const cancel = clock.after(MAX_MS, done)
    request.on('data', read).once('end', done).once('close', done).once('error', done)
  })
}
