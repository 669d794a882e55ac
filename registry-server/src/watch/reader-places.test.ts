import { manualClock } from '@hansa/protocols/testing'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type ReaderPlace, ReaderPlaces } from './reader-places.ts'

const TURN_MS = 30_000

function places({ maxReaders = 4, maxPerSource = 2 } = {}) {
  const clock = manualClock()
  const all = new ReaderPlaces({ clock, maxReaders, maxPerSource, turnMs: TURN_MS })
  const take = (source: string): ReaderPlace => {
    const place = all.take(source)
    if (place === undefined) throw new Error(`no place for ${source}`)
    clock.advance(1)
    return place
  }
  return { all, clock, take }
}

const gone = (of: readonly ReaderPlace[]) => of.map(({ signal }) => signal.aborted)

describe(ReaderPlaces, () => {
  it('gives as many as there are, and no more of one source than it may have', () => {
    const { all, take } = places()
    take('a')
    take('a')
    expect(all.take('a')).toBeUndefined()
    take('b')
    take('c')
    expect(all.take('d')).toBeUndefined()
    expect(all.taken).toBe(4)
  })

  it('gives the place of whoever has had it longest to the next, when that one has had his turn', () => {
    const { all, clock, take } = places()
    const held = ['a', 'b', 'c', 'd'].map(take)
    clock.advance(TURN_MS - 5)
    expect(all.take('e')).toBeUndefined()
    clock.advance(1)
    take('e')
    expect(gone(held)).toEqual([true, false, false, false])
    expect(all.taken).toBe(4)
    held[0]?.leave()
    expect(all.taken).toBe(4)
  })

  it('lets the readers of one source take turns with each other, and leaves those of others alone', () => {
    const { clock, take } = places()
    const other = take('b')
    const held = ['a', 'a'].map(take)
    clock.advance(TURN_MS)
    take('a')
    expect(gone([...held, other])).toEqual([true, false, false])
  })

  it('takes a place from whoever has most: mallory, who comes from many places at once, drives nobody out', () => {
    const { all, clock, take } = places({ maxReaders: 6, maxPerSource: 3 })
    const honest = take('honest')
    const mallory = ['m', 'm', 'm', 'n', 'n'].map(take)
    clock.advance(TURN_MS)
    take('newcomer')
    expect(gone(mallory)).toEqual([true, false, false, false, false])
    // Nobody has more than it would have: it takes turns with itself.
    clock.advance(TURN_MS)
    take('n')
    expect(gone(mallory)).toEqual([true, false, false, true, false])
    expect(honest.signal.aborted).toBe(false)
    expect(all.taken).toBe(6)
  })

  it('spares who reads all that is listed until he has caught up: without a cursor he would begin anew each time', () => {
    const { all, clock, take } = places()
    const held = ['a', 'b', 'c', 'd'].map(take)
    held[0]?.reads()
    clock.advance(TURN_MS)
    take('e')
    expect(gone(held)).toEqual([false, true, false, false])
    held[0]?.caughtUp()
    take('f')
    expect(gone(held)).toEqual([true, true, false, false])
    expect(all.taken).toBe(4)
  })

  it('spares nobody for more than ten turns, and nobody twice', () => {
    const { clock, take } = places()
    const held = ['a', 'b', 'c', 'd'].map(take)
    held[0]?.reads()
    clock.advance(10 * TURN_MS - 1)
    held[0]?.reads()
    take('e')
    expect(gone(held)).toEqual([true, false, false, false])
    held[1]?.reads()
    held[1]?.caughtUp()
    held[1]?.reads()
    take('f')
    expect(gone(held)).toEqual([true, true, false, false])
  })

  it('spares one reader of a source and half of all: mallory cannot keep places by reading slowly', () => {
    const { clock, take } = places({ maxReaders: 6, maxPerSource: 3 })
    const mallory = ['m', 'm', 'm', 'n', 'o', 'p'].map(take)
    for (const place of mallory) place.reads()
    clock.advance(TURN_MS)
    for (const source of ['a', 'b', 'c']) take(source)
    expect(gone(mallory)).toEqual([false, true, true, false, false, true])
  })

  it('never gives more than there are, and knows nobody any more when all have left', () => {
    const steps = fc.array(fc.tuple(fc.constantFrom('take', 'read', 'leave'), fc.nat(3), fc.nat(40_000)), {
      maxLength: 60,
    })
    fc.assert(
      fc.property(steps, (all) => {
        const { all: reader, clock } = places({ maxReaders: 5, maxPerSource: 3 })
        let held: { source: string; place: ReaderPlace }[] = []
        for (const [what, n, ms] of all) {
          clock.advance(ms)
          const source = `source ${n}`
          if (what === 'leave') held.splice(n, 1).forEach(({ place }) => void place.leave())
          else {
            const place = reader.take(source)
            if (place !== undefined) held.push({ source, place })
            if (what === 'read') place?.reads()
          }
          held = held.filter(({ place }) => !place.signal.aborted)
          expect(reader.taken).toBe(held.length)
          expect(held.length).toBeLessThanOrEqual(5)
          expect(held.filter((one) => one.source === source).length).toBeLessThanOrEqual(3)
        }
        for (const { place } of held) place.leave()
        expect(reader.taken).toBe(0)
        clock.advance(TURN_MS)
        expect(['a', 'b', 'c', 'd', 'e'].every((source) => reader.take(source) !== undefined)).toBe(true)
      }),
    )
  })
})
