import { type Clock, exchangePaths, MAX_MANIFEST_BYTES } from '@hansa/protocols'
import { fetchFaultToCode } from '../fetch/fault-code.ts'
import type { GuardedFetch } from '../fetch/guarded-fetch.ts'
import { ExchangeStopped } from '../fetch/network-fault.ts'
import { withTimeLimit } from '../time-limit.ts'
import type { ShownCertificate } from '../transport/certificate-key.ts'
import type { RefusedImport } from './import-book.ts'

/** A text that nobody has verified, and what the connection showed that it came over. */
export type FetchedManifest = { ok: true; jws: string; certificate?: ShownCertificate } | RefusedImport

/** Gets the manifest that is served now at a kernel's base URL. Never throws. */
export type FetchManifest = (endpoint: string, signal?: AbortSignal) => Promise<FetchedManifest>

/** Longest wait for one manifest, milliseconds. */
const LIMIT_MS = 10_000
const tooLate = new ExchangeStopped('timeout', `no manifest came within ${LIMIT_MS / 1000} s`)

/** Over any certificate, because it is the manifest that says which one is right, also after the peer has changed it. */
export function fetchManifestOver({ fetch, clock }: { fetch: GuardedFetch; clock: Clock }): FetchManifest {
  return (endpoint, outer) =>
    withTimeLimit({ clock, limitMs: LIMIT_MS, tooLate, outer }, async (signal) => {
      const url = endpoint.replace(/\/+$/, '') + exchangePaths.manifest
      const fetched = await fetch.getOverAnyCertificate(url, { maxBytes: MAX_MANIFEST_BYTES, signal })
      if (!fetched.ok) {
        const reason = `${endpoint} cannot be asked for its manifest: ${fetched.reason}`
        return { ok: false, code: fetchFaultToCode[fetched.code], reason }
      }
      const { status, body, certificate } = fetched
      if (status !== 200)
        return { ok: false, code: 'remote_refused', reason: `${endpoint} answers with status ${status}` }
      // A compact JWS is ASCII; anything else fails its verification.
      const jws = Buffer.from(body).toString('latin1').trim()
      return { ok: true, jws, ...(certificate === undefined ? {} : { certificate }) }
    })
}
