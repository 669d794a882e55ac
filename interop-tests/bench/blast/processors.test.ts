import { describe, expect, it } from 'vitest'
import { parted } from './processors.ts'

describe(parted, () => {
  it.each([
    ['0-3', { good: '0,1,2', bad: '3' }],
    ['0,1', { good: '0', bad: '1' }],
    ['2-4,8', { good: '2,3,4', bad: '8' }],
    ['5', undefined],
  ])('gives bad peers one processor of %s', (allowed, lists) => {
    expect(parted(allowed)).toEqual(lists)
  })
})
