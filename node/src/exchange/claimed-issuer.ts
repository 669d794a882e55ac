/**
 * With whom a signed question is counted before its signature is checked. What comes in the name of a kernel that is known
 * has a share of its own at each address, because many kernels may have the same one; what anybody can claim is believed
 * no further than that.
 */
import { type Did, isDid } from '@hansa/protocols'
import { isObject, type RateLimit, unverifiedPart } from '@hansa/trust'

/** @param jws compact @returns what its payload claims; undefined also for a longer one, which is not looked into */
export function claimedIssuer(jws: string, maxBytes: number): Did | undefined {
  const payload = jws.length > maxBytes ? undefined : unverifiedPart(jws, 1)?.value
  const iss = isObject(payload) ? payload.iss : undefined
  return typeof iss === 'string' && isDid(iss) ? iss : undefined
}

/** @param known whose name it comes in, where it is of a kernel that is known here */
export function limitAtSource(
  source: string,
  known: Did | undefined,
  { ofSource, ofKernel, perSeconds }: { ofSource: number; ofKernel: number; perSeconds: number },
): RateLimit {
  return known === undefined
    ? { key: `source ${source}`, calls: ofSource, perSeconds }
    : { key: `source ${source} for ${known}`, calls: ofKernel, perSeconds }
}
