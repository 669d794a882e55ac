/**
 * One MCP server, shared by the drivers of everything it offers.
 *
 * A connection is opened by the first call and opened again by the next call after it was lost, with a growing pause
 * while nothing succeeds. The revision of the protocol is negotiated with each server, because it is a property of that
 * server. In 2026 one connection serves everybody, and each request says what its caller accepts. A server of 2025 is
 * told once for each connection: everything on the one that lists, nothing on the one of callers that accept nothing, and
 * exactly what they accept on those of others, which serve one request at a time.
 */
import type { Clock, EventLogger, InputMethod, InputRequests, InputResponses } from '@hansa/protocols'
import { inputRequestsSchema } from '@hansa/protocols'
import type { Dispatcher } from 'undici'
import { reasonOf } from './driver.ts'
import { DriverError } from './errors.ts'
import { EVERY_ABILITY, mcpInputMethods } from './mcp-abilities.ts'
import { isLost, lossOf, mcpFailure } from './mcp-failure.ts'
import { type McpLease, McpLeases } from './mcp-leases.ts'
import { type McpAnswer, type McpAsk, McpLink } from './mcp-link.ts'
import { McpPushedCall } from './mcp-pushed-call.ts'
import type { McpAsked, McpLeg, McpLook, McpReply, McpRequest } from './mcp-request.ts'
import { type McpAccess, type McpChannel, type McpConnection, mcpChannel } from './mcp-transport.ts'

export interface McpBackend extends AsyncDisposable {
  /** Rises with every connection that lists, and whenever the server says that what it offers has changed. */
  readonly revision: number
  /**
   * Everything the server offers, all pages.
   * @throws DriverError
   */
  look(signal?: AbortSignal): Promise<McpLook>
  /** @throws DriverError */
  request(request: McpRequest, leg: McpLeg): Promise<McpReply>
  /**
   * Says a progress of 0 when the server has confirmed, and `updated` whenever the resource changes, until the signal aborts.
   * @throws DriverError
   */
  watch(uri: string, leg: McpLeg): Promise<void>
}

export type McpBackendInit = {
  /** For the log. */
  name: string
  connection: McpConnection
  /** Whether the server may ask callers that accept it. @default true */
  asks?: boolean
  /** Gives requests over HTTP their token. @default they have none */
  access?: McpAccess | undefined
  /** The server says that what it offers has changed. */
  changed?(): void
}

export type McpBackendComponents = {
  clock: Clock
  logger: EventLogger
  /** Carries Streamable HTTP; whoever passes it in decides which addresses may be reached. */
  dispatcher: Dispatcher
}

/** Milliseconds of pause after the second failure in a row; it doubles with each further one. */
const FIRST_PAUSE_MS = 1_000
const LONGEST_PAUSE_MS = 30_000
/** Times that a server may send a request back without asking anything. */
const MAX_ROUNDS = 10

/** @returns a backend that is not connected yet. */
export function mcpBackend(init: McpBackendInit): (components: McpBackendComponents) => McpBackend {
  return (components) => new Backend(init, components)
}

/** A connection for everybody, opened once. */
type Shared = { link: McpLink | undefined; opening: Promise<McpLink> | undefined }

class Backend implements McpBackend {
  readonly #init: McpBackendInit
  readonly #components: McpBackendComponents
  readonly #listing: Shared = { link: undefined, opening: undefined }
  /** Of callers that accept nothing, to a server of 2025. */
  readonly #plain: Shared = { link: undefined, opening: undefined }
  readonly #leases: McpLeases
  /** Each connection's own, so that what was confirmed on one is not taken for another. */
  readonly #revisions = new WeakMap<McpLink, number>()
  #lastRevision = 0
  #revision = 0
  /** Losses and failed attempts since a call last succeeded. */
  #failures = 0
  /** Unix milliseconds before which no attempt is made. */
  #notBefore = 0
  #closed = false

  constructor(init: McpBackendInit, components: McpBackendComponents) {
    this.#init = init
    this.#components = components
    this.#leases = new McpLeases(components.clock, (abilities) => this.#open(abilities))
  }

  get revision(): number {
    return this.#revision
  }

  async look(signal?: AbortSignal): Promise<McpLook> {
    return this.#lookAt(await this.#connected(signal), signal)
  }

  async request(request: McpRequest, leg: McpLeg): Promise<McpReply> {
    const listing = await this.#connected(leg.signal)
    const abilities = mcpInputMethods.filter((method) => this.#asks && leg.accepts.includes(method))
    if (listing.isModern) {
      const may = this.#asks ? leg.accepts : []
      return this.#begin(listing, leg, () => this.#asking(listing, request, leg, may))
    }
    if (abilities.length === 0) {
      const link = await this.#sharedLink(this.#asks ? this.#plain : this.#listing, [], leg.signal)
      return this.#begin(link, leg, async () => resultOf(await link.ask(request, askOf(leg, []))))
    }
    const accepted = EVERY_ABILITY.filter((method) => leg.accepts.includes(method))
    const lease = await this.#leases.take(accepted, leg.principal, leg.signal)
    try {
      return await this.#begin(lease.link, leg, () => this.#pushing(lease, request, leg))
    } catch (error) {
      lease.release()
      throw error
    }
  }

  async watch(uri: string, leg: McpLeg): Promise<void> {
    const link = await this.#connected(leg.signal)
    await this.#begin(link, leg, () => link.watch(uri, leg.note, leg.signal))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true
    const shared = await Promise.all(
      [this.#listing, this.#plain].map(({ link, opening }) => link ?? opening?.catch(() => undefined)),
    )
    this.#listing.link = undefined
    this.#plain.link = undefined
    await Promise.all([...shared.map((link) => link?.close()), this.#leases.close()])
  }

  get #asks(): boolean {
    return this.#init.asks !== false
  }

  async #lookAt(link: McpLink, signal?: AbortSignal): Promise<McpLook> {
    // Before the question: what changes meanwhile is looked at again.
    const revision = this.#revisionOf(link)
    const offered = await this.#attempt(link, () => link.offered(signal))
    if (offered !== undefined) return { ...offered, revision }
    throw new DriverError({ code: 'backend_failed', began: false, reason: 'the server offers nothing to call' })
  }

  /** Nothing leaves before it is certain that this connection offers what is asked for. */
  async #begin<T>(link: McpLink, { signal, confirm, began }: McpLeg, request: () => Promise<T>): Promise<T> {
    const lists = link === this.#listing.link
    await confirm?.({ revision: this.#revisionOf(link), lists, look: () => this.#lookAt(link, signal) })
    signal.throwIfAborted()
    began()
    return this.#attempt(link, request)
  }

  /** 2026: what the server asks is its answer, and the next request brings what the caller says. */
  async #asking(
    link: McpLink,
    request: McpRequest,
    leg: McpLeg,
    may: readonly InputMethod[],
    continued?: McpAsk['continued'],
  ): Promise<McpReply> {
    let answer = await link.ask(request, { ...askOf(leg, may), ...(continued && { continued }) })
    for (let round = 0; answer.kind === 'asked' && asksNothing(answer); round += 1) {
      if (round === MAX_ROUNDS) throw unusable(`the server sent the request back ${MAX_ROUNDS} times`)
      answer = await link.ask(request, { ...askOf(leg, may), continued: { requestState: answer.requestState } })
    }
    if (answer.kind === 'result') return answer
    const { requestState } = answer
    const requests = requestsOf(answer)
    const names = Object.keys(requests)
    const state: McpAsked = {
      answer: async (responses, next) => {
        const now = await this.#connected(next.signal)
        const inputResponses = picked(responses, names)
        const abilities = this.#asks ? next.accepts : []
        return this.#begin(now, next, () =>
          this.#asking(now, request, next, abilities, { requestState, inputResponses }),
        )
      },
      abandon() {},
    }
    return { kind: 'asked', requests, state }
  }

  /** 2025: the request stays open, on a connection of its own, until the server has what it asks for. */
  async #pushing(lease: McpLease, request: McpRequest, leg: McpLeg): Promise<McpReply> {
    const { link } = lease
    const pushed = new McpPushedCall()
    const stop = new AbortController()
    let current = leg
    const note = (said: Parameters<McpLeg['note']>[0]) => current.note(said)
    const ask: McpAsk = { signal: stop.signal, abilities: link.abilities, note }
    const outcome = link.ask(request, ask, pushed)
    // Whoever waits for it hears of it; between two calls nobody does.
    outcome.catch(() => {})
    const end = () => {
      stop.abort()
      pushed.close()
      lease.release()
    }
    const wait = async (next: McpLeg): Promise<McpReply> => {
      current.signal.removeEventListener('abort', end)
      current = next
      // Also when it aborts after the server asked: then nobody learns of the question.
      next.signal.addEventListener('abort', end, { once: true })
      const come = await pushed.next(outcome, next.signal).catch((error: unknown) => {
        end()
        throw error
      })
      if ('requests' in come) {
        current = { ...next, note() {} }
        return { kind: 'asked', requests: come.requests, state: { answer, abandon: end } }
      }
      end()
      return resultOf(come.result)
    }
    const answer = (responses: InputResponses, next: McpLeg): Promise<McpReply> => {
      next.signal.throwIfAborted()
      next.began()
      pushed.answer(responses)
      return this.#attempt(link, () => wait(next))
    }
    return wait(leg)
  }

  async #attempt<T>(link: McpLink, request: () => Promise<T>): Promise<T> {
    try {
      const result = await request()
      this.#failures = 0
      return result
    } catch (error) {
      if (isLost(error)) this.#lose(link, lossOf(error))
      throw error instanceof DriverError ? error : mcpFailure(error)
    }
  }

  #connected(signal: AbortSignal | undefined): Promise<McpLink> {
    return this.#sharedLink(this.#listing, this.#asks ? EVERY_ABILITY : [], signal)
  }

  async #sharedLink(
    shared: Shared,
    abilities: readonly InputMethod[],
    signal: AbortSignal | undefined,
  ): Promise<McpLink> {
    const link = shared.link ?? (await this.#opened(shared, abilities))
    // Whoever cancelled while the connection was made must not find that the call was made after all.
    signal?.throwIfAborted()
    return link
  }

  #opened(shared: Shared, abilities: readonly InputMethod[]): Promise<McpLink> {
    const open = async () => {
      shared.link = await this.#open(abilities)
      if (shared === this.#listing) this.#revision = this.#revisionOf(shared.link)
      return shared.link
    }
    shared.opening ??= open().finally(() => {
      shared.opening = undefined
    })
    return shared.opening
  }

  async #open(abilities: readonly InputMethod[]): Promise<McpLink> {
    if (this.#closed)
      throw new DriverError({ code: 'driver_closed', began: false, reason: 'the backend was disposed of' })
    const pause = this.#notBefore - this.#components.clock.now()
    if (pause > 0) throw gone(`it failed before; the next attempt is in ${pause} ms`)
    const { connection, name } = this.#init
    const channel = this.#channel(connection)
    let opened: McpLink | undefined
    const changed = () => opened !== undefined && this.#listChanged(opened)
    const closed = () => opened !== undefined && this.#lose(opened, 'the connection was closed')
    try {
      opened = await McpLink.open({ abilities, channel, listChanged: changed, closed })
    } catch (error) {
      const reason = [reasonOf(error), channel.complaint()].filter((text) => text !== '').join(': ')
      this.#pauseAfterFailure()
      this.#components.logger.warn('mcp.unreachable', { backend: name, reason })
      throw gone(reason, error)
    }
    this.#newRevision(opened)
    this.#components.logger.info('mcp.connected', { backend: name, revision: opened.protocolRevision })
    return opened
  }

  #channel(connection: McpConnection): McpChannel {
    try {
      return mcpChannel(connection, this.#components.dispatcher, this.#init.access)
    } catch (error) {
      throw gone(reasonOf(error), error)
    }
  }

  #listChanged(link: McpLink): void {
    this.#newRevision(link)
    if (link !== this.#listing.link) return
    this.#revision = this.#revisionOf(link)
    this.#init.changed?.()
  }

  #newRevision(link: McpLink): void {
    this.#lastRevision += 1
    this.#revisions.set(link, this.#lastRevision)
  }

  #revisionOf(link: McpLink): number {
    return this.#revisions.get(link) ?? 0
  }

  /** Forgets a connection, so that the next call makes another. */
  #lose(link: McpLink, reason: string): void {
    const shared = [this.#listing, this.#plain].find((one) => one.link === link)
    if (shared !== undefined) shared.link = undefined
    else if (!this.#leases.lose(link)) return
    if (this.#closed) return
    this.#pauseAfterFailure()
    this.#components.logger.warn('mcp.lost', { backend: this.#init.name, reason })
    link.close().catch(() => {})
  }

  /** The first failure costs no pause: a server that was restarted answers at once. */
  #pauseAfterFailure(): void {
    const pause = this.#failures === 0 ? 0 : FIRST_PAUSE_MS * 2 ** Math.min(this.#failures - 1, 8)
    this.#notBefore = this.#components.clock.now() + Math.min(pause, LONGEST_PAUSE_MS)
    this.#failures += 1
  }
}

function askOf({ signal, note }: McpLeg, abilities: readonly InputMethod[]): McpAsk {
  return { signal, note, abilities }
}

/** A server of 2025 has no other answers. */
function resultOf(answer: McpAnswer): McpReply {
  if (answer.kind === 'result') return answer
  throw unusable('the server asks in a way that its revision does not know')
}

type Asked = Extract<McpAnswer, { kind: 'asked' }>

function asksNothing({ inputRequests }: Asked): boolean {
  return Object.keys(inputRequests ?? {}).length === 0
}

function requestsOf({ inputRequests }: Asked): InputRequests {
  // A question without parameters has none on the wire.
  const whole = Object.entries(inputRequests ?? {}).map(([name, { method, params }]) => [
    name,
    { method, params: params ?? {} },
  ])
  const read = inputRequestsSchema.safeParse(Object.fromEntries(whole))
  if (read.success) return read.data
  throw unusable('what the server asks for is malformed, or of a kind that nobody is asked')
}

function picked(responses: InputResponses, names: readonly string[]): InputResponses {
  return Object.fromEntries(Object.entries(responses).filter(([name]) => names.includes(name)))
}

function unusable(reason: string): DriverError {
  return new DriverError({ code: 'answer_unusable', began: true, reason })
}

function gone(reason: string, cause?: unknown): DriverError {
  return new DriverError({ code: 'backend_gone', began: false, reason: reason.slice(0, 2560) }, { cause })
}
