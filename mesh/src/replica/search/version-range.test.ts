import { describe, expect, it } from 'vitest'
import { parseVersionRange } from './version-range.ts'

describe(parseVersionRange, () => {
  it.each<[string, string[], string[]]>([
    ['1.2.3', ['1.2.3'], ['1.2.4', '1.2.3-beta']],
    ['=1.2.3', ['1.2.3'], ['1.2.2']],
    ['1.2', ['1.2.0', '1.2.9'], ['1.3.0', '1.1.9']],
    ['1.x', ['1.0.0', '1.9.9'], ['2.0.0', '0.9.9', '2.0.0-beta']],
    ['*', ['0.0.1', '9.9.9'], ['1.0.0-beta']],
    ['^1.2.0', ['1.2.0', '1.99.0'], ['1.1.9', '2.0.0', '1.3.0-beta', '2.0.0-beta']],
    ['^0.2.3', ['0.2.3', '0.2.9'], ['0.3.0', '0.2.2']],
    ['^0.0.3', ['0.0.3'], ['0.0.4']],
    ['~1.2.3', ['1.2.3', '1.2.9'], ['1.3.0', '1.2.2']],
    ['~1', ['1.0.0', '1.9.0'], ['2.0.0']],
    ['>=1.2.0 <2.0.0', ['1.2.0', '1.9.9'], ['2.0.0', '1.1.9']],
    ['>1.2', ['1.3.0'], ['1.2.9']],
    ['<=1.2', ['1.2.9', '0.1.0'], ['1.3.0']],
    ['>1.2.3', ['1.2.4'], ['1.2.3']],
    ['<=1.2.3', ['1.2.3'], ['1.2.4']],
    ['1.x || >=3', ['1.5.0', '3.0.0', '4.1.0'], ['2.0.0']],
    ['>=1.0.0-beta.2', ['1.0.0', '1.0.0-beta.11', '1.0.0-rc'], ['1.0.0-beta.1', '1.0.0-alpha', '1.1.0-rc']],
  ])('%s', (text, inside, outside) => {
    const range = parseVersionRange(text)
    expect(inside.filter((version) => range?.(version) !== true)).toEqual([])
    expect(outside.filter((version) => range?.(version) !== false)).toEqual([])
  })

  it.each(['', ' ', 'latest', '1.2.3.4', '>=', '1.0.0 ||', '^^1', '1.0.0 - 2.0.0', '99999999999.0.0'])(
    'says that %j is none',
    (text) => {
      expect(parseVersionRange(text)).toBeUndefined()
    },
  )

  it('admits nothing that is no version', () => {
    expect(parseVersionRange('*')?.('not a version')).toBe(false)
  })
})
