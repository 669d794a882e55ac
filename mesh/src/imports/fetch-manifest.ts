import { type Clock, exchangePaths, MAX_MANIFEST_BYTES, type PeerTransport } from '@hansa/protocols'
import { ExchangeStopped } from '../fetch/network-fault.ts'
import { withTimeLimit } from '../time-limit.ts'
import type { RefusedImport } from './import-book.ts'

/** Gets the manifest that is served now at a kernel's base URL, as text that nobody has verified. Never throws. */
export type FetchManifest = (
  endpoint: string,
  signal?: AbortSignal,
) => Promise<{ ok: true; jws: string } | RefusedImport>

/** Longest wait for one manifest, milliseconds. */
const LIMIT_MS = 10_000
const tooLate = new ExchangeStopped('timeout', `no manifest came within ${LIMIT_MS / 1000} s`)

/** Over the connections that calls take. */
export function fetchManifestOver({ transport, clock }: { transport: PeerTransport; clock: Clock }): FetchManifest {
  return (endpoint, outer) =>
    withTimeLimit({ clock, limitMs: LIMIT_MS, tooLate, outer }, async (signal) => {
      try {
        const request = {
          endpoint,
          path: exchangePaths.manifest,
          method: 'GET',
          maxReplyBytes: MAX_MANIFEST_BYTES,
        } as const
        const { status, body } = await transport.send({ ...request, signal })
        // A compact JWS is ASCII; anything else fails its verification.
        if (status === 200) return { ok: true, jws: Buffer.from(body).toString('latin1').trim() }
        return { ok: false, code: 'remote_refused', reason: `${endpoint} answers with status ${status}` }
      } catch (error) {
        const reason = error instanceof Error ? error.message : `${endpoint} cannot be reached`
        return { ok: false, code: 'remote_refused', reason }
      }
    })
}
