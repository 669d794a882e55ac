/** What the manifests of a replica offer, by id, tag and kernel, and by the words in it. */
import type { CapabilityDescriptor, Did, Safety, SignedManifest, UnixSeconds } from '@hansa/protocols'
import { signedOf } from '../local-replica.ts'
import type { Replica } from '../replica.ts'
import { WordIndex, type WordLimits } from './word-index.ts'

/** Characters of a description that are indexed, and kept for an answer. */
const MAX_TEXT_CHARS = 1_024

/** One capability of one kernel. */
export type IndexedCapability = {
  did: Did
  name?: string | undefined
  id: string
  version: string
  title: string
  description: string
  safety: Safety
  /** And sensitivity. */
  tags: readonly string[]
  hash: string
  seq: number
  expires: UnixSeconds
  equivocates: boolean
}

export type WordMatch = {
  entry: IndexedCapability
  score: number
  /** Words that were found, and in which fields. */
  found(): Readonly<Record<string, readonly string[]>>
}

export type SearchIndexInit = {
  /** Whether a kernel is of standing here, so that what it offers is found among any number of strangers. @default nobody is */
  isFamiliar?(did: Did): boolean
  limits?: Partial<WordLimits>
  /** Told of what has come and gone, for whoever knows what it means. @default nobody is */
  meaning?: { add(hash: string, text: string): void; remove(hash: string): void } | undefined
}

export class SearchIndex {
  readonly #entries = new Map<string, IndexedCapability>()
  readonly #ofKernel = new Map<Did, Set<string>>()
  readonly #ofId = new Map<string, Set<string>>()
  readonly #ofTag = new Map<string, Set<string>>()
  readonly #ofHash = new Map<string, Set<string>>()
  readonly #words: WordIndex
  readonly #meaning: SearchIndexInit['meaning']
  readonly #isFamiliar: (did: Did) => boolean

  /** @param replica is followed from now on. */
  constructor(replica: Pick<Replica, 'watch'>, { isFamiliar = () => false, limits, meaning }: SearchIndexInit = {}) {
    this.#isFamiliar = isFamiliar
    this.#meaning = meaning
    this.#words = new WordIndex(limits)
    replica.watch((change) => {
      const { kind, record } = change
      const signed = kind === 'taken' && record.kind === 'manifest' ? (change.signed ?? signedOf(record)) : undefined
      if (signed === undefined) this.#forget(record.did)
      else this.#take(signed, record.equivocates === true)
    })
  }

  /** Capabilities. */
  get size(): number {
    return this.#entries.size
  }

  all(): Iterable<IndexedCapability> {
    return this.#entries.values()
  }

  ofKernel(did: Did): Iterable<IndexedCapability> {
    return this.#those(this.#ofKernel.get(did))
  }

  ofId(id: string): Iterable<IndexedCapability> {
    return this.#those(this.#ofId.get(id))
  }

  *ofPrefix(prefix: string): Iterable<IndexedCapability> {
    for (const [id, keys] of this.#ofId) if (id.startsWith(prefix)) yield* this.#those(keys)
  }

  ofTag(tag: string): Iterable<IndexedCapability> {
    return this.#those(this.#ofTag.get(tag))
  }

  /** Whose descriptors are the same. */
  ofHash(hash: string): Iterable<IndexedCapability> {
    return this.#those(this.#ofHash.get(hash))
  }

  /**
   * Those that hold all of the words; where there is none, any of them; where there is none, words that are spelled alike.
   * BM25, the best first; not complete where very many hold the words.
   */
  async byWords(
    text: string,
    admits: (entry: IndexedCapability) => boolean,
  ): Promise<{ matches: WordMatch[]; complete: boolean }> {
    const { found, complete } = await this.#words.search(text, (key) => {
      const entry = this.#entries.get(key)
      return entry !== undefined && admits(entry)
    })
    found.sort((a, b) => b.score - a.score)
    const matches = found.flatMap(({ key, score, match }): WordMatch[] => {
      const entry = this.#entries.get(key)
      return entry === undefined ? [] : [{ entry, score, found: match }]
    })
    return { matches, complete }
  }

  *#those(keys: ReadonlySet<string> | undefined): Iterable<IndexedCapability> {
    for (const key of keys ?? []) {
      const entry = this.#entries.get(key)
      if (entry !== undefined) yield entry
    }
  }

  /** What did not change is not indexed again: a manifest is renewed twice an hour. */
  #take({ manifest }: SignedManifest, equivocates: boolean): void {
    const { kernel_id: did, name, seq, exp: expires, capabilities } = manifest
    const kept = new Set(capabilities.map(({ id }) => keyOf(did, id)))
    for (const key of this.#ofKernel.get(did) ?? []) if (!kept.has(key)) this.#remove(key)
    for (const capability of capabilities) {
      const facts = { did, name, seq, expires, equivocates }
      const key = keyOf(did, capability.id)
      const known = this.#entries.get(key)
      if (known?.hash !== capability.hash) this.#add(key, { ...facts, ...indexed(capability) })
      else {
        Object.assign(known, facts)
        // Who has come to standing since, or has lost it, is found among others.
        this.#words.setFamiliar(key, this.#isFamiliar(did))
      }
    }
  }

  #forget(did: Did): void {
    for (const key of this.#ofKernel.get(did) ?? []) this.#remove(key)
  }

  #add(key: string, entry: IndexedCapability): void {
    this.#remove(key)
    this.#entries.set(key, entry)
    into(this.#ofKernel, entry.did, key)
    into(this.#ofId, entry.id, key)
    into(this.#ofHash, entry.hash, key)
    for (const tag of entry.tags) into(this.#ofTag, tag, key)
    const { title, description, tags } = entry
    const words = { key, id: entry.id.replace(/[._-]/g, ' '), title, description, tags: tags.join(' ') }
    this.#words.add(words, this.#isFamiliar(entry.did))
    this.#meaning?.add(entry.hash, [words.id, title, description, tags.join(', ')].filter(Boolean).join('. '))
  }

  #remove(key: string): void {
    const entry = this.#entries.get(key)
    if (entry === undefined) return
    this.#entries.delete(key)
    outOf(this.#ofKernel, entry.did, key)
    outOf(this.#ofId, entry.id, key)
    outOf(this.#ofHash, entry.hash, key)
    if (!this.#ofHash.has(entry.hash)) this.#meaning?.remove(entry.hash)
    for (const tag of entry.tags) outOf(this.#ofTag, tag, key)
    this.#words.remove(key)
  }
}

function indexed({ id, ver, title, description, safety, tags, sensitivity, hash }: CapabilityDescriptor) {
  const cut = description.slice(0, MAX_TEXT_CHARS)
  return { id, version: ver, title, description: cut, safety, tags: [...new Set([...tags, ...sensitivity])], hash }
}

function keyOf(did: Did, id: string): string {
  return `${did} ${id}`
}

function into<Key>(index: Map<Key, Set<string>>, name: Key, key: string): void {
  const keys = index.get(name)
  if (keys === undefined) index.set(name, new Set([key]))
  else keys.add(key)
}

function outOf<Key>(index: Map<Key, Set<string>>, name: Key, key: string): void {
  const keys = index.get(name)
  keys?.delete(key)
  if (keys?.size === 0) index.delete(name)
}
