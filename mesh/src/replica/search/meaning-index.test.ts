import { setImmediate } from 'node:timers/promises'
import { manualClock } from '@hansa/protocols/testing'
import { describe, expect, it, onTestFinished } from 'vitest'
import { MeaningIndex } from './meaning-index.ts'

/** Means one of three things: boats, money, or neither. */
function meaningOf(text: string): Float32Array {
  const has = (...words: string[]) => Number(words.some((word) => text.includes(word)))
  return Float32Array.from([has('boat', 'ship', 'berth'), has('invoice', 'bill'), 0.1])
}

function anIndex(over: { maxVectors?: number; answer?: (texts: readonly string[]) => Promise<Float32Array[]> } = {}) {
  const clock = manualClock()
  const asked: string[][] = []
  const failures: string[] = []
  const embed = async (texts: readonly string[]) => {
    asked.push([...texts])
    return over.answer === undefined ? texts.map(meaningOf) : over.answer(texts)
  }
  const failed = (reason: string) => void failures.push(reason)
  const init = over.maxVectors === undefined ? {} : { maxVectors: over.maxVectors }
  const index = new MeaningIndex({ provider: { embed }, clock, failed }, init)
  onTestFinished(() => index.close())
  const pass = async (ms: number) => {
    for (let step = 0; step < 4; step++) {
      await clock.advance(ms / 4)
      for (let turn = 0; turn < 5; turn++) await setImmediate()
    }
  }
  return { index, asked, failures, pass }
}

describe(MeaningIndex, () => {
  it('asks for many at a time, and finds what means the same in other words', async () => {
    const { index, asked, pass } = anIndex()
    index.add('a', 'Book a berth')
    index.add('b', 'List invoices')
    await pass(1_000)
    expect(asked).toEqual([['Book a berth', 'List invoices']])
    const close = await index.closeness('where can my boat lie')
    expect(close?.get('a')).toBeGreaterThan(0.95)
    expect(close?.get('b')).toBeLessThan(0.2)
    await index.closeness('where can my boat lie')
    expect(asked).toHaveLength(2)
  })

  it('asks nobody while it holds nothing', async () => {
    const { index, asked } = anIndex()
    expect(await index.closeness('boat')).toBeUndefined()
    expect(asked).toEqual([])
  })

  it('forgets what is offered no more, and keeps no more than it may', async () => {
    const { index, asked, pass } = anIndex({ maxVectors: 2 })
    for (const hash of ['a', 'b', 'c']) index.add(hash, `berth ${hash}`)
    await pass(1_000)
    expect(asked.flat()).toEqual(['berth a', 'berth b'])
    index.remove('a')
    expect([...((await index.closeness('boat')) ?? [])].map(([hash]) => hash)).toEqual(['b'])
  })

  it.each<[string, (texts: readonly string[]) => Promise<Float32Array[]>, RegExp]>([
    ['fails', () => Promise.reject(new Error('it is away')), /away/],
    ['answers with too few', async () => [], /0 vectors came for 1 texts/],
  ])('leaves a provider alone for a minute that %s, says so, and goes on without', async (_what, answer, reason) => {
    const state = { answer }
    const { index, failures, pass } = anIndex({ answer: (texts) => state.answer(texts) })
    index.add('a', 'berth')
    await pass(1_000)
    expect(failures).toEqual([expect.stringMatching(reason)])
    expect(await index.closeness('boat')).toBeUndefined()
    state.answer = async (texts) => texts.map(meaningOf)
    await pass(61_000)
    expect((await index.closeness('boat'))?.size).toBe(1)
  })
})
