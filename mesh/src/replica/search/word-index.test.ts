import fc from 'fast-check'
import MiniSearch from 'minisearch'
import { describe, expect, it } from 'vitest'
import { bestFirst } from './best-first.ts'
import type { Words } from './word-fields.ts'
import { WordIndex, type WordSearch } from './word-index.ts'

const SOME = ['berth', 'berths', 'bert', 'both', 'harbour', 'harbor', 'tide', 'tides', 'at', 'of', 'Lübeck', '10']
const word = fc.constantFrom(...SOME)
const text = (longest: number) => fc.array(word, { minLength: 1, maxLength: longest }).map((words) => words.join(' '))
const documents = fc.array(fc.record({ id: text(2), title: text(3), description: text(200), tags: text(2) }), {
  minLength: 1,
  maxLength: 12,
})
const question = fc.uniqueArray(fc.constantFrom(...SOME, 'berht', 'habrour', 'none'), { minLength: 1, maxLength: 4 })

const keyed = (fields: Omit<Words, 'key'>, at: number): Words => ({ key: `k${at}`, ...fields })
const everything = { looked: 1_000, wanted: 1_000 }
const seen = ({ found }: WordSearch) =>
  found
    .map(({ key, score, match }) => ({ key, score: Math.round(score * 1e6), match: { ...match() } }))
    .sort((a, b) => (a.key < b.key ? -1 : 1))

function indexOf(all: readonly Words[]): WordIndex {
  const index = new WordIndex(everything)
  for (const one of all) index.add(one, false)
  return index
}

/** As the library has it, over everything at once. */
function referenceOf(all: readonly Words[]): (text: string) => ReturnType<typeof seen> {
  const library = new MiniSearch<Words>({
    idField: 'key',
    fields: ['id', 'title', 'description', 'tags'],
    searchOptions: { boost: { id: 3, title: 2, tags: 2 }, prefix: (term) => term.length > 2 },
  })
  library.addAll(all)
  const tries = [{ combineWith: 'AND' }, { combineWith: 'OR' }, { combineWith: 'OR', fuzzy: 0.2 }] as const
  return (asked) => {
    for (const options of tries) {
      const found = library.search(asked, options)
      const hits = found.map(({ id, score, match }) => ({ key: id, score, match: () => match }))
      if (found.length > 0) return seen({ found: hits, complete: true })
    }
    return []
  }
}

describe(WordIndex, () => {
  it('finds what the library finds, scores it alike, and says the same words and fields', async () => {
    await fc.assert(
      fc.asyncProperty(documents, question, async (fields, words) => {
        const all = fields.map(keyed)
        const asked = words.join(' ')
        expect(seen(await indexOf(all).search(asked, () => true))).toEqual(referenceOf(all)(asked))
      }),
    )
  })

  it('is after any removals what it would be without what was removed', async () => {
    const change = fc.record({ at: fc.nat(11), removed: fc.boolean() })
    await fc.assert(
      fc.asyncProperty(documents, fc.array(change, { maxLength: 40 }), question, async (fields, changes, words) => {
        const index = new WordIndex(everything)
        const held = new Map<string, Words>()
        for (const { at, removed } of changes) {
          const one = keyed(fields[at % fields.length] as Omit<Words, 'key'>, at)
          if (removed) index.remove(one.key)
          else index.add(one, false)
          if (removed) held.delete(one.key)
          else held.set(one.key, one)
        }
        const asked = words.join(' ')
        const fresh = await indexOf([...held.values()]).search(asked, () => true)
        expect(seen(await index.search(asked, () => true))).toEqual(seen(fresh))
      }),
    )
  })

  it('looks at the best of what strangers offer, and at all that is of standing', async () => {
    const index = new WordIndex({ looked: 20, wanted: 5 })
    const offer = (key: string, description: string) => ({ key, id: 'x', title: 'y', description, tags: 'z' })
    for (let number = 0; number < 300; number++) index.add(offer(`s${number}`, `tide ${'and '.repeat(number)}`), false)
    for (let number = 0; number < 30; number++) index.add(offer(`f${number}`, `tide ${'rope '.repeat(90)}`), true)
    index.add(offer('best', 'tide tide tide'), false)
    const { found, complete } = await index.search('tide', () => true)
    expect([complete, found.length]).toEqual([false, 50])
    expect(found.filter(({ key }) => key.startsWith('f'))).toHaveLength(30)
    expect(found.some(({ key }) => key === 'best')).toBe(true)
    const filtered = await index.search('tide', (key) => key === 's299')
    expect([filtered.complete, filtered.found]).toEqual([false, []])
    index.setFamiliar('s299', true)
    expect((await index.search('tide', (key) => key === 's299')).found).toHaveLength(1)
  })

  it('finds nothing that comes while it is searched, and nothing that goes', async () => {
    const index = new WordIndex(everything)
    const offer = (key: string) => ({ key, id: 'x', title: 'y', description: 'tide', tags: 'z' })
    for (let number = 0; number < 40_000; number++) index.add(offer(`k${number}`), false)
    const searching = index.search('tide', (key) => Number(key.slice(1)) > 39_990)
    for (let number = 0; number < 40_000; number++) if (number !== 39_995) index.remove(`k${number}`)
    for (let number = 50_000; number < 50_100; number++) index.add(offer(`k${number}`), false)
    expect((await searching).found.map(({ key }) => key)).toEqual(['k39995'])
    expect((await index.search('tide', () => true)).found).toHaveLength(101)
  })

  it('forgives nothing to a question without words, and finds nothing in an empty index', async () => {
    const index = indexOf([keyed({ id: 'a', title: 'b', description: 'c', tags: 'd' }, 0)])
    expect(await index.search(' -- ', () => true)).toEqual({ found: [], complete: true })
    expect(await new WordIndex().search('tide', () => true)).toEqual({ found: [], complete: true })
  })
})

describe(bestFirst, () => {
  it('puts nothing before what is better by a thousandth of the best', () => {
    fc.assert(
      fc.property(fc.array(fc.double({ min: 0, max: 1_000, noNaN: true }), { minLength: 1 }), (worths) => {
        const ordered = [...bestFirst([...worths.keys()], (at) => worths[at] ?? 0)]
        expect([...ordered].sort((a, b) => a - b)).toEqual([...worths.keys()])
        const best = Math.max(...worths)
        for (const [at, one] of ordered.entries()) {
          const before = worths[ordered[at - 1] ?? one] ?? 0
          expect(before).toBeGreaterThanOrEqual((worths[one] ?? 0) - best / 1_000)
        }
      }),
    )
  })

  it('keeps the order of what is worth the same, also nothing', () => {
    expect([...bestFirst([3, 1, 2], () => 0)]).toEqual([3, 1, 2])
  })
})
