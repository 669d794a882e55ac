/** The fields of a document, and how often a word is in each of them: seven bits a field, so that it stays a small integer. */

export type Words = { key: string; id: string; title: string; description: string; tags: string }

/** A title says more than a description, and what a capability is called says most. */
export const FIELDS = [
  { name: 'id', boost: 3 },
  { name: 'title', boost: 2 },
  { name: 'description', boost: 1 },
  { name: 'tags', boost: 2 },
] as const

/** Of the count of one field. */
export const BITS = 7

/** What is repeated more often counts no more for it. */
export const MAX_COUNT = 2 ** BITS - 1

/** What stands between words. */
const BETWEEN = /[\n\r\p{Z}\p{P}]+/u

export type CountedWords = {
  /** By word, packed. */
  counts: ReadonlyMap<string, number>
  /** Different words in each field. */
  lengths: readonly number[]
}

/** In lower case, with what is repeated. */
export function wordsOf(text: string): string[] {
  return text
    .toLowerCase()
    .split(BETWEEN)
    .filter((word) => word !== '')
}

export function countedWords(words: Words): CountedWords {
  const counts = new Map<string, number>()
  const lengths = FIELDS.map(({ name }, field) => {
    const shift = field * BITS
    let different = 0
    for (const word of wordsOf(words[name])) {
      const packed = counts.get(word) ?? 0
      const before = (packed >>> shift) & MAX_COUNT
      if (before === 0) different += 1
      if (before < MAX_COUNT) counts.set(word, packed + (1 << shift))
    }
    return different
  })
  return { counts, lengths }
}

/** The fields that a word is in. */
export function fieldsOf(packed: number): string[] {
  return FIELDS.filter((_, field) => isIn(packed, field)).map(({ name }) => name)
}

export function isIn(packed: number, field: number): boolean {
  return ((packed >>> (field * BITS)) & MAX_COUNT) > 0
}
