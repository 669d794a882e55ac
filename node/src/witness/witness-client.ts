/**
 * How a checkpoint reaches a witness: as a request to a peer, with its pinned certificate, where the witness is at the
 * endpoint of an imported kernel; otherwise as any guarded fetch.
 */
import type { GuardedFetch } from '@hansa/mesh'
import type { Clock, Did, PeerTransport } from '@hansa/protocols'

/** Milliseconds for one request. */
const LIMIT_MS = 10_000
/** Some cosignatures of the largest kind. */
const MAX_ANSWER_BYTES = 65_536
const CONTENT_TYPE = 'text/plain; charset=utf-8'

/** @param url submission prefix of the witness. Rejects when it cannot be reached. */
export type SendToWitness = (url: string, body: Uint8Array) => Promise<{ status: number; body: Uint8Array }>

export type WitnessClientComponents = {
  clock: Clock
  fetch: Pick<GuardedFetch, 'post'>
  transport: Pick<PeerTransport, 'send'>
  /** Imported kernels and where each is reached. */
  endpoints(): readonly { did: Did; endpoint: string }[]
}

export function witnessClient({ clock, fetch, transport, endpoints }: WitnessClientComponents): SendToWitness {
  return async (prefix, body) => {
    const url = `${prefix.replace(/\/$/, '')}/add-checkpoint`
    const controller = new AbortController()
    const cancel = clock.after(LIMIT_MS, () => controller.abort())
    const { signal } = controller
    try {
      const peer = endpoints().find(({ endpoint }) => url.startsWith(`${endpoint.replace(/\/$/, '')}/`))
      if (peer !== undefined) {
        const endpoint = peer.endpoint.replace(/\/$/, '')
        const path = url.slice(endpoint.length)
        const request = { endpoint, peer: peer.did, path, method: 'POST' as const, contentType: CONTENT_TYPE, body }
        return await transport.send({ ...request, maxReplyBytes: MAX_ANSWER_BYTES, signal })
      }
      const reply = await fetch.post(
        url,
        { contentType: CONTENT_TYPE, bytes: body },
        { maxBytes: MAX_ANSWER_BYTES, signal },
      )
      if (!reply.ok) throw new Error(reply.reason)
      return reply
    } finally {
      cancel()
    }
  }
}
