import { describe, expect, it } from 'vitest'
import { moment } from './moment.ts'

const read = moment('--since')
const now = Date.parse('2026-03-01T12:00:00Z')

describe(moment, () => {
  it.each([
    ['30s', '2026-03-01T11:59:30.000Z'],
    ['10m', '2026-03-01T11:50:00.000Z'],
    ['6h', '2026-03-01T06:00:00.000Z'],
    ['2d', '2026-02-27T12:00:00.000Z'],
    ['1w', '2026-02-22T12:00:00.000Z'],
    ['2026-01-31', '2026-01-31T00:00:00.000Z'],
    ['2026-01-31T10:00Z', '2026-01-31T10:00:00.000Z'],
    ['2026-01-31T10:00:05.5Z', '2026-01-31T10:00:05.500Z'],
  ])('reads %s', (text, expected) => {
    expect(new Date(read(text)(now)).toISOString()).toBe(expected)
  })

  it('is never before 1970', () => {
    expect(read('999999w')(now)).toBe(0)
  })

  it.each(['', '10', 'yesterday', '10y', '2026-13-01', '2026-01-31T10:00', '2026-01-31 10:00Z', '-1d', '1969-01-01'])(
    'refuses %j with what it takes',
    (text) => {
      expect(() => read(text)).toThrow(/--since is 30s.*or a date such as 2026-01-31/)
    },
  )
})
