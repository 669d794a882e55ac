/** Hands what this kernel has signed to the other party of an agreement, in a session with it. */
import {
  type AgreementRequest,
  type Clock,
  type Did,
  exchangePaths,
  isCode,
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

export type HandOver = (peer: Did, what: Pick<AgreementRequest, 'kind' | 'jws'>) => Promise<string | undefined>

/** @returns a function that says why it was not taken; undefined when it was. It does not throw. */
export function handOver({ clock, transport, peerSessions, reachable }: HandOverComponents): HandOver {
  return async (peer, what) => {
    const endpoint = reachable().find((one) => one.peer === peer)?.endpoint
    if (endpoint === undefined)
      return 'it is not known where it is reached: import it, or wait until it opens a session'
    const stop = new AbortController()
    const cancel = clock.after(LIMIT_MS, () => stop.abort())
    try {
      const session = await peerSessions.get(peer, endpoint)
      if (isRefusal(session)) return session.reason
      const request: AgreementRequest = { v: 1, sid: session.sid, ...what }
      const { status, body } = await transport.send({
        ...{ endpoint, peer, path: exchangePaths.agreements, method: 'POST', contentType: 'application/json' },
        body: Buffer.from(JSON.stringify(request)),
        maxReplyBytes: 4_096,
        signal: stop.signal,
      })
      return status === 200 ? undefined : `it answered with status ${status}${codeIn(body)}`
    } catch (error) {
      return error instanceof Error ? error.message.slice(0, 512) : 'it cannot be reached'
    } finally {
      cancel()
    }
  }
}

function codeIn(body: Uint8Array): string {
  const { code } = (parsedJson(Buffer.from(body).toString('utf8')) ?? {}) as { code?: unknown }
  return typeof code === 'string' && isCode(code) ? ` (${code})` : ''
}
