import { describe, expect, it } from 'vitest'
import type { IndexedCapability, WordMatch } from './search-index.ts'
import { weighedMatches } from './weighed-matches.ts'

const entry = (id: string) => ({ id, hash: `hash of ${id}` }) as IndexedCapability
const [berth, invoice, unknown] = [entry('berth'), entry('invoice'), entry('unknown')]
const match = (of: IndexedCapability, score: number): WordMatch => ({
  entry: of,
  score,
  found: () => ({ word: ['title'] }),
})
const meanings = (close: Record<string, number>) => ({
  close: new Map(Object.entries(close).map(([id, cosine]) => [`hash of ${id}`, cosine])),
  ofHash: (hash: string) => [berth, invoice].filter((one) => one.hash === hash),
})

describe(weighedMatches, () => {
  it('goes by words alone where no meaning is known', () => {
    expect(weighedMatches([match(berth, 10), match(invoice, 5)]).map(({ relevance }) => relevance)).toEqual([1, 0.5])
    expect(weighedMatches([match(berth, 10)], meanings({}))).toMatchObject([{ relevance: 1 }])
  })

  it('counts words and meaning half each, and words whole where the meaning of one is not known', () => {
    const weighed = weighedMatches([match(invoice, 10), match(unknown, 8)], meanings({ berth: 0.9, invoice: 0.09 }))
    expect(weighed.map(({ entry: { id }, relevance }) => [id, Math.round(relevance * 100)])).toEqual([
      ['invoice', 55],
      ['unknown', 80],
      ['berth', 50],
    ])
    expect(weighed[2]).toMatchObject({ alike: 1 })
    expect(weighed[2]).not.toHaveProperty('words')
  })

  it('takes for a hit without a word only what is close', () => {
    expect(weighedMatches([], meanings({ berth: 0.9, invoice: 0.3 })).map(({ entry: { id } }) => id)).toEqual(['berth'])
  })
})
