import { describe, expect, it } from 'vitest'
import { manualClock } from './manual-clock.ts'

describe(manualClock, () => {
  it('stands still until it is moved, and runs what falls due in order', () => {
    const clock = manualClock(1_000)
    const runs: [string, number][] = []
    const note = (name: string) => () => void runs.push([name, clock.now()])
    clock.after(20, note('b'))
    clock.after(10, note('a'))
    clock.after(20, note('c'))
    clock.after(30, note('d'))
    expect(runs).toEqual([])
    clock.advance(20)
    expect(runs).toEqual([
      ['a', 1_010],
      ['b', 1_020],
      ['c', 1_020],
    ])
    expect(clock.now()).toBe(1_020)
    expect(clock.waiting).toBe(1)
  })

  it('runs what was asked for on the way, and nothing that was cancelled', () => {
    const clock = manualClock(0)
    const ticks: number[] = []
    let cancel = () => {}
    const tick = () => {
      ticks.push(clock.now())
      cancel = clock.after(10, tick)
    }
    tick()
    clock.advance(25)
    cancel()
    cancel()
    clock.advance(100)
    expect(ticks).toEqual([0, 10, 20])
  })
})
