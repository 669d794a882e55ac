/**
 * One word, and what holds it: beside the number of each document how often the word is in each of its fields. What is
 * removed stays in the list until half of it is gone, so that a removal costs no walk through a long one.
 */
import { FIELDS, isIn } from './word-fields.ts'

export class IndexedWord {
  readonly text: string
  readonly inPart: number
  /** Documents that hold it in each field. */
  readonly holders: number[] = FIELDS.map(() => 0)
  #documents: number[] = []
  #counts: number[] = []
  #gone = 0

  /** @param inPart of the dictionary */
  constructor(text: string, inPart: number) {
    this.text = text
    this.inPart = inPart
  }

  /**
   * Numbers of documents, and for each the packed counts of `word-fields.ts`. Only ever longer: a reader keeps both and how
   * long they were. With documents that are gone.
   */
  get list(): { documents: readonly number[]; counts: readonly number[]; length: number } {
    return { documents: this.#documents, counts: this.#counts, length: this.#documents.length }
  }

  /** Whether nothing holds it any more. */
  get isUnused(): boolean {
    return this.#gone === this.#documents.length
  }

  add(document: number, counts: number): void {
    this.#documents.push(document)
    this.#counts.push(counts)
    this.#count(counts, 1)
  }

  /** @param released told of each document that is not in the list any more. */
  remove(counts: number, isGone: (document: number) => boolean, released: (document: number) => void): void {
    this.#count(counts, -1)
    this.#gone += 1
    if (this.#gone * 2 < this.#documents.length) return
    const before = { documents: this.#documents, counts: this.#counts }
    this.#documents = []
    this.#counts = []
    this.#gone = 0
    for (const [at, document] of before.documents.entries()) {
      if (isGone(document)) released(document)
      else {
        this.#documents.push(document)
        this.#counts.push(before.counts[at] ?? 0)
      }
    }
  }

  #count(counts: number, by: number): void {
    for (let field = 0; field < FIELDS.length; field++)
      if (isIn(counts, field)) this.holders[field] = (this.holders[field] ?? 0) + by
  }
}
