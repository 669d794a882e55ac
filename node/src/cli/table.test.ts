import { describe, expect, it } from 'vitest'
import { createPrint, type Style } from './print.ts'
import { counted, duration, facts, table, time } from './table.ts'
import { memoryStream } from './testing/run-cli.ts'

function shown(render: (style: Style) => string): string {
  const stdout = memoryStream(false)
  createPrint({ json: false, stdout, stderr: stdout }).result(null, render)
  return stdout.text()
}

describe('text for people', () => {
  it('puts names beside what they are, and leaves out what is not there', () => {
    const members = [
      ['a', '1'],
      ['long', '2'],
      ['none', undefined],
    ] as const
    expect(shown((style) => facts(style, members))).toBe('a     1\nlong  2\n')
  })

  it('makes columns as wide as what is shown', () => {
    const rows = [
      ['\u001b', 'x'],
      ['longer', 'y'],
    ]
    expect(shown((style) => table(style, ['h', 'i'], rows))).toBe('h       i\n\\u001b  x\nlonger  y\n')
  })

  it('lets no line of a stranger pass for a fact or a row', () => {
    const name = 'orgb\ndid   did:key:z6MkHonest\r\n\ttrusted'
    expect(shown((style) => facts(style, [['peer', name]]))).toBe(
      'peer  orgb\n      did   did:key:z6MkHonest\\u000d\n      \ttrusted\n',
    )
    expect(shown((style) => table(style, ['name', 'did'], [[name, 'did:key:z6MkMallory']])).split('\n')).toEqual([
      expect.stringMatching(/^name +did$/),
      'orgb\\u000adid   did:key:z6MkHonest\\u000d\\u000a\\u0009trusted  did:key:z6MkMallory',
      '',
    ])
  })

  it.each([
    [0, '0 s'],
    [59, '59 s'],
    [60, '1 min'],
    [61, '1 min 1 s'],
    [7_199, '1 h 59 min'],
    [90_061, '1 d 1 h'],
    [86_400, '1 d'],
  ])('says %i seconds as %s', (seconds, text) => {
    expect(duration(seconds)).toBe(text)
  })

  it('counts and dates', () => {
    expect([counted(1, 'entry', 'entries'), counted(2, 'entry', 'entries'), counted(0, 'call')]).toEqual([
      '1 entry',
      '2 entries',
      '0 calls',
    ])
    expect(time(0)).toBe('1970-01-01T00:00:00Z')
  })
})
