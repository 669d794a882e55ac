/**
 * What capabilities mean, as vectors of a provider: fetched some at a time after they have come, kept by what the descriptor
 * says, and compared with the vector of a question. A provider that fails is left alone for a minute; a search goes on
 * without it.
 */
import { setImmediate } from 'node:timers/promises'
import { type Clock, MAX_EMBEDDED_CHARS, MAX_EMBEDDED_TEXTS } from '@hansa/protocols'
import { withTimeLimit } from '../../time-limit.ts'
import type { EmbeddingsProvider } from './embeddings-provider.ts'

export type MeaningIndexInit = {
  /** Capabilities whose vectors are kept. @default 5_000 */
  maxVectors?: number
}

export type MeaningIndexComponents = {
  provider: EmbeddingsProvider
  clock: Clock
  /** Told of what the provider did not do. */
  failed(reason: string): void
}

/** Milliseconds for the vector of a question: somebody waits; and for those of a batch. */
const QUESTION_MS = 2_000
const BATCH_MS = 30_000
/** In which what has come gathers, and for which a provider that failed is left alone, milliseconds. */
const GATHER_MS = 250
const AGAIN_MS = 60_000
/** Questions whose vectors are kept. */
const MAX_QUESTIONS = 256
/** Vectors that are compared in one turn of the event loop. */
const PER_TURN = 500

export class MeaningIndex {
  readonly #c: MeaningIndexComponents
  readonly #maxVectors: number
  readonly #vectors = new Map<string, Float32Array>()
  readonly #texts = new Map<string, string>()
  readonly #questions = new Map<string, Float32Array>()
  readonly #stop = new AbortController()
  #cancel: (() => void) | undefined
  #restsUntil = 0

  constructor(components: MeaningIndexComponents, { maxVectors = 5_000 }: MeaningIndexInit = {}) {
    this.#c = components
    this.#maxVectors = maxVectors
  }

  /** @param hash of the descriptor that the text is of */
  add(hash: string, text: string): void {
    if (this.#vectors.has(hash) || this.#texts.has(hash)) return
    if (this.#vectors.size + this.#texts.size >= this.#maxVectors) return
    this.#texts.set(hash, cut(text))
    this.#soon(GATHER_MS)
  }

  /** No capability has this descriptor any more. */
  remove(hash: string): void {
    this.#vectors.delete(hash)
    this.#texts.delete(hash)
  }

  /** How close each descriptor is to a question, -1 to 1, by its hash; undefined when the provider does not answer. */
  async closeness(question: string): Promise<ReadonlyMap<string, number> | undefined> {
    const asked = await this.#vectorOf(cut(question))
    if (asked === undefined) return undefined
    const close = new Map<string, number>()
    let compared = 0
    for (const [hash, vector] of this.#vectors) {
      if (vector.length === asked.length) close.set(hash, product(vector, asked))
      if (++compared % PER_TURN === 0) await setImmediate()
    }
    return close
  }

  close(): void {
    this.#stop.abort()
    this.#cancel?.()
  }

  #soon(delayMs: number): void {
    if (this.#stop.signal.aborted) return
    this.#cancel ??= this.#c.clock.after(delayMs, () => {
      void this.#fetchBatch().then((nextMs) => {
        this.#cancel = undefined
        if (this.#texts.size > 0) this.#soon(nextMs)
      })
    })
  }

  /** @returns milliseconds until the next one. */
  async #fetchBatch(): Promise<number> {
    const batch = [...this.#texts].slice(0, MAX_EMBEDDED_TEXTS)
    if (batch.length === 0) return GATHER_MS
    const vectors = await this.#ask(
      batch.map(([, text]) => text),
      BATCH_MS,
    )
    if (vectors === undefined) return AGAIN_MS
    for (const [at, [hash]] of batch.entries()) {
      const vector = vectors[at]
      // It may have gone meanwhile.
      if (this.#texts.delete(hash) && vector !== undefined) this.#vectors.set(hash, vector)
    }
    return GATHER_MS
  }

  async #vectorOf(question: string): Promise<Float32Array | undefined> {
    const known = this.#questions.get(question)
    if (known !== undefined) return known
    if (this.#vectors.size === 0 || this.#c.clock.now() < this.#restsUntil) return undefined
    const [vector] = (await this.#ask([question], QUESTION_MS)) ?? []
    if (vector === undefined) return undefined
    const [oldest] = this.#questions.keys()
    if (this.#questions.size >= MAX_QUESTIONS && oldest !== undefined) this.#questions.delete(oldest)
    this.#questions.set(question, vector)
    return vector
  }

  async #ask(texts: readonly string[], limitMs: number): Promise<Float32Array[] | undefined> {
    const { clock, provider, failed } = this.#c
    const tooLate = new Error(`no vectors came within ${limitMs / 1000} s`)
    try {
      const limit = { clock, limitMs, tooLate, outer: this.#stop.signal }
      const vectors = await withTimeLimit(limit, (signal) => provider.embed(texts, signal))
      if (vectors.length !== texts.length) throw new Error(`${vectors.length} vectors came for ${texts.length} texts`)
      return vectors.map(unit)
    } catch (error) {
      if (this.#stop.signal.aborted) return undefined
      this.#restsUntil = clock.now() + AGAIN_MS
      failed(error instanceof Error ? error.message : String(error))
      return undefined
    }
  }
}

function cut(text: string): string {
  return text.slice(0, MAX_EMBEDDED_CHARS).toWellFormed()
}

/** Of length 1, so that a product of two is their cosine. */
function unit(vector: Float32Array): Float32Array {
  const length = Math.hypot(...vector)
  return length === 0 || !Number.isFinite(length)
    ? new Float32Array(vector.length)
    : vector.map((part) => part / length)
}

function product(a: Float32Array, b: Float32Array): number {
  let sum = 0
  for (let at = 0; at < a.length; at++) sum += (a[at] ?? 0) * (b[at] ?? 0)
  return sum
}
