/** Messages of a host on standard input, to the bridge, and what it says on standard output; until the host has ended. */
import type { Readable } from 'node:stream'
import type { Clock } from '@hansa/protocols'
import { ReadBuffer, serializeMessage } from '@modelcontextprotocol/client'
import { untilInterrupted } from './interruption.ts'
import { McpBridge } from './mcp-bridge.ts'
import type { McpPlace } from './mcp-place.ts'
import type { Stream } from './print.ts'

/** Bytes of one message: what a result may hold, in JSON inside JSON. */
const MAX_MESSAGE_BYTES = 33_554_432

export type McpStdioComponents = { place: McpPlace; clock: Clock; stdin: Readable; stdout: Stream }

/** @returns when the host has closed standard input or this process was told to stop, and everything is closed. */
export async function mcpStdio({ place, clock, stdin, stdout }: McpStdioComponents): Promise<void> {
  using stopping = untilInterrupted()
  const bridge = new McpBridge({ place, clock, write: (message) => void stdout.write(serializeMessage(message)) })
  await bridge.start()
  const buffer = new ReadBuffer({ maxBufferSize: MAX_MESSAGE_BYTES })
  const ended = Promise.withResolvers<void>()
  const read = (chunk: Buffer) => {
    buffer.append(chunk)
    for (;;) {
      const message = readOne(buffer)
      if (message === null) return
      if (message !== 'malformed') bridge.fromHost(message)
    }
  }
  stdin.on('data', read).once('end', ended.resolve).once('error', ended.resolve)
  stopping.signal.addEventListener('abort', () => ended.resolve(), { once: true })
  await ended.promise
  stdin.off('data', read)
  await bridge.close()
}

/** A line that is no message has no sender that could be told; the next one may be one. */
function readOne(buffer: ReadBuffer) {
  try {
    return buffer.readMessage()
  } catch {
    return 'malformed'
  }
}
