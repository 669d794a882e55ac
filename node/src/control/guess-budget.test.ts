import { manualClock } from '@hansa/protocols/testing'
import { describe, expect, it } from 'vitest'
import {
  guessBudget,
  MAX_WAITING_REFUSALS,
  PROMPT_REFUSALS,
  REFUSAL_DELAY_MS,
  REFUSAL_WINDOW_MS,
} from './guess-budget.ts'

const open = new AbortController().signal

async function spent() {
  const clock = manualClock()
  const budget = guessBudget(clock)
  for (let at = 0; at < PROMPT_REFUSALS; at += 1) expect(await budget.wait(open)).toBe(true)
  return { clock, budget }
}

describe(guessBudget, () => {
  it('answers a few refusals at once, and makes every further one wait', async () => {
    const { clock, budget } = await spent()
    let answered = false
    const waits = budget.wait(open).then((value) => {
      answered = true
      return value
    })
    clock.advance(REFUSAL_DELAY_MS - 1)
    await Promise.resolve()
    expect(answered).toBe(false)
    clock.advance(1)
    expect(await waits).toBe(true)
  })

  it('answers at once again in the next window', async () => {
    const { clock, budget } = await spent()
    clock.advance(REFUSAL_WINDOW_MS)
    expect(await budget.wait(open)).toBe(true)
    expect(clock.waiting).toBe(0)
  })

  it('cuts what comes beyond the bound, and takes up again what was freed', async () => {
    const { clock, budget } = await spent()
    const waiting = Array.from({ length: MAX_WAITING_REFUSALS }, () => budget.wait(open))
    expect(await budget.wait(open)).toBe(false)
    clock.advance(REFUSAL_DELAY_MS)
    expect(await Promise.all(waiting)).toEqual(waiting.map(() => true))
    const next = budget.wait(open)
    clock.advance(REFUSAL_DELAY_MS)
    expect(await next).toBe(true)
  })

  it('keeps no timer for who has gone away', async () => {
    const { clock, budget } = await spent()
    const gone = new AbortController()
    const waits = budget.wait(gone.signal)
    gone.abort()
    expect(await waits).toBe(false)
    expect(clock.waiting).toBe(0)
  })
})
