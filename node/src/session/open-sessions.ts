/** Sessions with peers over channels, opened and taken, beside single HTTP requests: all that a kernel says to others goes through it. */
import {
  type AllowPrivate,
  hostDialer,
  httpPeerTransport,
  isLoopbackHost,
  type SessionLink,
  SessionTransport,
  type SlowedSession,
  webSocketDialer,
} from '@hansa/mesh'
import {
  type Clock,
  type Did,
  type Endpoint,
  type EventLogger,
  type InboundHandler,
  SESSION_PATH,
  WS_ENDPOINT_PROTO,
} from '@hansa/protocols'
import { maxInboundBytes } from '../exchange/inbound-router.ts'
import { BodyMemory } from '../gateway/body-memory.ts'
import type { HttpGateway, HttpGatewayComponents } from '../gateway/http-gateway.ts'
import type { Slowings } from '../gateway/slowings.ts'
import { Turns } from '../gateway/turns.ts'
import type { NodeHost } from '../host/node-host.ts'
import { faultFields } from '../kernel/fault-fields.ts'
import { TakenSessions } from './taken-sessions.ts'

export type SessionsInit = {
  allowPrivate: AllowPrivate
  ca?: string
  webSocket: boolean
  /** Sessions are opened and taken over it too. @default none */
  host?: NodeHost | undefined
}

/** Bodies of requests over channels of the host that are held at the same time, bytes. */
const MAX_BODY_MEMORY = 67_108_864

/** How long a node that ends waits for what its own channels still carry, milliseconds. */
const PARTING_LIMIT_MS = 2_000

export interface Sessions extends AsyncDisposable {
  readonly transport: SessionTransport
  /** What a gateway needs to take sessions. */
  readonly taking: Pick<HttpGatewayComponents, 'sessions'>
  /** Where sessions are taken: at a gateway that peers reach at `endpoint`, and at the host. */
  endpoints(endpoint: string | undefined): Endpoint[]
  /** Answers what peers ask over channels, from now on. */
  serve(inbound: InboundHandler): void
  /** Takes nothing new, and resolves when everything under way has ended. */
  drainWith(gateway: HttpGateway | undefined): Promise<void>
}

export function openSessions(
  { webSocket, host, ...reach }: SessionsInit,
  { clock, logger, slowings }: { clock: Clock; logger: EventLogger; slowings: Slowings },
): Sessions {
  const single = httpPeerTransport(reach)
  const failed = (error: unknown) =>
    logger.error('inbound.failed', { path: SESSION_PATH, code: 'internal', ...faultFields(error) })
  const overHost = host === undefined ? [] : [hostDialer(host.host)]
  const dialers = [...(webSocket ? [webSocketDialer(reach)] : []), ...overHost]
  const frames = { sent: 0, received: 0 }
  const slowed = (session: SlowedSession) => slowings.inSession(session)
  const transport = new SessionTransport(
    {},
    { single, dialers, clock, logger, failed, slowed, frames, maxBodyBytes: maxInboundBytes },
  )
  const proven = (peer: Did, link: SessionLink) => {
    // Behind a proxy each side sees another certificate key, and this one does not know which the peer saw.
    if (link.channel.binding?.kind !== 'spki') transport.adopt(peer, link)
  }
  let handler: InboundHandler | undefined
  const memory = new BodyMemory(MAX_BODY_MEMORY)
  const own = { clock, logger, memory, turns: new Turns(), handler: () => handler }
  const taken = new TakenSessions({ ...own, frames, proven, slowed })
  const end = host?.host.onChannel((channel) => taken.take(channel))
  return {
    transport,
    taking: webSocket ? { sessions: { clock, proven, frames, slowed } } : {},
    endpoints: (endpoint) => [
      ...(webSocket && endpoint !== undefined ? sessionEndpoint(endpoint) : []),
      ...(host?.endpoints() ?? []),
    ],
    serve(inbound) {
      handler = inbound
      transport.serve(inbound)
    },
    async drainWith(gateway) {
      const parted = Promise.withResolvers<void>()
      const cancel = clock.after(PARTING_LIMIT_MS, parted.resolve)
      const own = Promise.all([transport.drain(), taken.drain()])
      await Promise.all([gateway?.close(), Promise.race([own, parted.promise])])
      cancel()
    },
    async [Symbol.asyncDispose]() {
      end?.()
      await transport[Symbol.asyncDispose]()
      await single[Symbol.asyncDispose]()
    },
  }
}

/** Plain WebSockets are for this machine, as plain HTTP is. */
function sessionEndpoint(endpoint: string): Endpoint[] {
  const { protocol, hostname } = new URL(endpoint)
  if (protocol !== 'https:' && !isLoopbackHost(hostname)) return []
  const url = endpoint.replace(/^http/, 'ws').replace(/\/+$/, '') + SESSION_PATH
  return [{ proto: WS_ENDPOINT_PROTO, url }]
}
