import { type InboundHandler, silentLogger, WS_ENDPOINT_PROTO } from '@hansa/protocols'
import { type ManualClock, manualClock } from '@hansa/protocols/testing'
import { bob } from '@hansa/trust/testing'
import { describePeerTransport, type PeerTransportFixture } from '../testing/describe-peer-transport.ts'
import { selfSignedCertificate, type TestCertificate } from '../testing/self-signed-certificate.ts'
import { webSocketServer } from '../testing/web-socket-server.ts'
import { httpPeerTransport } from '../transport/http-peer-transport.ts'
import { ANSWER_MS, SILENCE_MS } from './constants.ts'
import { SessionTransport } from './session-transport.ts'
import { webSocketDialer } from './web-socket-dialer.ts'

/** Lets short times pass at once, and long ones when a test says so. */
function impatient(clock: ManualClock) {
  return {
    ...clock,
    after(delayMs: number, run: () => void) {
      if (delayMs < 1_000) queueMicrotask(run)
      return clock.after(delayMs, run)
    },
  }
}

async function fixture(handler: InboundHandler, certificate?: TestCertificate): Promise<PeerTransportFixture> {
  const clock = manualClock()
  const given = certificate === undefined ? {} : { certificate }
  const server = await webSocketServer(handler, { clock: impatient(manualClock()), ...given })
  const reach = { allowPrivate: ['127.0.0.0/8'], ...(certificate === undefined ? {} : { ca: certificate.cert }) }
  const single = httpPeerTransport(reach)
  const dialers = [webSocketDialer(reach)]
  const transport = new SessionTransport({}, { single, dialers, clock, logger: silentLogger })
  transport.usePins({
    keysOf: () => undefined,
    waysTo: () => [{ proto: WS_ENDPOINT_PROTO, url: server.url }],
    renew: async () => {},
  })
  await transport.binding(server.origin, bob.did)
  return {
    transport: {
      send: (request) => transport.send({ ...request, peer: bob.did }),
      binding: (endpoint) => transport.binding(endpoint, bob.did),
    },
    endpoint: server.origin,
    kill: async () => server[Symbol.asyncDispose](),
    fallSilent() {
      for (const socket of server.sockets) socket.pause()
      clock.advance(SILENCE_MS + ANSWER_MS)
    },
    async [Symbol.asyncDispose]() {
      await transport[Symbol.asyncDispose]()
      await single[Symbol.asyncDispose]()
      await server[Symbol.asyncDispose]()
    },
  }
}

const passes = { passesCancel: true, passesDeadline: true, carriesProgress: true }
const certificate = selfSignedCertificate(Date.now() / 1000)

describePeerTransport('a session over a WebSocket', { ...passes, open: (handler) => fixture(handler) })
describePeerTransport('a session over a WebSocket over TLS', {
  ...passes,
  open: (handler) => fixture(handler, certificate),
})
