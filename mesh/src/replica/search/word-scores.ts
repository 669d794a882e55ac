/**
 * How well documents fit a question (BM25): each word adds to a number for every document that holds it. The lists of words
 * may be as long as there are documents, so that the event loop has turns on the way.
 */
import { setImmediate } from 'node:timers/promises'
import type { IndexedWord } from './indexed-word.ts'
import { BITS, FIELDS, MAX_COUNT } from './word-fields.ts'

/** Entries of lists that are read in one turn of the event loop: about a millisecond. */
const PER_TURN = 32_768

/** How fast a repeated word counts less, how much a long text does, and what a word counts at least. The library's figures. */
const SATURATION = 1.2
const LENGTH = 0.7
const LEAST = 0.5
const BASE = SATURATION * (1 - LENGTH)

/** Of the number of a word of the question. */
const LAST_BITS = 8
/** Words of a question that are looked for; a question has 256 characters. */
export const MAX_WORDS = 2 ** LAST_BITS - 1

/** What is counted of all documents. */
export interface Corpus {
  readonly documents: number
  /** Different words in a field, as a mean. */
  meanLength(field: number): number
  /** Of each document, by its number: different words in each field. */
  readonly lengths: Uint16Array
}

export class WordScores {
  readonly #corpus: Corpus
  readonly #all: boolean
  readonly #scores: Float64Array
  /** Words of the question that a document holds, and in the lower bits the last of them. */
  readonly #held: Uint16Array
  #word = 0
  #reached = 0
  #read = 0

  /** @param size numbers of documents from here on are not looked at. @param all whether a document has to hold every word */
  constructor(corpus: Corpus, size: number, all: boolean) {
    this.#corpus = corpus
    this.#all = all
    this.#scores = new Float64Array(size)
    this.#held = new Uint16Array(size)
  }

  /** What follows is for the next word of the question. @returns false when nothing can fit any more. */
  next(): boolean {
    const reached = this.#reached
    this.#word += 1
    this.#reached = 0
    return this.#word === 1 || !this.#all || reached > 0
  }

  /** @param weight how well the word stands for that of the question */
  async add(word: IndexedWord, weight: number): Promise<void> {
    const { documents, counts, length } = word.list
    const parts = this.#partsOf(word, weight)
    for (let from = 0; from < length; from += PER_TURN) {
      const to = Math.min(length, from + PER_TURN)
      this.#addSlice(documents, counts, { from, to, parts })
      if (this.isTurn(to - from)) await setImmediate()
    }
  }

  /** Whether others should have a turn. @param read entries of lists since it was asked the last time, or as much work */
  isTurn(read: number): boolean {
    this.#read += read
    if (this.#read < PER_TURN) return false
    this.#read = 0
    return true
  }

  /** Documents that fit and are marked so, in the order of their numbers. @param marks by number */
  fitting(marks: Uint8Array, mark: number): number[] {
    const [held, least] = [this.#held, this.#all ? this.#word : 1]
    const found: number[] = []
    for (let document = 0; document < held.length; document++)
      if ((held[document] ?? 0) >>> LAST_BITS >= least && marks[document] === mark) found.push(document)
    return found
  }

  /** What holds more of the words is worth as many times as much. */
  of(document: number): number {
    return (this.#scores[document] ?? 0) * ((this.#held[document] ?? 0) >>> LAST_BITS)
  }

  /** The loop that a search consists of: nothing is made in it, and no field is looped over. */
  #addSlice(documents: readonly number[], counts: readonly number[], slice: Slice): void {
    const { from, to, parts } = slice
    const [id, title, description, tags] = parts
    const [scores, held, word, { lengths }] = [this.#scores, this.#held, this.#word, this.#corpus]
    const [size, before] = [held.length, this.#all ? word - 1 : 0]
    let reached = 0
    for (let at = from; at < to; at++) {
      const document = documents[at] ?? size
      const heldBefore = held[document] ?? 0
      if (document >= size || heldBefore >>> LAST_BITS < before) continue
      const packed = counts[at] ?? 0
      const first = document * FIELDS.length
      scores[document] =
        (scores[document] ?? 0) +
        worthOf(id, packed & MAX_COUNT, lengths[first] ?? 0) +
        worthOf(title, (packed >>> BITS) & MAX_COUNT, lengths[first + 1] ?? 0) +
        worthOf(description, (packed >>> (2 * BITS)) & MAX_COUNT, lengths[first + 2] ?? 0) +
        worthOf(tags, (packed >>> (3 * BITS)) & MAX_COUNT, lengths[first + 3] ?? 0)
      if ((heldBefore & MAX_WORDS) === word) continue
      held[document] = (((heldBefore >>> LAST_BITS) + 1) << LAST_BITS) | word
      reached += 1
    }
    this.#reached += reached
  }

  #partsOf({ holders }: IndexedWord, weight: number): Parts {
    const { documents } = this.#corpus
    const part = (field: number): Part => {
      const held = holders[field] ?? 0
      const rarity = Math.log(1 + (documents - held + 0.5) / (held + 0.5))
      const perLength = (SATURATION * LENGTH) / (this.#corpus.meanLength(field) || 1)
      return { weight: weight * rarity * (FIELDS[field]?.boost ?? 0), perLength }
    }
    return [part(0), part(1), part(2), part(3)]
  }
}

/** What a word in one field is worth, and how much less in a long one. */
type Part = { weight: number; perLength: number }
/** In the order of `FIELDS`. */
type Parts = readonly [Part, Part, Part, Part]
type Slice = { from: number; to: number; parts: Parts }

function worthOf({ weight, perLength }: Part, count: number, length: number): number {
  if (count === 0) return 0
  return weight * (LEAST + (count * (SATURATION + 1)) / (count + BASE + perLength * length))
}
