/** Takes sessions over WebSockets at the gateway (`/hansa/v1/session`), under the limits of its requests. */
import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { TLSSocket } from 'node:tls'
import { exporterOf, refuseUpgrade, type WebSocketBinding, webSocketTaker } from '@hansa/mesh'
import { type ChannelBinding, SESSION_PATH } from '@hansa/protocols'
import { TakenSessions, type TakenSessionsComponents } from '../session/taken-sessions.ts'

export type SessionUpgradesComponents = TakenSessionsComponents & {
  /** What a single request on this connection would be bound to. */
  bindingOf(request: IncomingMessage): ChannelBinding | undefined
}

export interface SessionUpgrades {
  take(request: IncomingMessage, socket: Duplex, head: Buffer): void
  /** What is open is to be replaced by channels under the certificate that is served now. */
  renew(): void
  /** Takes nothing new; resolves when everything under way has ended. */
  drain(): Promise<void>
}

/** Whether a request asks for a session, and not for what its path answers otherwise. */
export function asksForSession({ url = '', headers: { upgrade = '' } }: IncomingMessage): boolean {
  return upgrade.toLowerCase() === 'websocket' && url.split('?', 1)[0] === SESSION_PATH
}

export function sessionUpgrades(components: SessionUpgradesComponents): SessionUpgrades {
  const taken = new TakenSessions(components)
  const take = webSocketTaker()
  return {
    take(request, socket, head) {
      const source = request.socket.remoteAddress ?? 'unknown'
      if (!taken.hasRoom(source)) refuseUpgrade(socket, 503)
      else
        take({ request, socket, head }, bindingsOf(request, components.bindingOf(request)), (channel) =>
          taken.take(channel, source),
        )
    },
    renew: () => taken.renew(),
    drain: () => taken.drain(),
  }
}

/** Behind a proxy that ends the TLS there is nothing to export here, and the caller's certificate key is another matter. */
function bindingsOf(
  { socket }: IncomingMessage,
  single: ChannelBinding | undefined,
): Partial<Record<WebSocketBinding, ChannelBinding>> {
  const exporter = socket instanceof TLSSocket ? exporterOf(socket) : undefined
  return {
    ...(exporter === undefined ? {} : { exporter: { kind: 'exporter', value: exporter } }),
    ...(single?.kind === 'spki' ? { spki: single } : {}),
    ...(single?.kind === 'local' ? { local: single } : {}),
  }
}
