import type { LogLine } from '@hansa/protocols'
import { describe, expect, it } from 'vitest'
import { lineText } from './line-text.ts'
import type { Style } from './print.ts'

const same = (text: string) => text
const plain: Style = { bold: same, dim: same, good: same, warn: same, bad: same, name: same }
const line = (over: Record<string, unknown> = {}): LogLine => ({
  level: 'warn',
  time: '2027-01-15T08:00:00.000Z',
  event: 'mcp.lost',
  ...over,
})

describe(lineText, () => {
  it('is one line with time, level, event and fields', () => {
    expect(lineText(plain, line({ backend: 'files', ms: 12, reason: 'HTTP 404' }))).toBe(
      '2027-01-15T08:00:00.000Z  warn   mcp.lost  backend=files  ms=12  reason="HTTP 404"',
    )
  })

  it('puts what has several lines below, and leaves out what says nothing', () => {
    expect(lineText(plain, line({ level: 'error', event: 'node.not_reloaded', faults: 'a\nb', at: '' }))).toBe(
      '2027-01-15T08:00:00.000Z  error  node.not_reloaded\n    a\n    b',
    )
  })

  it.each([
    ['a line of her own', { reason: 'x\n2027-01-15T08:00:00.000Z  info   node.started' }],
    ['a line of her own below', { faults: 'x\r2027-01-15T08:00:00.000Z  info   node.started' }],
    ['another field', { reason: 'x  call_id=AAAAAAAAAAAAAAAAAAAAAA' }],
    ['the end of a string', { reason: 'x"  call_id="A' }],
  ])('lets no text of mallory pass for %s', (_what, fields) => {
    const [first = '', ...under] = lineText(plain, line(fields)).split('\n')
    expect(first).toMatch(/^2027-01-15T08:00:00\.000Z {2}warn {3}mcp\.lost(?: {2}reason="(?:[^"\\]|\\.)*")?$/)
    for (const each of under) expect(each).toMatch(/^ {4}/)
  })
})
