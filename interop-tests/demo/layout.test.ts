import { describe, expect, it } from 'vitest'
import { columns, cut, fill, printable, short, wrap } from './layout.ts'

describe('text for a terminal', () => {
  it('shows what a terminal would obey by its number', () => {
    expect(printable('red \u001b[31m, \u202eback, \r\n, grüße ✓')).toBe(
      'red \\u001b[31m, \\u202eback, \\u000d\\u000a, grüße ✓',
    )
  })

  it('is cut with a mark, and filled up', () => {
    expect([cut('abcdef', 6), cut('abcdefg', 6), fill('ab', 4)]).toEqual(['abcdef', 'abcde…', 'ab  '])
  })

  it('is wrapped between words, and keeps its gaps', () => {
    expect(wrap('one two  three four', 10)).toEqual(['one two ', 'three four'])
    expect(wrap('a-word-that-is-too-long b', 5)).toEqual(['a-word-that-is-too-long', 'b'])
  })

  it('is put in columns', () => {
    expect(
      columns([
        ['id', 'name'],
        ['C-1', 'Ingrid'],
        ['C-22', 'Bo'],
      ]),
    ).toEqual(['id    name', 'C-1   Ingrid', 'C-22  Bo'])
  })

  it('names a DID by its beginning and its end', () => {
    expect(short('did:key:z6MkqXk3kZ8mTfbYtdMBFMhe97kFahqf')).toBe('did:key:z6Mk…97kFahqf')
  })
})
