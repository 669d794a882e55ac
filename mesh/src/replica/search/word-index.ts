/**
 * The words of many capabilities in one index. A search scores everything that holds its words, with turns of the event loop
 * on the way, and then looks at the best: at all of what is of standing here, and at enough of what strangers offer. What is
 * behind that is left out, because nobody reads the hit number 90,000.
 */
import { setImmediate } from 'node:timers/promises'
import { bestFirst } from './best-first.ts'
import type { IndexedWord } from './indexed-word.ts'
import { type AlikeWord, WordDictionary } from './word-dictionary.ts'
import { countedWords, FIELDS, fieldsOf, type Words, wordsOf } from './word-fields.ts'
import { type Corpus, MAX_WORDS, WordScores } from './word-scores.ts'

export type FoundWords = {
  key: string
  score: number
  /** Words that were found, and in which fields. */
  match(): Readonly<Record<string, readonly string[]>>
}

export type WordSearch = {
  /** In no order. */
  found: FoundWords[]
  /** Whether all was looked at. */
  complete: boolean
}

export type WordLimits = {
  /** Capabilities of strangers that hold the words and are looked at, at least, before the rest of them is left out. */
  looked: number
  /** Hits for which is looked further than that, up to ten times as far: filters may let few through. */
  wanted: number
}

export const DEFAULT_WORD_LIMITS: WordLimits = { looked: 2_000, wanted: 100 }

/** Further than `looked`, where filters let few through. */
const FURTHER = 10
/** What one look at a filter costs, in entries of a list. */
const LOOK = 16
/** Words of one letter or two begin too many. */
const SHORTEST_BEGINNING = 3
/** Letters of ten that may be off in a word that is spelled alike. */
const OFF = 0.2

/** All of the words; where nothing holds them, any; where nothing does, words that are spelled alike. */
const TRIES = [
  { all: true, alike: false },
  { all: false, alike: false },
  { all: false, alike: true },
] as const

type Try = (typeof TRIES)[number]

type Document = {
  key: string
  /** In the order in which documents came. */
  nth: number
  words: readonly IndexedWord[]
  counts: readonly number[]
}

export class WordIndex {
  readonly #limits: WordLimits
  readonly #dictionary = new WordDictionary()
  readonly #numbers = new Map<string, number>()
  /** By number. One that is gone has no document; its number is used again when no list of a word has it. */
  readonly #documents: (Document | undefined)[] = []
  /** Of those that are gone: lists that still have them. */
  readonly #lists = new Map<number, number>()
  readonly #free: number[] = []
  readonly #totals: number[] = FIELDS.map(() => 0)
  /** By number, so that no document has to be looked at for it. */
  #familiar = new Uint8Array(64)
  #lengths = new Uint16Array(64 * FIELDS.length)
  #nth = 0

  constructor(limits: Partial<WordLimits> = {}) {
    this.#limits = { ...DEFAULT_WORD_LIMITS, ...limits }
  }

  /** @param familiar whether it is of standing, and looked at whatever else holds the words */
  add(given: Words, familiar: boolean): void {
    this.remove(given.key)
    const { counts, lengths } = countedWords(given)
    const number = this.#free.pop() ?? this.#documents.length
    const words: IndexedWord[] = []
    for (const [text, packed] of counts) {
      const word = this.#dictionary.word(text)
      word.add(number, packed)
      words.push(word)
    }
    this.#documents[number] = { key: given.key, nth: this.#nth++, words, counts: [...counts.values()] }
    this.#numbers.set(given.key, number)
    this.#setLengths(number, lengths)
    this.#familiar[number] = familiar ? 1 : 0
  }

  remove(key: string): void {
    const number = this.#numbers.get(key)
    const document = number === undefined ? undefined : this.#documents[number]
    if (number === undefined || document === undefined) return
    this.#numbers.delete(key)
    this.#documents[number] = undefined
    this.#setLengths(number, [])
    this.#lists.set(number, document.words.length)
    const isGone = (one: number) => this.#documents[one] === undefined
    const released = (one: number) => this.#release(one)
    for (const [at, word] of document.words.entries()) {
      word.remove(document.counts[at] ?? 0, isGone, released)
      if (word.isUnused) this.#dictionary.delete(word)
    }
    if (document.words.length === 0) this.#release(number)
  }

  setFamiliar(key: string, familiar: boolean): void {
    const number = this.#numbers.get(key)
    if (number !== undefined) this.#familiar[number] = familiar ? 1 : 0
  }

  /** @param admits whether a hit may be one */
  async search(text: string, admits: (key: string) => boolean): Promise<WordSearch> {
    const asked = [...new Set(wordsOf(text))].slice(0, MAX_WORDS)
    for (const one of TRIES) {
      const done = await this.#try(asked, one, admits)
      if (done.found.length > 0 || !done.complete) return done
    }
    return { found: [], complete: true }
  }

  async #try(asked: readonly string[], { all, alike }: Try, admits: (key: string) => boolean): Promise<WordSearch> {
    const until = this.#nth
    const scores = new WordScores(this.#corpus, this.#documents.length, all)
    const used = new Set<IndexedWord>()
    for (const text of asked) {
      if (!scores.next()) return { found: [], complete: true }
      for (const found of this.#standingFor(text, alike)) {
        for (const { word, weight } of found) {
          used.add(word)
          await scores.add(word, weight)
        }
        if (scores.isTurn(found.length)) await setImmediate()
      }
    }
    return asked.length === 0 ? { found: [], complete: true } : this.#best(scores, { until, used }, admits)
  }

  /** Words that stand for one of the question, a part of the dictionary at a time. */
  *#standingFor(text: string, alike: boolean): Iterable<AlikeWord[]> {
    const exact = this.#dictionary.exact(text)
    if (exact !== undefined) yield [{ word: exact, weight: 1 }]
    if (text.length >= SHORTEST_BEGINNING) yield* this.#dictionary.beginning(text)
    if (alike) yield* this.#dictionary.alike(text, OFF)
  }

  async #best(scores: WordScores, { until, used }: Searched, admits: (key: string) => boolean): Promise<WordSearch> {
    const found: FoundWords[] = []
    const look = (number: number): boolean => {
      const document = this.#documents[number]
      if (document === undefined || document.nth >= until) return false
      const { key } = document
      if (admits(key)) found.push({ key, score: scores.of(number), match: () => matchOf(document, used) })
      return true
    }
    const [strange, familiar] = [0, 1].map((mark) => scores.fitting(this.#familiar, mark)) as [number[], number[]]
    for (const number of familiar) {
      look(number)
      if (scores.isTurn(LOOK)) await setImmediate()
    }
    const { looked: most, wanted } = this.#limits
    let looked = 0
    for (const number of bestFirst(strange, (one) => scores.of(one))) {
      if (looked >= (found.length >= wanted ? most : most * FURTHER)) return { found, complete: false }
      if (look(number)) looked += 1
      if (scores.isTurn(LOOK)) await setImmediate()
    }
    return { found, complete: true }
  }

  get #corpus(): Corpus {
    const [numbers, totals, lengths] = [this.#numbers, this.#totals, () => this.#lengths]
    return {
      documents: numbers.size,
      meanLength: (field) => (totals[field] ?? 0) / Math.max(1, numbers.size),
      get lengths() {
        return lengths()
      },
    }
  }

  #setLengths(number: number, given: readonly number[]): void {
    const first = number * FIELDS.length
    if (first >= this.#lengths.length) {
      const [lengths, familiar] = [this.#lengths, this.#familiar]
      this.#lengths = new Uint16Array(lengths.length * 2)
      this.#lengths.set(lengths)
      this.#familiar = new Uint8Array(familiar.length * 2)
      this.#familiar.set(familiar)
    }
    for (const at of FIELDS.keys()) {
      const [before, now] = [this.#lengths[first + at] ?? 0, given[at] ?? 0]
      this.#totals[at] = (this.#totals[at] ?? 0) + now - before
      this.#lengths[first + at] = now
    }
  }

  #release(number: number): void {
    const left = (this.#lists.get(number) ?? 0) - 1
    if (left > 0) this.#lists.set(number, left)
    else {
      this.#lists.delete(number)
      this.#free.push(number)
    }
  }
}

/** Documents that came while it was searched are not looked at: they may have numbers of others before them. */
type Searched = { until: number; used: ReadonlySet<IndexedWord> }

function matchOf({ words, counts }: Document, used: ReadonlySet<IndexedWord>): Record<string, readonly string[]> {
  const found: Record<string, readonly string[]> = Object.create(null)
  for (const [at, word] of words.entries()) if (used.has(word)) found[word.text] = fieldsOf(counts[at] ?? 0)
  return found
}
