import type { Did } from '@hansa/protocols'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ACTIVE_NEIGHBOURS, ActiveView, type Place } from './active-view.ts'

const place = (n: number): Place => ({ did: `did:web:k${n}.example` as Did, endpoint: `https://k${n}.example` })
const many = (count: number) => Array.from({ length: count }, (_, n) => place(n))

/** A view of a world that a test changes. */
function viewOf(world: { named?: Place[]; known?: Place[]; now?: number; random?: () => number }) {
  return new ActiveView({
    named: () => world.named ?? [],
    known: () => world.known ?? [],
    find: (did) => world.known?.find((one) => one.did === did),
    nowSeconds: () => world.now ?? 0,
    random: world.random ?? (() => 0.5),
  })
}

describe('the neighbours of a kernel', () => {
  it('are those that were named and five of the others', () => {
    const view = viewOf({ named: [place(0)], known: many(20) })
    const neighbours = view.neighbours()
    expect(neighbours).toHaveLength(1 + ACTIVE_NEIGHBOURS)
    expect(neighbours[0]).toEqual({ ...place(0), named: true })
    expect(new Set(neighbours.map(({ did }) => did)).size).toBe(1 + ACTIVE_NEIGHBOURS)
  })

  it('stay the same while they answer', () => {
    let draws = 0
    const view = viewOf({ known: many(100), random: () => (draws++ % 10) / 10 })
    const before = view.neighbours()
    for (const { did } of before) view.heard(did)
    expect(view.neighbours().map(({ did }) => did)).toEqual(before.map(({ did }) => did))
  })

  it('are replaced when they owe two answers, and not picked again for five seconds', () => {
    const world = { known: many(6), now: 1_000 }
    const view = viewOf(world)
    const gone = view.neighbours()[0]?.did as Did
    view.missed(gone, 'connection refused')
    expect(view.neighbours().find(({ did }) => did === gone)?.fault).toBe('connection refused')
    view.missed(gone, 'connection refused')
    expect(view.neighbours().map(({ did }) => did)).not.toContain(gone)
    world.now += 6
    world.known = world.known.filter(({ did }) => did === gone)
    expect(view.neighbours().map(({ did }) => did)).toEqual([gone])
  })

  it('are picked again at once when nobody else is left', () => {
    const view = viewOf({ known: [place(1)] })
    view.neighbours()
    for (let n = 0; n < 2; n++) view.missed(place(1).did, 'timeout')
    expect(view.neighbours().map(({ did }) => did)).toEqual([place(1).did])
  })

  it('that an operator named stay, whether they answer or not, and say what is wrong', () => {
    const view = viewOf({ named: [place(0)], now: 77 })
    view.neighbours()
    for (let n = 0; n < 10; n++) view.missed(place(0).did, 'timeout')
    expect(view.neighbours()).toEqual([{ ...place(0), named: true, fault: 'timeout' }])
    view.heard(place(0).did)
    expect(view.neighbours()).toEqual([{ ...place(0), named: true, heard: 77 }])
  })

  it('move with their manifest, and go with it', () => {
    const world = { known: many(3) }
    const view = viewOf(world)
    view.neighbours()
    world.known = [{ ...place(1), endpoint: 'https://moved.example' }]
    expect(view.neighbours()).toEqual([{ ...place(1), endpoint: 'https://moved.example', named: false }])
  })

  it('are never more than their number, never twice, and as many as there are', () => {
    const steps = fc.array(
      fc.oneof(
        fc.record({ do: fc.constant('known' as const), count: fc.nat(12) }),
        fc.record({ do: fc.constantFrom('heard' as const, 'missed' as const), count: fc.nat(12) }),
        fc.record({ do: fc.constant('later' as const), count: fc.nat(100) }),
      ),
      { maxLength: 40 },
    )
    fc.assert(
      fc.property(steps, fc.infiniteStream(fc.double({ min: 0, max: 0.999, noNaN: true })), (all, draws) => {
        const world = { named: [place(0)], known: many(0), now: 0, random: () => draws.next().value as number }
        const view = viewOf(world)
        for (const { do: what, count } of all) {
          if (what === 'known') world.known = many(count)
          else if (what === 'later') world.now += count
          else if (what === 'heard') view.heard(place(count).did)
          else view.missed(place(count).did, 'timeout')
          const neighbours = view.neighbours()
          const picked = neighbours.filter(({ named }) => !named)
          expect(picked.length).toBeLessThanOrEqual(ACTIVE_NEIGHBOURS)
          expect(new Set(neighbours.map(({ did }) => did)).size).toBe(neighbours.length)
          expect(neighbours.some(({ named }) => named)).toBe(true)
          if (world.known.some(({ did }) => did !== place(0).did)) expect(picked.length).toBeGreaterThan(0)
        }
      }),
    )
  })
})
