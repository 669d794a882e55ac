/** How well capabilities fit a question: by its words, and, where there are vectors, half by its words and half by its meaning. */
import type { IndexedCapability, WordMatch } from './search-index.ts'

export type WeighedMatch = {
  entry: IndexedCapability
  /** 0 to 1. */
  relevance: number
  /** Part of the best fit by words, 0 to 1, and which words were found where; undefined when none of them was. */
  words?: { part: number; found: WordMatch['found'] }
  /** As a part of the closest one, 0 to 1; undefined when its meaning is not known. */
  alike?: number
}

export type Meanings = {
  /** By descriptor hash, -1 to 1. */
  close: ReadonlyMap<string, number>
  /** Capabilities of this descriptor that may be hits. */
  ofHash(hash: string): Iterable<IndexedCapability>
}

/** Of those without a word of the question, so many of the closest are hits, and none that is less close than this part. */
const CLOSEST = 200
const LEAST_PART = 0.75

export function weighedMatches(matches: readonly WordMatch[], meanings?: Meanings): WeighedMatch[] {
  const top = matches[0]?.score ?? 1
  const byWords = matches.map(({ entry, score, found }): WeighedMatch => {
    const part = Math.min(1, score / top)
    return { entry, relevance: part, words: { part, found } }
  })
  const closest = Math.max(0, ...(meanings?.close.values() ?? []))
  if (meanings === undefined || closest === 0) return byWords
  const alikeOf = (cosine: number | undefined) => (cosine === undefined ? undefined : Math.max(0, cosine) / closest)
  const known = new Set(matches.map(({ entry }) => entry))
  const both = byWords.map((match): WeighedMatch => {
    const alike = alikeOf(meanings.close.get(match.entry.hash))
    return alike === undefined ? match : { ...match, alike, relevance: (match.relevance + alike) / 2 }
  })
  return [...both, ...byMeaningAlone(meanings, closest, known)]
}

function* byMeaningAlone(
  { close, ofHash }: Meanings,
  closest: number,
  known: ReadonlySet<IndexedCapability>,
): Iterable<WeighedMatch> {
  const near = [...close].filter(([, cosine]) => cosine >= closest * LEAST_PART).sort(([, a], [, b]) => b - a)
  for (const [hash, cosine] of near.slice(0, CLOSEST))
    for (const entry of ofHash(hash)) {
      const alike = cosine / closest
      if (!known.has(entry)) yield { entry, alike, relevance: alike / 2 }
    }
}
