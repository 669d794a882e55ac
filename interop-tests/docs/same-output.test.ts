import { describe, expect, it } from 'vitest'
import { firstDifference, sameLine } from './same-output.ts'

describe('what a page shows and what was printed', () => {
  it.each([
    [
      'did  did:key:z6MkfnoYGaELXs2yjUYaXbiz6x5JHHwA5qq63XqvfRg16cWC',
      'did did:key:z6MkeYJvgH86stgvHXMcbjiSHkjp7FNCW2pnCWk4AUpEHWv1',
    ],
    ['Ready: did:key:z6Mkn6A9… at x', 'Ready: did:key:z6MkeYJvgH86stgvHXMcbjiSHkjp7FNCW2pnCWk4AUpEHWv1 at x'],
    ['call  CYLByi6VhKAuaHryiGOYZw', 'call       XTzByi6VhKAuaHryiGOYZ1'],
    ['fingerprint 16c1 a104', 'fingerprint ffff 0000'],
    ['{"id":"CYLByi6VhKAuaHryiGOYZw","n":1}', '{"id":"XTzByi6VhKAuaHryiGOYZ1","n":1}'],
    ['done in 12ms, at 2026-11-20T10:00:00Z', 'done in 9ms, at 2026-11-21T10:00:01Z'],
  ])('are the same line: %s', (expected, actual) => {
    expect(sameLine(expected, actual)).toBe(true)
  })

  it.each([
    ['calls  1 ok', 'calls  2 ok'],
    ['imported orgb under most_restrictive', 'imported orgb under remote_deferred_here'],
    ['decision permit', 'decision deny'],
    ['pair consistent', 'pair consistent today'],
    ['agents-read-at-orgb', 'agents-read-at-orgc'],
    ['unclassified… x', 'classified y'],
  ])('differ: %s', (expected, actual) => {
    expect(sameLine(expected, actual)).toBe(false)
  })

  it('may differ where dots stand for lines', () => {
    expect(firstDifference('a\n...\nd\n', 'a\nb\nc\nd\n')).toBeUndefined()
    expect(firstDifference('...\nd\n...', 'a\nd\n')).toBeUndefined()
    expect(firstDifference('a\nd\n', 'a\nb\nc\nd\n')).toEqual({ at: 1, line: 'd' })
    expect(firstDifference('a\n...\ne\n', 'a\nb\n')).toMatchObject({ line: 'e' })
    expect(firstDifference('a\n', 'a\nb\n')).toMatchObject({ line: '(the end)' })
  })
})
