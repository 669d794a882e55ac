/** Hands proposals and acceptances to the other party of an agreement, in a session with it. */
import {
  type AgreementRequest,
  agreementReplySchema,
  type Clock,
  type Did,
  exchangePaths,
  isCode,
  MAX_ACCEPTANCE_BYTES,
  type PeerTransport,
} from '@hansa/protocols'
import { parsedJson } from '@hansa/trust'
import type { PeerSessions } from '../exchange/peer-sessions.ts'
import { isRefusal } from '../kernel/stages.ts'

/** Milliseconds for one attempt. */
const LIMIT_MS = 10_000

export type HandOverComponents = {
  clock: Clock
  transport: Pick<PeerTransport, 'send'>
  peerSessions: Pick<PeerSessions, 'get'>
  /** Where kernels are reached. */
  reachable(): readonly { peer: Did; endpoint: string }[]
}

export type Handed =
  | { ok: true /** Of the proposal, unverified. */; acceptance?: string }
  | { ok: false; reason: string }
export type HandOver = (peer: Did, what: Pick<AgreementRequest, 'kind' | 'jws'>) => Promise<Handed>

/** What it returns does not throw. */
export function handOver({ clock, transport, peerSessions, reachable }: HandOverComponents): HandOver {
  return async (peer, what) => {
    const endpoint = reachable().find((one) => one.peer === peer)?.endpoint
    if (endpoint === undefined) return failed('it is not known where it is reached: import it, or wait until it asks')
    const stop = new AbortController()
    const cancel = clock.after(LIMIT_MS, () => stop.abort())
    try {
      const session = await peerSessions.get(peer, endpoint)
      if (isRefusal(session)) return failed(session.reason)
      const request: AgreementRequest = { v: 1, sid: session.sid, ...what }
      const { status, body } = await transport.send({
        ...{ endpoint, peer, path: exchangePaths.agreements, method: 'POST', contentType: 'application/json' },
        body: Buffer.from(JSON.stringify(request)),
        maxReplyBytes: MAX_ACCEPTANCE_BYTES + 1_024,
        signal: stop.signal,
      })
      if (status !== 200) return failed(`it answered with status ${status}${codeIn(body)}`)
      const reply = agreementReplySchema.safeParse(parsedJson(Buffer.from(body).toString('utf8')))
      if (!reply.success) return failed('its answer cannot be read')
      const { acceptance } = reply.data
      return { ok: true, ...(acceptance === undefined ? {} : { acceptance }) }
    } catch (error) {
      return failed(error instanceof Error ? error.message.slice(0, 512) : 'it cannot be reached')
    } finally {
      cancel()
    }
  }
}

function failed(reason: string): Handed {
  return { ok: false, reason }
}

function codeIn(body: Uint8Array): string {
  const { code } = (parsedJson(Buffer.from(body).toString('utf8')) ?? {}) as { code?: unknown }
  return typeof code === 'string' && isCode(code) ? ` (${code})` : ''
}
