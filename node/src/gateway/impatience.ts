/**
 * Which connections are read from, by how much of what came over them was refused (security.md B13). Whoever floods one
 * connection waits for its bytes to be read, which costs nothing here. Whoever opens others for it has less patience to
 * use up on each, and waits in line before each of them; behind a long line it is closed unread, later.
 *
 * An address is not an identity, and somebody else may have it too: so it never ends what is open already.
 */
import type { Socket } from 'node:net'
import { Patience, type PatienceSettings } from '@hansa/mesh'
import type { Clock } from '@hansa/protocols'
import { LRUCache } from 'lru-cache'
import type { Slowings } from './slowings.ts'

/** Some more than the calls that a peer may have under way when its session ends. */
const OF_A_CONNECTION: PatienceSettings = { refusals: 96, perSecond: 1, firstMs: 250, longestMs: 8_000 }
/** Of a new one from an address whose patience is used up. */
const OF_A_SUSPECT: PatienceSettings = { ...OF_A_CONNECTION, refusals: 1, firstMs: 1_000 }
const OF_AN_ADDRESS: PatienceSettings = { refusals: 512, perSecond: 8, firstMs: 250, longestMs: 1_000 }
/** Milliseconds between two new connections from one such address that are read. */
const IN_LINE_MS = 250
/** The longest that one waits for its turn, milliseconds: less than those give an upgrade who share the address. */
const MAX_LINE_MS = 4_000
/** Connections from one such address that are closed after that time, and not at once: who is answered slowly comes back slowly. */
const MAX_TURNED_AWAY = 256
/** Requests of one connection that are under way: callers send the next one when they have their answer. */
const MAX_UNDER_WAY = 16
/** The same for one that has had to wait: what was sent meanwhile is not worked off together. */
const MAX_UNDER_WAY_AFTER_WAITING = 1
/** A request of so many bytes that is refused costs as much as another one. */
const BYTES_OF_A_REFUSAL = 16_384
/** Addresses that are watched at the same time; the one that was refused longest ago is forgotten. */
const MAX_ADDRESSES = 4_096

type Address = {
  patience: Patience
  /** When the next new connection is read. */
  nextMs: number
  turnedAway: number
}
type Connection = { patience: Patience; isHeld: boolean; underWay: number; maxUnderWay: number }

export class Impatience {
  readonly #clock: Clock
  readonly #slowings: Pick<Slowings, 'atGateway'>
  /** A refusal makes one new; whether one is asked for does not. */
  readonly #addresses = new LRUCache<string, Address>({ max: MAX_ADDRESSES })
  readonly #connections = new WeakMap<Socket, Connection>()

  constructor(components: { clock: Clock; slowings: Pick<Slowings, 'atGateway'> }) {
    this.#clock = components.clock
    this.#slowings = components.slowings
  }

  /** A connection that its bytes can be read from now. Closes it, or reads later, where too much was refused before. */
  opened(socket: Socket): void {
    const now = this.#clock.now()
    const address = this.#addresses.peek(sourceOf(socket))
    if (address === undefined || !address.patience.isSpent(now)) return
    const readMs = Math.max(address.nextMs, now) + IN_LINE_MS
    if (readMs - now > MAX_LINE_MS) this.#turnAway(socket, address)
    else {
      address.nextMs = readMs
      this.#hold(socket, this.#of(socket, OF_A_SUSPECT), readMs - now)
    }
  }

  /** A request has come over it. @returns whether it may be looked at; what was read ahead of a refusal may not. */
  mayAsk(socket: Socket): boolean {
    const connection = this.#of(socket)
    const mayAsk = !connection.isHeld && connection.underWay < connection.maxUnderWay
    if (mayAsk) connection.underWay += 1
    else this.#refusedAt(sourceOf(socket), this.#clock.now())
    return mayAsk
  }

  /** The answer is on its way. @param isRefused whether it refuses what was asked @param bytes that were read for it */
  answered(socket: Socket, isRefused: boolean, bytes: number): void {
    const connection = this.#of(socket)
    connection.underWay -= 1
    if (!isRefused) return
    const now = this.#clock.now()
    const cost = 1 + Math.floor(bytes / BYTES_OF_A_REFUSAL)
    this.#refusedAt(sourceOf(socket), now, cost)
    const waitMs = connection.patience.refused(now, cost)
    if (waitMs === 0) return
    this.#slowings.atGateway('connection', sourceOf(socket))
    this.#hold(socket, connection, waitMs)
  }

  #of(socket: Socket, settings: PatienceSettings = OF_A_CONNECTION): Connection {
    const known = this.#connections.get(socket)
    if (known !== undefined) return known
    const connection = {
      patience: new Patience(settings, this.#clock.now()),
      isHeld: false,
      underWay: 0,
      maxUnderWay: MAX_UNDER_WAY,
    }
    this.#connections.set(socket, connection)
    return connection
  }

  #refusedAt(source: string, now: number, cost = 1): void {
    const known = this.#addresses.get(source)
    const address = known ?? {
      patience: new Patience(OF_AN_ADDRESS, now),
      nextMs: now,
      turnedAway: 0,
    }
    this.#addresses.set(source, address)
    if (address.patience.refused(now, cost) > 0) this.#slowings.atGateway('address', source)
  }

  #turnAway(socket: Socket, address: Address): void {
    if (address.turnedAway >= MAX_TURNED_AWAY) return void socket.destroy()
    address.turnedAway += 1
    this.#hold(socket, this.#of(socket, OF_A_SUSPECT), MAX_LINE_MS, () => {
      address.turnedAway -= 1
      socket.destroy()
    })
  }

  #hold(socket: Socket, connection: Connection, waitMs: number, then = () => void socket.resume()): void {
    if (connection.isHeld) return
    connection.isHeld = true
    connection.maxUnderWay = MAX_UNDER_WAY_AFTER_WAITING
    // A server that has just got the socket has its first look at it under way, which would begin to read again.
    process.nextTick(() => connection.isHeld && socket.pause())
    const end = () => {
      cancel()
      socket.off('close', end)
      connection.isHeld = false
      then()
    }
    const cancel = this.#clock.after(waitMs, end)
    socket.once('close', end)
  }
}

function sourceOf({ remoteAddress }: Socket): string {
  return remoteAddress ?? 'unknown'
}
