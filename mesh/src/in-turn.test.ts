import { describe, expect, it } from 'vitest'
import { inTurn } from './in-turn.ts'

describe(inTurn, () => {
  it('begins a change when the one before has ended, and goes on behind one that fails', async () => {
    const next = inTurn()
    const seen: string[] = []
    const change = (name: string, fails = false) =>
      next(async () => {
        seen.push(`${name} begins`)
        await Promise.resolve()
        seen.push(`${name} ends`)
        if (fails) throw new Error(name)
        return name
      })
    const ended = await Promise.allSettled([change('a'), change('b', true), change('c')])
    expect(ended.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled'])
    expect(seen).toEqual(['a begins', 'a ends', 'b begins', 'b ends', 'c begins', 'c ends'])
  })
})
