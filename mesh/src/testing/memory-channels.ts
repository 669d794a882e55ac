/** Two ends of one channel inside a process: what one sends, the other gets, in order, at the end of the turn. */
import type { ChannelBinding } from '@hansa/protocols'
import type { FramedChannel } from '../session/framed-channel.ts'

export type MemoryChannel = FramedChannel & {
  /** From now on nothing reaches either side, and neither is told: as when a cable is pulled. */
  cut(): void
}

export type MemoryChannelsInit = {
  /** @default none */
  binding?: ChannelBinding
  /** Bytes on the way to one end, beyond which the other is asked to wait. @default 65_536 */
  highWaterBytes?: number
}

export function memoryChannels(init: MemoryChannelsInit = {}): [MemoryChannel, MemoryChannel] {
  const wire = { isCut: false }
  const [a, b] = [new MemoryEnd('a', init, wire), new MemoryEnd('b', init, wire)]
  a.join(b)
  b.join(a)
  return [a, b]
}

class MemoryEnd implements MemoryChannel {
  readonly source: string
  readonly binding: ChannelBinding | undefined
  readonly closed: Promise<string>
  readonly #highWater: number
  readonly #wire: { isCut: boolean }
  readonly #close: (reason: string) => void
  readonly #inbox: Uint8Array[] = []
  #inboxBytes = 0
  #other: MemoryEnd | undefined
  #take: ((message: Uint8Array) => void) | undefined
  #isPaused = false
  #isClosed = false
  #isScheduled = false
  #room = Promise.withResolvers<void>()

  constructor(source: string, { binding, highWaterBytes = 65_536 }: MemoryChannelsInit, wire: { isCut: boolean }) {
    this.source = source
    this.binding = binding
    this.#highWater = highWaterBytes
    this.#wire = wire
    const { promise, resolve } = Promise.withResolvers<string>()
    this.closed = promise
    this.#close = resolve
  }

  join(other: MemoryEnd): void {
    this.#other = other
  }

  send(message: Uint8Array): boolean {
    if (this.#isClosed || this.#wire.isCut) return true
    this.#other?.receive(Uint8Array.from(message))
    return this.#other?.hasRoom ?? true
  }

  drained(): Promise<void> {
    return this.#isClosed || this.#other?.hasRoom !== false ? Promise.resolve() : this.#other.untilRoom
  }

  onMessage(take: (message: Uint8Array) => void): void {
    this.#take = take
    this.#deliverSoon()
  }

  close(reason: string): void {
    this.end(reason)
    if (!this.#wire.isCut) queueMicrotask(() => this.#other?.end(`the other side closed the channel: ${reason}`))
  }

  pause(): void {
    this.#isPaused = true
  }

  resume(): void {
    this.#isPaused = false
    this.#deliverSoon()
  }

  cut(): void {
    this.#wire.isCut = true
  }

  get hasRoom(): boolean {
    return this.#inboxBytes < this.#highWater
  }

  get untilRoom(): Promise<void> {
    return this.#room.promise
  }

  receive(message: Uint8Array): void {
    this.#inbox.push(message)
    this.#inboxBytes += message.length
    this.#deliverSoon()
  }

  end(reason: string): void {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#inbox.length = 0
    this.#inboxBytes = 0
    this.#gaveRoom()
    this.#close(reason)
  }

  #deliverSoon(): void {
    if (this.#isScheduled) return
    this.#isScheduled = true
    queueMicrotask(() => {
      this.#isScheduled = false
      while (this.#take !== undefined && !this.#isPaused && !this.#isClosed) {
        const message = this.#inbox.shift()
        if (message === undefined) break
        this.#inboxBytes -= message.length
        this.#take(message)
      }
      if (this.hasRoom) this.#gaveRoom()
    })
  }

  #gaveRoom(): void {
    this.#room.resolve()
    this.#room = Promise.withResolvers()
  }
}
