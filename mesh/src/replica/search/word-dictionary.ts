/** Every word that something holds: by itself, by how it begins, and by how nearly it is spelled. */
import SearchableMap from 'minisearch/SearchableMap'
import { IndexedWord } from './indexed-word.ts'

/** Words that are looked through in one turn of the event loop: mallory can make as many as she likes begin alike. */
const PART_WORDS = 2_048

/** How well a word of a document stands for one of the question: 1 for the word itself. The figures of the library. */
const AS_BEGINNING = 0.375
const PER_LETTER_BEYOND = 0.3
const AS_ALIKE = 0.45
/** Longest misspelling, letters. */
const MAX_LETTERS_OFF = 6

export type AlikeWord = { word: IndexedWord; weight: number }

type Part = { words: SearchableMap<IndexedWord>; size: number }

export class WordDictionary {
  readonly #words = new Map<string, IndexedWord>()
  readonly #parts: Part[] = []

  get size(): number {
    return this.#words.size
  }

  /** New where nothing held it before. */
  word(text: string): IndexedWord {
    const known = this.#words.get(text)
    if (known !== undefined) return known
    let at = this.#parts.findIndex(({ size }) => size < PART_WORDS)
    if (at < 0) at = this.#parts.push({ words: new SearchableMap(), size: 0 }) - 1
    const word = new IndexedWord(text, at)
    const part = this.#parts[at]
    part?.words.set(text, word)
    if (part !== undefined) part.size += 1
    this.#words.set(text, word)
    return word
  }

  delete({ text, inPart }: IndexedWord): void {
    if (!this.#words.delete(text)) return
    const part = this.#parts[inPart]
    part?.words.delete(text)
    if (part !== undefined) part.size -= 1
  }

  exact(text: string): IndexedWord | undefined {
    return this.#words.get(text)
  }

  /** Longer words that begin so; one list for each part of the dictionary. */
  *beginning(text: string): Iterable<AlikeWord[]> {
    for (const { words } of this.#parts) {
      const found: AlikeWord[] = []
      for (const [longer, word] of words.atPrefix(text)) {
        const beyond = longer.length - text.length
        const weight = (AS_BEGINNING * longer.length) / (longer.length + PER_LETTER_BEYOND * beyond)
        if (beyond > 0) found.push({ word, weight })
      }
      yield found
    }
  }

  /** Words that are spelled nearly so and do not begin so. @param share letters that may be off, of those that it has */
  *alike(text: string, share: number): Iterable<AlikeWord[]> {
    const off = Math.min(MAX_LETTERS_OFF, Math.round(text.length * share))
    if (off === 0) return
    for (const { words } of this.#parts) {
      const found: AlikeWord[] = []
      for (const [other, [word, distance]] of words.fuzzyGet(text, off))
        if (distance > 0 && !other.startsWith(text))
          found.push({ word, weight: (AS_ALIKE * other.length) / (other.length + distance) })
      yield found
    }
  }
}
