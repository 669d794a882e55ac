/**
 * Capabilities that connected agents serve. The agent posts a definition and keeps the response open: while it is open
 * the capability is offered, each call becomes an `invoke` line on it, and the agent posts the answer. When the stream
 * ends, from either side, the registration ends and what is pending fails.
 *
 * Times come from the clock that is passed in; nothing here listens.
 */
import { randomBytes } from 'node:crypto'
import {
  CallError,
  type CapabilityHandler,
  type Clock,
  type InvocationContext,
  type RegisterParams,
  type Registration,
  type ServeEvent,
  type ServeReply,
} from '@hansa/protocols'
import type { ControlledKernel } from './controlled-kernel.ts'
import { withoutUndefined } from './without-undefined.ts'

/** Milliseconds between pings: an agent that hears nothing for three of them knows that the node is gone. */
export const PING_INTERVAL_MS = 15_000

/** Calls that one agent may have open for one capability, so that an agent that never answers costs a bounded amount. */
export const MAX_PENDING_CALLS = 1_024

/** Where the lines go. */
export type ServeStream = {
  /** Never throws; what is sent after the end is lost. */
  send(event: ServeEvent): void
  /** Ends the response. */
  end(): void
  /** Aborted when the response has ended, whoever ended it. */
  closed: AbortSignal
}

export interface ServedCapabilities extends AsyncDisposable {
  /**
   * Registers the capability and announces it on the stream.
   * @throws CallError as `Kernel.register` does; nothing was sent then.
   */
  serve(definition: RegisterParams, open: () => ServeStream, closed: AbortSignal): Promise<void>
  /** @throws CallError `not_found` when nobody waits for this answer (any more). */
  answer(reply: ServeReply): void
  /** Stops offering the capability and ends its stream. @throws CallError `not_found` */
  end(registration: string): Promise<void>
}

export type ServedCapabilitiesComponents = { kernel: Pick<ControlledKernel, 'register'>; clock: Clock }

export function servedCapabilities({ kernel, clock }: ServedCapabilitiesComponents): ServedCapabilities {
  const served = new Map<string, Served>()
  const find = (registration: string): Served => {
    const found = served.get(registration)
    if (found === undefined) throw new CallError({ code: 'not_found' }, 'not_found: there is no such registration')
    return found
  }
  return {
    async serve(definition, open, closed) {
      const entry = new Served(randomId(), clock)
      const registration = await kernel.register(withoutUndefined(definition), entry.handler)
      // The agent may have left while the kernel registered.
      if (closed.aborted) return registration.unregister()
      const stream = open()
      served.set(entry.id, entry)
      const forget = () => {
        served.delete(entry.id)
        return entry.close()
      }
      stream.closed.addEventListener('abort', () => void forget().catch(() => {}), { once: true })
      entry.open(registration, stream)
    },
    answer(reply) {
      find(reply.registration).answer(reply)
    },
    async end(registration) {
      const entry = find(registration)
      served.delete(registration)
      await entry.close()
    },
    async [Symbol.asyncDispose]() {
      const all = [...served.values()]
      served.clear()
      await Promise.allSettled(all.map((entry) => entry.close()))
    },
  }
}

type Pending = { resolve(value: unknown): void; reject(reason: Error): void }

class Served {
  readonly id: string
  readonly #clock: Clock
  readonly #pending = new Map<string, Pending>()
  #stream: ServeStream | undefined
  #registration: Registration | undefined
  #cancelPing: () => void = () => {}
  #closing: Promise<void> | undefined

  constructor(id: string, clock: Clock) {
    this.id = id
    this.#clock = clock
  }

  readonly handler: CapabilityHandler = (args, context) => {
    const stream = this.#stream
    if (stream === undefined || this.#closing !== undefined) throw new Error('the agent is not connected')
    if (this.#pending.size >= MAX_PENDING_CALLS) throw new CallError({ code: 'busy' })
    return this.#ask(stream, args, context)
  }

  open(registration: Registration, stream: ServeStream): void {
    this.#registration = registration
    this.#stream = stream
    stream.send({ type: 'registered', capability: registration.capability, registration: this.id })
    this.#schedulePing(stream)
  }

  answer({ id, ok, value }: ServeReply): void {
    const pending = this.#pending.get(id)
    if (pending === undefined) throw new CallError({ code: 'not_found' }, 'not_found: nobody waits for this answer')
    if (ok) pending.resolve(value ?? null)
    else pending.reject(new Error('the agent answered that it failed'))
  }

  /** From now on the handler refuses; what waits for the agent fails, and the kernel forgets the capability. */
  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  async #close(): Promise<void> {
    this.#cancelPing()
    for (const { reject } of [...this.#pending.values()]) reject(new Error('the agent went away'))
    try {
      await this.#registration?.unregister()
    } finally {
      this.#stream?.end()
    }
  }

  #ask(stream: ServeStream, args: unknown, { callId, principal, signal }: InvocationContext): Promise<unknown> {
    const id = randomId()
    return new Promise<unknown>((resolve, reject) => {
      const cancel = () => {
        stream.send({ type: 'cancel', id })
        settle(() => reject(signal.reason))
      }
      const settle = (act: () => void) => {
        this.#pending.delete(id)
        signal.removeEventListener('abort', cancel)
        act()
      }
      this.#pending.set(id, {
        resolve: (value) => settle(() => resolve(value)),
        reject: (reason) => settle(() => reject(reason)),
      })
      signal.addEventListener('abort', cancel, { once: true })
      // The kernel's arguments are JSON already.
      stream.send({ type: 'invoke', id, callId, principal, args: args as never })
    })
  }

  #schedulePing(stream: ServeStream): void {
    this.#cancelPing = this.#clock.after(PING_INTERVAL_MS, () => {
      stream.send({ type: 'ping' })
      this.#schedulePing(stream)
    })
  }
}

function randomId(): string {
  return randomBytes(16).toString('base64url')
}
