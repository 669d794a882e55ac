/**
 * EigenTrust (Kamvar, Schlosser, Garcia-Molina, WWW 2003): trust flows along normalised ratings, and back to the
 * pre-trusted at each step with probability `a`. Points are the share of a kernel beside that of the best pre-trusted one.
 */
import type { PointsOf, Rating } from './rating.ts'

export type EigenTrustInit = {
  /** Whom everybody trusts beforehand. */
  preTrusted: readonly string[]
  /** @default 0.15 */
  a?: number
  /** @default 60 */
  iterations?: number
}

export function eigenTrust(init: EigenTrustInit): PointsOf {
  return (target, ratings) => {
    const trust = shares(ratings, init)
    const best = Math.max(...init.preTrusted.map((name) => trust.get(name) ?? 0))
    return best === 0 ? 0 : Math.min(1000, Math.round((1000 * (trust.get(target) ?? 0)) / best))
  }
}

/** The share of trust of each kernel; all of them sum to 1. */
function shares(ratings: readonly Rating[], { preTrusted, a = 0.15, iterations = 60 }: EigenTrustInit) {
  const edges = new Map<string, Rating[]>()
  const names = new Set(preTrusted)
  for (const rating of ratings) {
    names.add(rating.from).add(rating.to)
    if (rating.good <= rating.bad) continue
    const of = edges.get(rating.from)
    if (of === undefined) edges.set(rating.from, [rating])
    else of.push(rating)
  }
  const begin = new Map(preTrusted.map((name) => [name, 1 / preTrusted.length]))
  let trust = begin
  for (let step = 0; step < iterations; step++) {
    const next = new Map([...begin].map(([name, share]) => [name, share * a]))
    const give = (name: string, share: number) => next.set(name, (next.get(name) ?? 0) + share)
    for (const name of names) {
      const share = (trust.get(name) ?? 0) * (1 - a)
      if (share === 0) continue
      const out = edges.get(name)
      // Whoever rates nobody well trusts the pre-trusted.
      if (out === undefined) for (const [of, part] of begin) give(of, share * part)
      else {
        const sum = out.reduce((total, { good, bad }) => total + good - bad, 0)
        for (const { to, good, bad } of out) give(to, (share * (good - bad)) / sum)
      }
    }
    trust = next
  }
  return trust
}
