/**
 * Answers a search from the replica: filters, then how well the words fit and how far the kernel is trusted here, each with
 * the reason. What strangers wrote is shown only as the firewall of this kernel leaves it.
 */
import { setImmediate } from 'node:timers/promises'
import type { Did, SearchAnswer, SearchHit, SearchQuery, StandingTier } from '@hansa/protocols'
import type { IndexedCapability, SearchIndex, WordMatch } from './search-index.ts'
import { parseVersionRange } from './version-range.ts'
import { weighedMatches } from './weighed-matches.ts'

export const DEFAULT_SEARCH_HITS = 20

/** Capabilities that are looked at in one turn of the event loop. */
const PER_TURN = 2_000

/** What a kernel without any standing keeps of its relevance; with 1000 points it keeps all. */
const FLOOR = 0.25

export type SearchComponents = {
  /** Kernels that are searched. */
  kernels(): number
  index: SearchIndex
  standing(did: Did): { score: number; tier: StandingTier }
  /** Kernels that are not found: barred here, or this one itself. */
  hides(did: Did): boolean
  /** How close capabilities are to a question in meaning; undefined when that is not known now. @default never known */
  meaning?: { closeness(question: string): Promise<ReadonlyMap<string, number> | undefined> } | undefined
  /** A text of a stranger as a model may read it. */
  screen(text: string): { text: string; rules: string[] }
}

/** Undefined for a range of versions that is none. Rejects for nothing. */
export type Search = (query: SearchQuery) => Promise<SearchAnswer | undefined>

type Ranked = {
  entry: IndexedCapability
  relevance: number
  rank: number
  standing: { score: number; tier: StandingTier }
  found?: WordMatch['found'] | undefined
  /** Parts that relevance is made of, where meaning is one of them. */
  parts?: { words: number; alike: number }
}

export function searchReplica(components: SearchComponents): Search {
  const { index, screen, kernels } = components
  return async (query) => {
    const inRange = query.version === undefined ? () => true : parseVersionRange(query.version)
    if (inRange === undefined) return undefined
    const standing = remembered(components.standing)
    const hides = remembered(components.hides)
    const admits = (entry: IndexedCapability) =>
      fits(entry, query) &&
      inRange(entry.version) &&
      !hides(entry.did) &&
      (query.minStanding === undefined || standingOf(entry, standing).score >= query.minStanding)
    const best = new Best(query.limit ?? DEFAULT_SEARCH_HITS)
    const words = query.query?.trim() ?? ''
    let complete = true
    if (words === '') {
      let looked = 0
      for (const entry of candidates(index, query)) {
        if (admits(entry)) best.add(ranked(entry, 1, standingOf(entry, standing)))
        if (++looked % PER_TURN === 0) await setImmediate()
      }
    } else {
      const [byWords, close] = await Promise.all([index.byWords(words, admits), components.meaning?.closeness(words)])
      complete = byWords.complete
      const ofHash = (hash: string) => [...index.ofHash(hash)].filter(admits)
      const matches = weighedMatches(byWords.matches, close && { close, ofHash })
      for (const { entry, relevance, words: fit, alike } of matches)
        best.add({
          ...ranked(entry, relevance, standingOf(entry, standing)),
          found: fit?.found,
          ...(alike === undefined ? {} : { parts: { words: fit?.part ?? 0, alike } }),
        })
    }
    const hits = best.hits.map((one) => hitOf(one, query, screen))
    return { hits, matches: best.count, ...(complete ? {} : { partial: true as const }), kernels: kernels() }
  }
}

/** The smallest set that all hits are in. */
function candidates(index: SearchIndex, { did, capability, tag, prefix }: SearchQuery): Iterable<IndexedCapability> {
  if (did !== undefined) return index.ofKernel(did)
  if (capability !== undefined) return index.ofId(capability)
  if (tag !== undefined) return index.ofTag(tag)
  return prefix === undefined ? index.all() : index.ofPrefix(prefix)
}

function fits(entry: IndexedCapability, { did, capability, prefix, tag, safety }: SearchQuery): boolean {
  return (
    (did === undefined || entry.did === did) &&
    (capability === undefined || entry.id === capability) &&
    (prefix === undefined || entry.id.startsWith(prefix)) &&
    (tag === undefined || entry.tags.includes(tag)) &&
    (safety === undefined || entry.safety === safety)
  )
}

/** A kernel that has signed two manifests of one number is worth nothing, whatever was known of it before. */
function standingOf({ did, equivocates }: IndexedCapability, standing: SearchComponents['standing']) {
  return equivocates ? { score: 0, tier: 'blocked' as const } : standing(did)
}

function ranked(entry: IndexedCapability, relevance: number, standing: Ranked['standing']): Ranked {
  return { entry, relevance, standing, rank: relevance * (FLOOR + (1 - FLOOR) * (standing.score / 1_000)) }
}

function remembered<T>(ask: (did: Did) => T): (did: Did) => T {
  const known = new Map<Did, T>()
  return (did) => {
    const before = known.get(did)
    if (before !== undefined) return before
    const answer = ask(did)
    known.set(did, answer)
    return answer
  }
}

function hitOf(one: Ranked, query: SearchQuery, screen: SearchComponents['screen']): SearchHit {
  const { entry, standing, relevance, rank } = one
  const [title, description] = [screen(entry.title), screen(entry.description)]
  const name = entry.name === undefined ? undefined : screen(entry.name)
  return {
    did: entry.did,
    ...(name === undefined ? {} : { name: name.text.slice(0, 128).toWellFormed() }),
    capability: entry.id,
    version: entry.version,
    title: title.text,
    description: description.text,
    rules: [...new Set([...title.rules, ...description.rules, ...(name?.rules ?? [])])].slice(0, 64),
    untrusted: true,
    safety: entry.safety,
    tags: [...entry.tags].slice(0, 64),
    standing,
    relevance: rounded(relevance),
    rank: rounded(rank),
    reason: reasonOf(one, query),
    seq: entry.seq,
    expires: entry.expires,
  }
}

/** Only words of this kernel: nothing that a stranger wrote. */
function reasonOf({ entry, found, relevance, standing, parts }: Ranked, query: SearchQuery): string {
  const fields = new Set(Object.values(found?.() ?? {}).flat())
  const order = ['id', 'title', 'tags', 'description'].filter((field) => fields.has(field))
  const fit = `${percent(parts?.words ?? relevance)} of the best fit, by ${listed(order)}`
  const meant = parts && `${percent(parts.alike)} as close in meaning as the closest`
  const known = [...(found === undefined ? [] : [fit]), ...(meant === undefined ? [] : [meant])]
  const why = known.length === 0 ? filtersOf(query) : known.join('; ')
  const doubt = entry.equivocates ? '; it has signed two manifests of one number' : ''
  return `${why}; standing ${standing.score} (${standing.tier})${doubt}`
}

function filtersOf({ did, capability, prefix, tag, safety, version }: SearchQuery): string {
  const filters = Object.entries({ kernel: did, id: capability, prefix, tag, safety, version })
  const given = filters.filter(([, value]) => value !== undefined).map(([name]) => name)
  return given.length === 0 ? 'everything fits' : `fits by ${listed(given)}`
}

function listed(words: readonly string[]): string {
  return words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} and ${words.at(-1)}`
}

function percent(share: number): string {
  return `${Math.round(share * 100)} %`
}

function rounded(share: number): number {
  return Math.round(share * 1_000) / 1_000
}

/** The first few of many, without sorting the rest. Where two are worth the same, the DID and the id decide. */
class Best {
  readonly hits: Ranked[] = []
  count = 0
  readonly #limit: number

  constructor(limit: number) {
    this.#limit = limit
  }

  add(one: Ranked): void {
    this.count += 1
    const last = this.hits.at(-1)
    if (this.hits.length >= this.#limit && last !== undefined && isBefore(last, one)) return
    let at = this.hits.length
    while (at > 0 && isBefore(one, this.hits[at - 1] ?? one)) at--
    this.hits.splice(at, 0, one)
    if (this.hits.length > this.#limit) this.hits.pop()
  }
}

function isBefore(a: Ranked, b: Ranked): boolean {
  if (a.rank !== b.rank) return a.rank > b.rank
  return a.entry.did === b.entry.did ? a.entry.id < b.entry.id : a.entry.did < b.entry.did
}
