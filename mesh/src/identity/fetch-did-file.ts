/**
 * Files of did:web and did:webvh identifiers, over the guarded fetch. A log proves itself, but not that it is the newest: so
 * its host is held to the certificate that the kernel's manifest names, where one is known, and else to an authority or, at
 * the first meeting, to nothing.
 */
import { type Did, MAX_DID_LOG_BYTES } from '@hansa/protocols'
import { type FetchDidFile, publishedUrl } from '@hansa/trust'
import { isLoopbackName } from '../fetch/fetch-target.ts'
import type { FetchedOverAny, GuardedFetch } from '../fetch/guarded-fetch.ts'

export type FetchDidFileComponents = {
  fetch: Pick<GuardedFetch, 'getOverAnyCertificate'>
  /** Certificate keys of a kernel that are pinned; undefined when nothing is known of it. @default nothing is */
  certificateKeys?(did: Did): readonly string[] | undefined
}

export function fetchDidFileOver({ fetch, certificateKeys }: FetchDidFileComponents): FetchDidFile {
  return async (location, file) => {
    const url = publishedUrl(location, file)
    const bounds = { maxBytes: MAX_DID_LOG_BYTES }
    // A name of this machine leads nowhere else, so it needs no TLS; where there is TLS all the same, it is used.
    const plain = isLoopbackName(location.host) ? url.replace('https:', 'http:') : undefined
    const first = plain === undefined ? undefined : await fetch.getOverAnyCertificate(plain, bounds)
    const fetched = first?.ok === true ? first : await fetch.getOverAnyCertificate(url, bounds)
    if (!fetched.ok)
      return { ok: false, missing: false, reason: `${url}: ${first?.ok === false ? first.reason : fetched.reason}` }
    const fault = certificateFault(fetched, certificateKeys?.(location.did))
    if (fault !== undefined) return { ok: false, missing: false, reason: `${url}: ${fault}` }
    if (fetched.status === 200) return { ok: true, bytes: fetched.body }
    const missing = fetched.status === 404 || fetched.status === 410
    return { ok: false, missing, reason: `${url} answers with status ${fetched.status}` }
  }
}

function certificateFault({ certificate }: FetchedOverAny, pinned: readonly string[] | undefined): string | undefined {
  if (certificate === undefined || certificate.trusted || pinned === undefined) return undefined
  if (pinned.includes(certificate.key)) return undefined
  return 'its certificate is neither one that the kernel names nor one of an authority'
}
