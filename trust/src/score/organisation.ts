/** To which organisation a kernel belongs, as far as its DID says so. */
import type { Did } from '@hansa/protocols'

const HOSTED = /^did:(?:web:|webvh:[^:]+:)([^:]+)/

/**
 * Of did:web and did:webvh the last two labels of the host: whoever has a name has all names below it. Two houses under
 * one public suffix of two labels count as one, which costs points and gives none. Any other DID stands for itself.
 */
export function organisationOf(did: Did): string {
  const host = HOSTED.exec(did)?.[1]
    ?.replace(/%3A\d+$/i, '')
    .toLowerCase()
  if (host === undefined) return did
  return /^[\d.]+$/.test(host) ? host : host.split('.').slice(-2).join('.')
}
