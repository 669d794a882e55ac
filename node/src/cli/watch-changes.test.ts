import { expect, it } from 'vitest'
import { watchChanges } from './watch-changes.ts'

/** Looks at one value after the other. */
async function shownOf<T>(values: readonly T[]): Promise<T[]> {
  const left = [...values]
  const shown: T[] = []
  await watchChanges({
    look: async () => left.shift() as T,
    show: (value) => void shown.push(value),
    pause: async () => left.length > 0,
  })
  return shown
}

it('shows the first, and whatever differs from the one before', async () => {
  expect(await shownOf([[1], [1], [2], [2], [1]])).toEqual([[1], [2], [1]])
})

it('ends when it is told to, and shows what was there', async () => {
  expect(await shownOf([{ a: 1 }])).toEqual([{ a: 1 }])
})

it('fails with what looking fails with', async () => {
  const look = () => Promise.reject(new Error('the node has ended'))
  await expect(watchChanges({ look, show: () => {}, pause: async () => true })).rejects.toThrow('the node has ended')
})
