/** A token bucket per source address: each may send `burst` at once and gets `perSecond` back. */
import { isIPv6 } from 'node:net'

export interface TokenBuckets {
  /** Takes one token of the source at `nowMs`, Unix milliseconds. @returns false when there is none. */
  take(source: string, nowMs: number): boolean
}

export type TokenBucketsInit = {
  burst: number
  perSecond: number
  /** Sources that are remembered; the one that was silent longest is forgotten first. @default 10_000 */
  maxSources?: number
}

type Bucket = { tokens: number; at: number }

export function tokenBuckets({ burst, perSecond, maxSources = 10_000 }: TokenBucketsInit): TokenBuckets {
  /** In the order of use, because a bucket that is used moves to the end. */
  const buckets = new Map<string, Bucket>()
  return {
    take(source, nowMs) {
      const key = sourceKey(source)
      const known = buckets.get(key) ?? { tokens: burst, at: nowMs }
      // A clock that was set back gives nothing, and takes nothing away.
      const elapsedMs = Math.max(0, nowMs - known.at)
      const tokens = Math.min(burst, known.tokens + (elapsedMs * perSecond) / 1000)
      const granted = tokens >= 1
      buckets.delete(key)
      buckets.set(key, { tokens: granted ? tokens - 1 : tokens, at: nowMs })
      if (buckets.size > maxSources) {
        const [oldest] = buckets.keys()
        if (oldest !== undefined) buckets.delete(oldest)
      }
      return granted
    },
  }
}

/** Whoever has one IPv6 address has the other 2^64 of its network (RFC 4291, section 2.5.4), so they share a bucket. */
export function sourceKey(address: string): string {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1]
  if (mapped !== undefined) return mapped
  if (!isIPv6(address)) return address
  const [head = '', tail] = address.split('%', 1)[0]?.split('::') ?? []
  const before = head === '' ? [] : head.split(':')
  const after = tail === undefined || tail === '' ? [] : tail.split(':')
  const zeros = tail === undefined ? 0 : 8 - before.length - after.length
  const groups = [...before, ...Array.from({ length: zeros }, () => '0'), ...after]
  return groups
    .slice(0, 4)
    .map((group) => Number.parseInt(group, 16).toString(16))
    .join(':')
}
