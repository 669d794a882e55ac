/**
 * Sessions of MCP until 2025-11-25: begun by `initialize`, named in a header from then on, and only for who began them.
 * They end when the client says so, when nothing was asked for half an hour, with the credential, and with the node.
 */
import { randomUUID } from 'node:crypto'
import type { Clock } from '@hansa/protocols'
import { type Server, WebStandardStreamableHTTPServerTransport } from '@modelcontextprotocol/server'
import type { Calling } from './calling.ts'
import type { HeldChanges } from './held-changes.ts'

/** Milliseconds without a request and without an open stream. */
export const SESSION_IDLE_MS = 1_800_000
const MAX_OF_OWNER = 64
const MAX_SESSIONS = 2_048

type Session = {
  owner: string
  transport: WebStandardStreamableHTTPServerTransport
  changes: SessionServer['changes']
  /** Requests that are being answered, streams among them. */
  open: number
  lastMs: number
  end(): Promise<void>
}

export type SessionServer = { server: Server; changes: Pick<HeldChanges, 'opened' | 'closed'> }

/** @param ended aborted with the session */
export type MakeServer = (calling: Calling, ended: AbortSignal) => Promise<SessionServer>

export type McpSessionsComponents = {
  clock: Clock
  make: MakeServer
  failed(error: unknown): void
  /** How many there are now. */
  counted(open: number): void
}

export class McpSessions implements AsyncDisposable {
  readonly #c: McpSessionsComponents
  /** The one that began first is first. */
  readonly #sessions = new Map<string, Session>()
  #cancelSweep: (() => void) | undefined

  constructor(components: McpSessionsComponents) {
    this.#c = components
  }

  /** Answers one request, in the session that it names or in a new one. @param body undefined unless it is a POST */
  async answer(calling: Calling, request: Request, body: unknown): Promise<Response> {
    const id = request.headers.get('mcp-session-id')
    if (id === null) return this.#begin(calling, request, body)
    const session = this.#sessions.get(id)
    // Whoever did not begin it cannot tell it from one that never was.
    if (session?.owner !== calling.owner) return unknownSession()
    return this.#within(session, request, body)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#cancelSweep?.()
    await Promise.all([...this.#sessions.values()].map((session) => session.end()))
  }

  async #begin(calling: Calling, request: Request, body: unknown): Promise<Response> {
    const ended = new AbortController()
    const transport = new WebStandardStreamableHTTPServerTransport({
      sessionIdGenerator: randomUUID,
      onsessioninitialized: (id) => this.#keep(id, session),
      onsessionclosed: () => session.end(),
    })
    const { server, changes } = await this.#c.make(calling, ended.signal)
    const { owner } = calling
    const session: Session = { owner, transport, changes, open: 0, lastMs: this.#c.clock.now(), end }
    await server.connect(transport)
    calling.ends.addEventListener('abort', end, { once: true })
    const response = await this.#within(session, request, body)
    if (transport.sessionId === undefined) await end()
    return response

    async function end(): Promise<void> {
      ended.abort(new Error('the session has ended'))
      calling.ends.removeEventListener('abort', end)
      await server.close()
    }
  }

  #keep(id: string, session: Session): void {
    const own = [...this.#sessions].filter(([, { owner }]) => owner === session.owner)
    if (own.length >= MAX_OF_OWNER) this.#drop(own)
    if (this.#sessions.size >= MAX_SESSIONS) this.#drop([...this.#sessions])
    this.#sessions.set(id, session)
    this.#c.counted(this.#sessions.size)
    const { end } = session
    const forget = () => {
      if (this.#sessions.delete(id)) this.#c.counted(this.#sessions.size)
    }
    session.end = () => {
      forget()
      return end()
    }
    session.transport.onclose = chained(session.transport.onclose, forget)
    this.#sweepLater()
  }

  /** The one that was idle longest, if any is. */
  #drop(among: [string, Session][]): void {
    const idle = among.filter(([, { open }]) => open === 0).sort(([, a], [, b]) => a.lastMs - b.lastMs)
    const [, session] = idle[0] ?? among[0] ?? []
    session?.end().catch(this.#c.failed)
  }

  async #within(session: Session, request: Request, body: unknown): Promise<Response> {
    session.open += 1
    const done = () => {
      session.open -= 1
      session.lastMs = this.#c.clock.now()
    }
    try {
      const response = await session.transport.handleRequest(request, body === undefined ? {} : { parsedBody: body })
      if (request.method !== 'GET' || !response.ok) return counted(response, request.signal, done)
      session.changes.opened()
      return counted(response, request.signal, () => {
        session.changes.closed()
        done()
      })
    } catch (error) {
      done()
      throw error
    }
  }

  #sweepLater(): void {
    this.#cancelSweep ??= this.#c.clock.after(SESSION_IDLE_MS / 2, () => {
      this.#cancelSweep = undefined
      const before = this.#c.clock.now() - SESSION_IDLE_MS
      for (const session of [...this.#sessions.values()])
        if (session.open === 0 && session.lastMs <= before) session.end().catch(this.#c.failed)
      if (this.#sessions.size > 0) this.#sweepLater()
    })
  }
}

/** The response, and a word when its body has ended or nobody reads it any more. */
function counted(response: Response, signal: AbortSignal, done: () => void): Response {
  let ended = false
  const end = () => {
    if (ended) return
    ended = true
    signal.removeEventListener('abort', end)
    done()
  }
  if (response.body === null) {
    end()
    return response
  }
  signal.addEventListener('abort', end, { once: true })
  const through = new TransformStream({ flush: end })
  const { status, statusText, headers } = response
  return new Response(response.body.pipeThrough(through), { status, statusText, headers })
}

function chained(first: (() => void) | undefined, second: () => void): () => void {
  return () => {
    first?.()
    second()
  }
}

function unknownSession(): Response {
  const error = { code: -32_001, message: 'There is no such session: begin one with initialize' }
  return Response.json({ jsonrpc: '2.0', error, id: null }, { status: 404 })
}
