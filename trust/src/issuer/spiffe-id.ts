/** SPIFFE ids: `spiffe://TRUST-DOMAIN/PATH` (SPIFFE-ID section 2), in their one spelling. */

export type SpiffeId = { trustDomain: string; segments: string[] }

const MAX_CHARS = 2_048
const TRUST_DOMAIN = /^[a-z0-9._-]{1,255}$/
const SEGMENT = /^[A-Za-z0-9._-]+$/

export function isTrustDomain(text: string): boolean {
  return TRUST_DOMAIN.test(text)
}

/** @returns undefined for anything that is not the id of a workload: without a path it names the trust domain itself. */
export function parseSpiffeId(text: string): SpiffeId | undefined {
  if (text.length > MAX_CHARS || !text.startsWith('spiffe://')) return undefined
  const [trustDomain = '', ...segments] = text.slice('spiffe://'.length).split('/')
  if (!isTrustDomain(trustDomain) || segments.length === 0) return undefined
  return segments.every(isSegment) ? { trustDomain, segments } : undefined
}

function isSegment(text: string): boolean {
  return SEGMENT.test(text) && text !== '.' && text !== '..'
}

/** A path such as `/ns/{ns}/sa/{sa}`: fixed segments, and names for the others. */
export type SpiffePath = readonly ({ fixed: string } | { claim: string })[]

const CLAIM = /^\{([A-Za-z][A-Za-z0-9_]{0,63})\}$/

/** @returns undefined when it is not a path, or names something twice. */
export function spiffePath(text: string): SpiffePath | undefined {
  if (!text.startsWith('/') || text.length > 512) return undefined
  const parts = text
    .slice(1)
    .split('/')
    .map((segment) => {
      const claim = CLAIM.exec(segment)?.[1]
      if (claim !== undefined) return { claim }
      return isSegment(segment) ? { fixed: segment } : undefined
    })
  const path = parts.filter((part) => part !== undefined)
  const names = claimsOf(path)
  return path.length === parts.length && new Set(names).size === names.length ? path : undefined
}

export function claimsOf(path: SpiffePath): string[] {
  return path.flatMap((part) => ('claim' in part ? part.claim : []))
}

/** @returns what the id says under each name; undefined when it has another path. */
export function matchSpiffePath(path: SpiffePath, { segments }: SpiffeId): Record<string, string> | undefined {
  if (segments.length !== path.length) return undefined
  const found: [string, string][] = []
  for (const [at, part] of path.entries()) {
    const segment = segments[at] ?? ''
    if ('fixed' in part ? part.fixed !== segment : false) return undefined
    if ('claim' in part) found.push([part.claim, segment])
  }
  return Object.fromEntries(found)
}
