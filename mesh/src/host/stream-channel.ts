/**
 * A framed channel over a libp2p stream: `u32be length ‖ message`. A length above the bound, and a stream that ends inside a
 * message, end it.
 */
import type { ChannelBinding } from '@hansa/protocols'
import type { Stream } from '@libp2p/interface'
import type { FramedChannel } from '../session/framed-channel.ts'
import { FrameReader, frameOf } from './frame-reader.ts'
import { MAX_CHANNEL_MESSAGE_BYTES, MAX_STREAM_BUFFER_BYTES } from './limits.ts'

export type StreamChannelInit = { binding: ChannelBinding; source: string }

export function streamChannel(stream: Stream, init: StreamChannelInit): FramedChannel {
  return new StreamChannel(stream, init)
}

class StreamChannel implements FramedChannel {
  readonly binding: ChannelBinding
  readonly source: string
  readonly closed: Promise<string>
  readonly #stream: Stream
  readonly #frames = new FrameReader()
  #isFull = false
  #waiting: (() => void)[] = []
  #end: (reason: string) => void = () => {}

  constructor(stream: Stream, { binding, source }: StreamChannelInit) {
    this.#stream = stream
    this.binding = binding
    this.source = source
    stream.maxReadBufferLength = MAX_STREAM_BUFFER_BYTES
    stream.maxWriteBufferLength = MAX_STREAM_BUFFER_BYTES
    this.closed = new Promise((settle) => {
      this.#end = (reason) => {
        this.#empty()
        settle(reason)
      }
    })
    stream.addEventListener('drain', () => this.#empty())
    stream.addEventListener('close', ({ error }) => this.#end(error?.message ?? 'closed by the other side'))
    stream.addEventListener('remoteCloseWrite', () => this.close('closed by the other side'))
    if (stream.status !== 'open') this.#end('closed by the other side')
  }

  send(message: Uint8Array): boolean {
    if (message.length > MAX_CHANNEL_MESSAGE_BYTES)
      throw new RangeError(`a message is at most ${MAX_CHANNEL_MESSAGE_BYTES} bytes, not ${message.length}`)
    if (this.#stream.writeStatus !== 'writable') return true
    try {
      this.#isFull = !this.#stream.send(frameOf(message))
      return !this.#isFull
    } catch (error) {
      this.close(error instanceof Error ? error.message : 'the stream takes nothing more')
      return true
    }
  }

  /** `onDrain` of the stream waits for the first time only: from the second on it says at once that there is room. */
  drained(): Promise<void> {
    if (!this.#isFull) return Promise.resolve()
    return new Promise((resolve) => this.#waiting.push(resolve))
  }

  /** The stream keeps what arrives until somebody listens. */
  onMessage(take: (message: Uint8Array) => void): void {
    this.#stream.addEventListener('message', ({ data }) => {
      const fault = this.#frames.push(data.subarray(), take)
      if (fault !== undefined) this.close(fault)
    })
  }

  pause(): void {
    if (this.#stream.readStatus === 'readable') this.#stream.pause()
  }

  resume(): void {
    if (this.#stream.readStatus === 'paused') this.#stream.resume()
  }

  close(reason: string): void {
    this.#end(reason)
    this.#stream.abort(new Error(reason))
  }

  /** There is room, or nothing to wait for any more. */
  #empty(): void {
    this.#isFull = false
    for (const resolve of this.#waiting.splice(0)) resolve()
  }
}
