/**
 * Capabilities that connected agents serve. The agent posts a definition and keeps the response open: while it is open
 * each call becomes an `invoke` line on it, and the agent posts the answer. When the stream ends, from either side, the
 * registration ends, what is pending fails, and the capability is unavailable until the agent is back. Only when the
 * agent asks for it is the capability taken away.
 *
 * Times come from the clock that is passed in; nothing here listens.
 */
import { randomBytes } from 'node:crypto'
import {
  CallError,
  type CallNote,
  type CapabilityHandler,
  type Clock,
  ContentAnswer,
  InputRequired,
  type InvocationContext,
  type RegisterParams,
  type ServeEvent,
  type ServeNote,
  type ServeReply,
} from '@hansa/protocols'
import { DriverError } from '../drivers/index.ts'
import type { AgentOffer, ControlledKernel } from './controlled-kernel.ts'
import { type EventStream, pinging } from './event-stream.ts'

/** Calls that one agent may have open for one capability, so that an agent that never answers costs a bounded amount. */
export const MAX_PENDING_CALLS = 1_024

export type ServeStream = EventStream<ServeEvent>

export interface ServedCapabilities extends AsyncDisposable {
  /**
   * Registers the capability and announces it on the stream.
   * @throws CallError as `ControlledKernel.offer` does; nothing was sent then.
   */
  serve(service: Service): Promise<void>
  /** @throws CallError `not_found` when nobody waits for this answer (any more), or not for one of this owner. */
  answer(reply: ServeReply, owner: string): void
  /** @throws CallError `not_found` for a registration that is not this owner's. */
  note(said: ServeNote, owner: string): void
  /** Stops offering the capability and ends its stream. @throws CallError `not_found`, also for one of another owner */
  end(registration: string, owner: string): Promise<void>
}

export type Service = {
  definition: RegisterParams
  /** Whose it is. */
  owner: string
  open(): ServeStream
  /** Aborted when the agent has gone away, also before the stream is open. */
  closed: AbortSignal
}

export type ServedCapabilitiesComponents = { kernel: Pick<ControlledKernel, 'offer'>; clock: Clock }

export function servedCapabilities({ kernel, clock }: ServedCapabilitiesComponents): ServedCapabilities {
  const served = new Map<string, Served>()
  const find = (registration: string, owner: string): Served => {
    const found = served.get(registration)
    if (found?.owner !== owner) throw new CallError({ code: 'not_found' }, 'not_found: there is no such registration')
    return found
  }
  return {
    async serve({ definition, owner, open, closed }) {
      const entry = new Served(randomId(), owner, clock)
      const offer = await kernel.offer(definition, entry.handler, owner)
      // The agent may have left while the kernel registered.
      if (closed.aborted) return offer.fresh ? offer.withdraw() : offer.leave()
      const stream = open()
      served.set(entry.id, entry)
      const forget = () => {
        served.delete(entry.id)
        return entry.close('leave')
      }
      stream.closed.addEventListener('abort', () => void forget().catch(() => {}), { once: true })
      entry.open(offer, stream)
    },
    answer(reply, owner) {
      find(reply.registration, owner).answer(reply)
    },
    note(said, owner) {
      find(said.registration, owner).note(said)
    },
    async end(registration, owner) {
      const entry = find(registration, owner)
      served.delete(registration)
      await entry.close('withdraw')
    },
    async [Symbol.asyncDispose]() {
      const all = [...served.values()]
      served.clear()
      await Promise.allSettled(all.map((entry) => entry.close('leave')))
    },
  }
}

type Pending = { resolve(value: unknown): void; reject(reason: Error): void; note(note: CallNote): void }

class Served {
  readonly id: string
  readonly owner: string
  readonly #clock: Clock
  readonly #pending = new Map<string, Pending>()
  #stream: ServeStream | undefined
  #offer: AgentOffer | undefined
  #cancelPing: () => void = () => {}
  #closing: Promise<void> | undefined

  constructor(id: string, owner: string, clock: Clock) {
    this.id = id
    this.owner = owner
    this.#clock = clock
  }

  readonly handler: CapabilityHandler = (args, context) => {
    const stream = this.#stream
    if (stream === undefined || this.#closing !== undefined) {
      throw new DriverError({ code: 'driver_closed', began: false, reason: 'the agent is not connected' })
    }
    if (this.#pending.size >= MAX_PENDING_CALLS) throw new CallError({ code: 'busy' })
    return this.#ask(stream, args, context)
  }

  open(offer: AgentOffer, stream: ServeStream): void {
    this.#offer = offer
    this.#stream = stream
    stream.send({ type: 'registered', capability: offer.capability, registration: this.id })
    this.#cancelPing = pinging(stream, this.#clock)
  }

  /** What nobody waits for any more is passed over. */
  note({ id, note }: ServeNote): void {
    this.#pending.get(id)?.note(note)
  }

  answer({ id, ok, value, content, asks }: ServeReply): void {
    const pending = this.#pending.get(id)
    if (pending === undefined) throw new CallError({ code: 'not_found' }, 'not_found: nobody waits for this answer')
    if (ok) pending.resolve(answerOf({ value, content, asks }))
    else pending.reject(new Error('the agent answered that it failed'))
  }

  /** From now on the handler refuses, and what waits for the agent fails. @param how whether the capability stays listed */
  close(how: 'leave' | 'withdraw'): Promise<void> {
    this.#closing ??= this.#close(how)
    return this.#closing
  }

  async #close(how: 'leave' | 'withdraw'): Promise<void> {
    this.#cancelPing()
    for (const { reject } of [...this.#pending.values()]) reject(new Error('the agent went away'))
    try {
      await this.#offer?.[how]()
    } finally {
      this.#stream?.end()
    }
  }

  #ask(stream: ServeStream, args: unknown, context: InvocationContext): Promise<unknown> {
    const { callId, principal, signal, accepts, continued, note } = context
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
        note,
      })
      signal.addEventListener('abort', cancel, { once: true })
      // The kernel's arguments are JSON already.
      stream.send({
        ...{ type: 'invoke', id, callId, principal, args: args as never },
        ...(accepts.length === 0 ? {} : { accepts: [...accepts] }),
        ...(continued === undefined ? {} : { continued: { ...continued, state: String(continued.state) } }),
      })
    })
  }
}

/** The state of a question is the agent's: here it is only the name under which the agent finds it. */
function answerOf({ value, content, asks }: Pick<ServeReply, 'value' | 'content' | 'asks'>): unknown {
  if (asks !== undefined) return new InputRequired(asks.requests, asks.state)
  if (content !== undefined) return new ContentAnswer(content.content, { isError: content.isError === true })
  return value ?? null
}

function randomId(): string {
  return randomBytes(16).toString('base64url')
}
