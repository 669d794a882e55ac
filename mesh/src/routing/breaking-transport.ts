/**
 * A transport that sends nothing to a peer that is cut off, and tells the breaker how each exchange went. Every exchange
 * between kernels passes here, so acknowledgements and handshakes count as well as calls.
 */
import {
  type Did,
  exchangePaths,
  isCode,
  MAX_MANIFEST_BYTES,
  type PeerReply,
  type PeerRequest,
  type PeerTransport,
} from '@hansa/protocols'
import { MeshError } from '../errors.ts'
import type { PeerBreakers } from './peer-breakers.ts'

/** Reason of a signal that is aborted because whoever asked does not want the answer any more: nobody's failure. */
export class ExchangeCancelled extends Error {
  override readonly name = 'ExchangeCancelled'
}

/**
 * Milliseconds of silence that say something about a peer. Else an agent with a deadline of a millisecond could cut a peer
 * off for everybody.
 */
const TELLING_SILENCE_MS = 1_000

/** Whether these went well is said by whoever reads the receipt. */
const JUDGED_BY_READER: ReadonlySet<string> = new Set([exchangePaths.call])
/** What anybody can answer: it shows that something listens, and ends nothing. */
const PROVES_LITTLE: ReadonlySet<string> = new Set([exchangePaths.manifest, exchangePaths.hello])

export type BreakingTransportComponents = { breakers: PeerBreakers; nowMs(): number }

export function breakingTransport(
  inner: PeerTransport,
  { breakers, nowMs }: BreakingTransportComponents,
): PeerTransport {
  const guarded = async <T>(endpoint: string, peer: Did, exchange: () => Promise<T>, signal?: AbortSignal) => {
    const refusal = breakers.refusal(peer)
    if (refusal !== undefined) throw unreachable(endpoint, refusal)
    const startedMs = nowMs()
    try {
      return await exchange()
    } catch (error) {
      const waitedMs = nowMs() - startedMs
      const what = signal?.aborted === true ? `no answer within ${waitedMs} ms` : sentenceOf(error)
      if (isPeersFault(signal, waitedMs)) breakers.bad(peer, endpoint, what)
      throw error
    }
  }
  return {
    async send(request) {
      const { endpoint, peer, path, signal } = request
      if (peer === undefined) return inner.send(request)
      const reply = await guarded(endpoint, peer, () => inner.send(request), signal)
      const fault = faultOf(reply)
      if (fault !== undefined) breakers.bad(peer, endpoint, fault)
      else if (!JUDGED_BY_READER.has(path) && !PROVES_LITTLE.has(path)) breakers.good(peer, endpoint)
      return reply
    },
    async binding(endpoint, peer) {
      if (peer === undefined) return inner.binding(endpoint)
      return guarded(endpoint, peer, () => inner.binding(endpoint, peer))
    },
    ...(inner.usePins === undefined ? {} : { usePins: (pins) => inner.usePins?.(pins) }),
    ...(inner.onUnbound === undefined ? {} : { onUnbound: (ended) => inner.onUnbound?.(ended) }),
    ...(inner.drop === undefined ? {} : { drop: (peer, reason) => inner.drop?.(peer, reason) }),
    ...(inner.channels === undefined ? {} : { channels: () => inner.channels?.() ?? [] }),
  }
}

/** Whether a peer answers: it is asked for its manifest, which costs it nothing and which it shows to anybody. */
export function lookOver(inner: PeerTransport) {
  return async (peer: Did, endpoint: string, signal: AbortSignal): Promise<boolean> => {
    const request: PeerRequest = {
      ...{ endpoint, peer, signal },
      path: exchangePaths.manifest,
      method: 'GET',
      maxReplyBytes: MAX_MANIFEST_BYTES,
    }
    try {
      return (await inner.send(request)).status === 200
    } catch {
      return false
    }
  }
}

/** Whether an exchange that failed, or was waited for in vain, says something about the peer and not about whoever waited. */
export function isPeersFault(signal: AbortSignal | undefined, waitedMs: number): boolean {
  if (signal?.aborted !== true) return true
  return !(signal.reason instanceof ExchangeCancelled) && waitedMs >= TELLING_SILENCE_MS
}

/** A server that fails without a word of ours, such as a proxy in front of nothing. A kernel that is busy is there. */
function faultOf({ status, body }: PeerReply): string | undefined {
  if (status < 500) return undefined
  const code = codeOf(body)
  if (code !== undefined && code !== 'internal') return undefined
  return `it answered ${status} ${code ?? 'without a code'}`
}

function codeOf(body: Uint8Array): string | undefined {
  if (body.length > 4096) return undefined
  try {
    const value: unknown = JSON.parse(Buffer.from(body).toString('utf8'))
    const code = typeof value === 'object' && value !== null && 'code' in value ? value.code : undefined
    return typeof code === 'string' && isCode(code) ? code : undefined
  } catch {
    return undefined
  }
}

function sentenceOf(error: unknown): string {
  const detail = error instanceof MeshError ? error.detail : undefined
  if (detail?.code === 'unreachable') return detail.reason
  return error instanceof Error ? error.message : String(error)
}

function unreachable(endpoint: string, reason: string): MeshError {
  return new MeshError({ code: 'unreachable', endpoint, reason }, `${endpoint} is not asked: ${reason}`)
}
