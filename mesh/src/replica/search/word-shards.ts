/**
 * The words of many capabilities, in shards that are searched one after the other (BM25 within each), with turns of the
 * event loop between them. A word that nearly everything holds would else stop a node for as long as it takes to weigh all
 * of it; so after enough of what strangers offer was looked at, the rest is left out. What is of standing here is in shards
 * of its own, which are searched first and always.
 */
import { setImmediate } from 'node:timers/promises'
import MiniSearch from 'minisearch'

export type Words = { key: string; id: string; title: string; description: string; tags: string }

export type FoundWords = { key: string; score: number; match: Readonly<Record<string, readonly string[]>> }

export type FoundInShards = {
  found: FoundWords[]
  /** Whether all was looked at. */
  complete: boolean
}

export type ShardLimits = {
  /** Capabilities of one shard: as many as may be weighed in one turn of the event loop. */
  shard: number
  /** Capabilities that hold the words and are weighed, at least, before the rest of them is left out. */
  weighed: number
  /** Hits for which is looked further than that, up to ten times as far: filters may let few through. */
  wanted: number
}

export const DEFAULT_SHARDS: ShardLimits = { shard: 1_000, weighed: 2_000, wanted: 100 }

/** Further than `weighed`, where filters let few through. */
const FURTHER = 10
/** Shards without a match that are searched in one turn. */
const SHARDS_PER_TURN = 2

/** A title says more than a description, and what a capability is called says most. */
const BOOST = { id: 3, title: 2, tags: 2, description: 1 }

/** All of the words; where nothing holds them, any; where nothing does, words that are spelled alike. */
const TRIES = [{ combineWith: 'AND' }, { combineWith: 'OR' }, { combineWith: 'OR', fuzzy: 0.2 }] as const

type Shard = { index: MiniSearch<Words>; size: number }

export class WordShards {
  readonly #limits: ShardLimits
  /** By whether what is in them is of standing. */
  readonly #shards: Readonly<Record<'familiar' | 'strange', Shard[]>> = { familiar: [], strange: [] }
  readonly #shardOf = new Map<string, Shard>()

  constructor(limits: Partial<ShardLimits> = {}) {
    this.#limits = { ...DEFAULT_SHARDS, ...limits }
  }

  add(words: Words, familiar: boolean): void {
    const shards = this.#shards[familiar ? 'familiar' : 'strange']
    let shard = shards.find(({ size }) => size < this.#limits.shard)
    if (shard === undefined) {
      shard = { index: emptyIndex(), size: 0 }
      shards.push(shard)
    }
    shard.index.add(words)
    shard.size += 1
    this.#shardOf.set(words.key, shard)
  }

  remove(key: string): void {
    const shard = this.#shardOf.get(key)
    if (shard === undefined) return
    shard.index.discard(key)
    shard.size -= 1
    this.#shardOf.delete(key)
  }

  /** Whether it is among what is of standing. */
  isFamiliar(key: string): boolean {
    const shard = this.#shardOf.get(key)
    return shard !== undefined && this.#shards.familiar.includes(shard)
  }

  /** In no order. @param admits whether a hit may be one */
  async search(text: string, admits: (key: string) => boolean): Promise<FoundInShards> {
    for (const options of TRIES) {
      const searching = new Searching(this.#limits, admits)
      const done = await this.#searchAll(searching, (shard, filter) =>
        shard.index.search(text, { ...options, filter: ({ id }) => filter(id as string) }),
      )
      if (searching.found.length > 0 || !done) return { found: searching.found, complete: done }
    }
    return { found: [], complete: true }
  }

  async #searchAll(
    searching: Searching,
    search: (shard: Shard, filter: (key: string) => boolean) => ReturnType<MiniSearch['search']>,
  ): Promise<boolean> {
    const { familiar, strange } = this.#shards
    let quiet = 0
    for (const [at, shard] of [...familiar, ...strange].entries()) {
      if (at >= familiar.length && searching.isEnough()) return false
      const before = searching.weighed
      for (const { id, score, match } of search(shard, searching.filter))
        searching.found.push({ key: id as string, score, match })
      quiet = searching.weighed > before ? SHARDS_PER_TURN : quiet + 1
      if (quiet >= SHARDS_PER_TURN) {
        quiet = 0
        await setImmediate()
      }
    }
    return true
  }
}

/** What one search has found so far, and how much it has weighed for that. */
class Searching {
  readonly found: FoundWords[] = []
  readonly filter: (key: string) => boolean
  weighed = 0
  readonly #limits: ShardLimits

  constructor(limits: ShardLimits, admits: (key: string) => boolean) {
    this.#limits = limits
    this.filter = (key) => {
      this.weighed += 1
      return admits(key)
    }
  }

  isEnough(): boolean {
    const { weighed, wanted } = this.#limits
    return this.weighed >= (this.found.length >= wanted ? weighed : weighed * FURTHER)
  }
}

function emptyIndex(): MiniSearch<Words> {
  return new MiniSearch<Words>({
    idField: 'key',
    fields: ['id', 'title', 'description', 'tags'],
    searchOptions: { boost: BOOST, prefix: (term) => term.length > 2 },
  })
}
