/** The two requests of a handshake and the manifest: what a peer sees of this kernel before it has a session. */
import type { HandshakeResponder, InboundSession } from '@hansa/mesh'
import type { InboundReply, InboundRequest, SignedManifest } from '@hansa/protocols'
import type { HandshakeAlarms } from './handshake-alarms.ts'
import { refusalReply } from './inbound-reply.ts'
import type { RefusalCounter } from './refusal-counter.ts'

export type ServeHandshakeComponents = {
  responder: HandshakeResponder
  refusals: RefusalCounter
  alarms: Pick<HandshakeAlarms, 'failed'>
  manifest(): SignedManifest | Promise<SignedManifest>
}

type Serve = (request: InboundRequest) => Promise<InboundReply>

export function serveHandshake({
  responder,
  refusals,
  alarms,
  manifest,
}: ServeHandshakeComponents): Record<'hello' | 'proof' | 'manifest', Serve> {
  const step =
    (name: 'hello' | 'proof'): Serve =>
    async ({ body, binding, source }) => {
      const reply = await responder[name](body, binding)
      if (!reply.ok) {
        alarms.failed({ source, claimed: reply.claimed, code: reply.code, reason: reply.reason })
        return refusalReply(refusals, reply.claimed ?? source, reply.code, reply.reason)
      }
      const { session }: { ok: true; session?: InboundSession } = reply
      const proven = session === undefined ? {} : { proven: session.peer }
      return { status: 200, contentType: 'application/json', body: reply.body, ...proven }
    }
  return {
    hello: step('hello'),
    proof: step('proof'),
    manifest: async () => ({
      status: 200,
      contentType: 'application/jose',
      body: Buffer.from((await manifest()).jws, 'utf8'),
    }),
  }
}
