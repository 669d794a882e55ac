/** Who follows a task: each gets every event in order, as fast as it takes them. Who does not take them is let go. */
import type { A2aEvent } from '@hansa/protocols'

/** Events that may wait for one who follows. */
const MAX_WAITING = 1_000

/** One who follows, as a stream. Ends when there is nothing more to come, or the follower leaves. */
export interface TaskFollower extends AsyncIterable<A2aEvent> {
  /** Nothing comes behind what waits. */
  end(): void
  leave(): void
}

export class TaskEvents {
  readonly #followers = new Map<string, Set<Channel>>()

  /** @param key of the task @param first what it gets before anything else */
  follow(key: string, first: A2aEvent): TaskFollower {
    const channel = new Channel(() => this.#leave(key, channel))
    channel.send(first)
    const others = this.#followers.get(key) ?? new Set()
    this.#followers.set(key, others.add(channel))
    return channel
  }

  tell(key: string, event: A2aEvent): void {
    for (const channel of this.#followers.get(key) ?? []) channel.send(event)
  }

  /** Nothing more will be said to those who follow now. */
  end(key: string): void {
    for (const channel of [...(this.#followers.get(key) ?? [])]) channel.end()
  }

  endAll(): void {
    for (const key of [...this.#followers.keys()]) this.end(key)
  }

  #leave(key: string, channel: Channel): void {
    const channels = this.#followers.get(key)
    channels?.delete(channel)
    if (channels?.size === 0) this.#followers.delete(key)
  }
}

class Channel implements TaskFollower {
  readonly #waiting: A2aEvent[] = []
  readonly #left: () => void
  #ended = false
  #wake: (() => void) | undefined

  constructor(left: () => void) {
    this.#left = left
  }

  send(event: A2aEvent): void {
    if (this.#ended) return
    if (this.#waiting.length >= MAX_WAITING) {
      this.end()
      return
    }
    this.#waiting.push(event)
    this.#wake?.()
  }

  end(): void {
    if (this.#ended) return
    this.#ended = true
    this.#left()
    this.#wake?.()
  }

  leave(): void {
    this.#waiting.length = 0
    this.end()
  }

  #woken(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#wake = resolve
    return promise
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<A2aEvent, void, undefined> {
    try {
      for (;;) {
        const event = this.#waiting.shift()
        if (event !== undefined) yield event
        else if (this.#ended) return
        else await this.#woken()
      }
    } finally {
      this.leave()
    }
  }
}
