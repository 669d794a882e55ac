/**
 * Puts frames on a channel: those of a head first, and of the bodies in turns one chunk each, so that a large one holds
 * up nobody. Stops while the channel is full, and while the other side has given no credit.
 */
import { encodeSessionFrame, MAX_CHUNK_BYTES, type SessionFrame } from '@hansa/protocols'
import { MAX_QUEUED_FRAMES } from './constants.ts'
import type { FramedChannel } from './framed-channel.ts'

type OutgoingBody = { readonly id: number; readonly bytes: Uint8Array; at: number; credit: number }

export class FrameWriter {
  readonly #channel: FramedChannel
  /** The other side reads too slowly for what it makes this side say. */
  readonly #overflow: () => void
  readonly #emptied: () => void
  readonly #frames: Uint8Array[] = []
  readonly #bodies = new Map<number, OutgoingBody>()
  /** Bodies with something to send and credit for it, in their turn. */
  #ready: OutgoingBody[] = []
  #full = false
  #closed = false
  #unsent = 0

  /** @param emptied called when everything that had to wait is on its way. */
  constructor(channel: FramedChannel, { overflow, emptied }: { overflow(): void; emptied(): void }) {
    this.#channel = channel
    this.#overflow = overflow
    this.#emptied = emptied
  }

  /** Bytes of bodies that the other side has not taken yet. */
  get unsentBytes(): number {
    return this.#unsent
  }

  /** Whether everything that was said is on its way. */
  get isEmpty(): boolean {
    return this.#frames.length === 0 && this.#bodies.size === 0
  }

  frame(frame: SessionFrame): void {
    if (this.#closed) return
    if (this.#frames.length >= MAX_QUEUED_FRAMES) this.#overflow()
    else this.#frames.push(encodeSessionFrame(frame))
    this.#flush()
  }

  /** Says something only if it need not wait. */
  frameIfRoom(frame: SessionFrame): void {
    if (!this.#full) this.frame(frame)
  }

  /** A frame that begins a body, and the rest of it as credit and the channel allow. */
  beginning(id: number, body: Uint8Array, credit: number, head: (bytes: Uint8Array) => SessionFrame): void {
    const first = body.subarray(0, Math.min(MAX_CHUNK_BYTES, credit))
    if (first.length < body.length && !this.#closed) {
      const rest: OutgoingBody = { id, bytes: body, at: first.length, credit: credit - first.length }
      this.#bodies.set(id, rest)
      this.#unsent += body.length - first.length
      if (rest.credit > 0) this.#ready.push(rest)
    }
    this.frame(head(first))
  }

  /** The other side takes so many more bytes of a body. */
  allow(id: number, credit: number): void {
    const body = this.#bodies.get(id)
    if (body === undefined) return
    if (body.credit === 0) this.#ready.push(body)
    body.credit += credit
    this.#flush()
  }

  /** Nobody wants the rest of this body. */
  drop(id: number): void {
    const body = this.#bodies.get(id)
    if (body === undefined) return
    this.#bodies.delete(id)
    this.#unsent -= body.bytes.length - body.at
    this.#ready = this.#ready.filter((ready) => ready !== body)
  }

  close(): void {
    this.#closed = true
    this.#frames.length = 0
    this.#bodies.clear()
    this.#ready = []
    this.#unsent = 0
  }

  #flush(): void {
    while (!this.#full && !this.#closed) {
      const message = this.#frames.shift() ?? this.#nextChunk()
      if (message === undefined) return
      if (this.#channel.send(message)) continue
      this.#full = true
      void this.#channel.drained().then(() => {
        this.#full = false
        this.#flush()
        if (this.isEmpty) this.#emptied()
      })
    }
  }

  #nextChunk(): Uint8Array | undefined {
    const body = this.#ready.shift()
    if (body === undefined) return undefined
    const { id, bytes, at } = body
    const chunk = bytes.subarray(at, at + Math.min(MAX_CHUNK_BYTES, body.credit))
    body.at += chunk.length
    body.credit -= chunk.length
    this.#unsent -= chunk.length
    if (body.at === bytes.length) this.#bodies.delete(id)
    else if (body.credit > 0) this.#ready.push(body)
    return encodeSessionFrame({ type: 'data', id, bytes: chunk })
  }
}
