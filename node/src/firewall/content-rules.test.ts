import { type Content, ContentAnswer } from '@hansa/protocols'
import { describe, expect, it } from 'vitest'
import { applyContentRules, applyQuestionRules } from './content-rules.ts'
import type { FieldRules } from './fields.ts'
import { VerdictLog } from './verdict-log.ts'

const rows = [
  { name: 'Ingrid', national_id: '010190-1234' },
  { name: 'Henrik', national_id: '020290-1234' },
]
const json = JSON.stringify(rows)
const base64 = (text: string) => Buffer.from(text).toString('base64')
const shaped = (content: Content, over: Partial<FieldRules>) =>
  applyContentRules({ content, isError: true }, { redact: new Set(), ...over }, new VerdictLog('egress_result'))?.value
const carriers: [string, Content[number]][] = [
  ['a text', { type: 'text', text: json }],
  ['data', { type: 'data', data: rows }],
  ['the text of a file', { type: 'file', uri: 'file:///a', text: json }],
  ['the bytes of a file', { type: 'file', uri: 'file:///a', bytes: base64(json) }],
]
/** Every text that can be read of it. */
const read = (value: unknown) =>
  JSON.stringify(value, (name, held) => (name === 'bytes' ? Buffer.from(held, 'base64').toString() : held))

describe(applyContentRules, () => {
  it.each(carriers)('redacts members in %s behind another part', (_what, part) => {
    const value = shaped([{ type: 'text', text: 'Here they are' }, part], { redact: new Set(['nationalid']) })
    expect(read(value)).not.toContain('1234')
    expect(read(value)).toContain('Henrik')
    expect(value?.isError).toBe(true)
  })

  it.each(carriers)('cuts rows in %s', (_what, part) => {
    const value = shaped([part], { maxRows: 1 })
    expect(read(value)).not.toContain('Henrik')
    expect(read(value)).toContain('Ingrid')
  })

  it.each(carriers)('keeps the allowed members in %s, and that it failed', (_what, part) => {
    const value = shaped([part], { allowed: new Set(['name']) })
    expect(read(value)).not.toContain('1234')
    expect(read(value)).not.toContain('file:///a')
    expect(read(value)).toContain('Henrik')
    expect(value?.isError).toBe(true)
  })

  it.each<[string, Content[number]]>([
    ['a text of words', { type: 'text', text: 'his national id is 010190-1234' }],
    ['a file that is no text', { type: 'file', bytes: Buffer.from([0xff, 0xd8, 0xff]).toString('base64') }],
    ['a link', { type: 'file', uri: 'https://bergen.example/010190-1234' }],
  ])('lets nothing of %s through where members are named', (_what, part) => {
    expect(shaped([part], { allowed: new Set(['name']) })).toBeUndefined()
  })

  it('counts parts as rows, and leaves alone what no rule is about', () => {
    const { content } = new ContentAnswer([
      { type: 'text', text: 'one' },
      { type: 'text', text: 'two' },
    ])
    expect(shaped(content, { maxRows: 1 })?.content).toEqual([{ type: 'text', text: 'one' }])
    const result = { content }
    const untouched = applyContentRules(result, { redact: new Set(['x']) }, new VerdictLog('egress_result'))
    expect(untouched?.value).toBe(result)
  })
})

describe(applyQuestionRules, () => {
  const requests = {
    why: { method: 'elicitation/create' as const, params: { message: 'Why?', method: 'x', email: 'y' } },
  }
  const rules = (over: Partial<FieldRules>) =>
    applyQuestionRules(requests, { redact: new Set(), ...over }, new VerdictLog('egress_result'))?.value

  it('is about what is asked, and not about how', () => {
    expect(rules({ redact: new Set(['email', 'method']) })).toEqual({
      why: { method: 'elicitation/create', params: { message: 'Why?', method: '[redacted]', email: '[redacted]' } },
    })
    expect(rules({ allowed: new Set(['why', 'method', 'params', 'message']) })).toBeUndefined()
    expect(rules({ maxRows: 1 })).toBe(requests)
  })
})
