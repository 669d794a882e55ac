import { getEventListeners } from 'node:events'
import { manualClock } from '@hansa/protocols/testing'
import { expect, it } from 'vitest'
import { pause } from './pause.ts'

it('lasts as long as it says on the clock', async () => {
  const clock = manualClock()
  let over = false
  const paused = pause(clock, 1_000).then(() => {
    over = true
  })
  clock.advance(999)
  await Promise.resolve()
  expect(over).toBe(false)
  clock.advance(1)
  await paused
})

it('is over at once for a signal that is aborted, before or meanwhile', async () => {
  const clock = manualClock()
  const controller = new AbortController()
  const paused = pause(clock, 1_000, controller.signal)
  controller.abort()
  await paused
  await pause(clock, 1_000, controller.signal)
})

it('leaves nothing on the signal, however often it is made', async () => {
  const clock = manualClock()
  const { signal } = new AbortController()
  for (let time = 0; time < 20; time++) {
    const paused = pause(clock, 1_000, signal)
    clock.advance(1_000)
    await paused
  }
  expect(getEventListeners(signal, 'abort')).toEqual([])
})
