/** Streams that carry one message each way, length-prefixed as libp2p has it. */
import type { Stream } from '@libp2p/interface'
import { lpStream } from '@libp2p/utils'

export type MessageStreamOf = {
  read(): Promise<Uint8Array>
  write(message: Uint8Array): Promise<void>
}

/** @param maxBytes of one message; a larger one rejects `read`. */
export function oneMessage(stream: Stream, maxBytes: number, signal: AbortSignal): MessageStreamOf {
  const framed = lpStream(stream, { maxDataLength: maxBytes, maxBufferSize: maxBytes + 16 })
  return {
    read: async () => (await framed.read({ signal })).subarray(),
    write: (message) => framed.write(message, { signal }),
  }
}
