/**
 * Whose host is at the other end of each connection: both say so over `/hansa/identify/1` when a connection is new, and again
 * every six hours, and neither is believed before the other's word has been verified.
 */
import { type Did, HOST_IDENTITY_PROTOCOL, MAX_HOST_IDENTITY_BYTES } from '@hansa/protocols'
import {
  type HostIdentityVerdict,
  makeHostIdentity,
  type SignedPointer,
  signerFromSeed,
  verifyHostIdentity,
} from '@hansa/trust'
import type { Connection, Stream } from '@libp2p/interface'
import { withTimeLimit } from '../time-limit.ts'
import { connectionTo } from './body-exchange.ts'
import type { HostComponents } from './host-init.ts'
import type { HostLibp2p } from './libp2p-node.ts'
import { BINDING_SECONDS, IDENTITY_AGAIN_MS, IDENTITY_MS, MAX_IDENTITY_STREAMS } from './limits.ts'
import { oneMessage } from './one-message.ts'

export type KnownHost = { did: Did; signed: SignedPointer }
export type HostIdentityOutcome = HostIdentityVerdict

export type HostIdentitiesInit = {
  seed: Uint8Array
  /** Told of each outcome, the first and those that follow. */
  told(peerId: string, outcome: HostIdentityOutcome): void
}

export class HostIdentities {
  readonly #node: HostLibp2p
  readonly #components: HostComponents
  readonly #init: HostIdentitiesInit
  readonly #outcomes = new Map<string, HostIdentityOutcome>()
  readonly #host: ReturnType<typeof signerFromSeed>
  #cancel: () => void = () => {}

  constructor(node: HostLibp2p, components: HostComponents, init: HostIdentitiesInit) {
    this.#node = node
    this.#components = components
    this.#init = init
    this.#host = signerFromSeed(init.seed)
  }

  async start(): Promise<void> {
    await this.#node.handle(HOST_IDENTITY_PROTOCOL, (stream, connection) => this.#answer(stream, connection), {
      maxInboundStreams: MAX_IDENTITY_STREAMS,
      runOnLimitedConnection: true,
    })
    this.#node.addEventListener('connection:open', ({ detail }) => {
      if (detail.direction === 'outbound') void this.#ask(detail)
    })
    this.#node.addEventListener('peer:disconnect', ({ detail }) => this.#outcomes.delete(detail.toString()))
    this.#again()
  }

  stop(): void {
    this.#cancel()
  }

  /** While it holds: a record that has expired lists nobody. */
  of(peerId: string): HostIdentityOutcome | undefined {
    const outcome = this.#outcomes.get(peerId)
    if (outcome?.ok !== true) return outcome
    return this.#seconds() < outcome.signed.pointer.exp ? outcome : { ok: false, reason: 'pointer: expired' }
  }

  hostsOf(did: Did): string[] {
    return [...this.#outcomes.keys()].filter((peerId) => {
      const outcome = this.of(peerId)
      return outcome?.ok === true && outcome.did === did
    })
  }

  /** What a connected host says now; undefined when it is not connected. */
  async askAgain(peerId: string): Promise<HostIdentityOutcome | undefined> {
    const connection = connectionTo(this.#node, peerId)
    if (connection === undefined) return undefined
    await this.#ask(connection)
    return this.of(peerId)
  }

  #again(): void {
    this.#cancel = this.#components.clock.after(IDENTITY_AGAIN_MS, () => {
      for (const connection of this.#node.getConnections())
        if (connection.direction === 'outbound') void this.#ask(connection)
      this.#again()
    })
  }

  async #ask(connection: Connection): Promise<void> {
    await this.#exchange(connection, async (signal) => {
      const options = { signal, runOnLimitedConnection: true, maxOutboundStreams: MAX_IDENTITY_STREAMS }
      const stream = await connection.newStream(HOST_IDENTITY_PROTOCOL, options)
      const ends = oneMessage(stream, MAX_HOST_IDENTITY_BYTES, signal)
      await ends.write(await this.#own())
      const message = await ends.read()
      await stream.close({ signal })
      return message
    })
  }

  async #answer(stream: Stream, connection: Connection): Promise<void> {
    await this.#exchange(connection, async (signal) => {
      const ends = oneMessage(stream, MAX_HOST_IDENTITY_BYTES, signal)
      const message = await ends.read()
      await ends.write(await this.#own())
      await stream.close({ signal })
      return message
    })
  }

  async #exchange(connection: Connection, talk: (signal: AbortSignal) => Promise<Uint8Array>): Promise<void> {
    const peerId = connection.remotePeer.toString()
    const limit = { clock: this.#components.clock, limitMs: IDENTITY_MS, tooLate: new Error('it did not say in time') }
    const outcome = await withTimeLimit(limit, talk).then(
      (message) => this.#verify(message, peerId),
      (error: unknown): HostIdentityOutcome => ({ ok: false, reason: reasonOf(error) }),
    )
    if (connection.status !== 'open') return
    // What failed once does not unsay what was verified and still holds.
    if (!outcome.ok && this.of(peerId)?.ok === true) return
    this.#outcomes.set(peerId, outcome)
    this.#init.told(peerId, outcome)
  }

  #verify(message: Uint8Array, connected: string): Promise<HostIdentityOutcome> {
    const { resolver } = this.#components
    return verifyHostIdentity(message, { connected, resolver, now: this.#seconds() })
  }

  async #own(): Promise<Uint8Array> {
    const { pointer, jws } = await this.#components.pointer([this.#node.peerId.toString()])
    const iat = this.#seconds()
    const binding = { v: 1 as const, did: pointer.did, iat, exp: iat + BINDING_SECONDS }
    return makeHostIdentity(this.#host, { binding, pointer: jws })
  }

  #seconds(): number {
    return Math.floor(this.#components.clock.now() / 1000)
  }
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return 'it did not say who it is'
  return error.name === 'UnsupportedProtocolError' ? 'no host of a kernel' : error.message
}
