import { describe, expect, it } from 'vitest'
import { MAX_STREAMED } from '../kernel/text-stream.ts'
import { HeardText } from './heard-text.ts'

const result = (value: unknown) => Buffer.from(JSON.stringify(value))
const heard = (...texts: string[]) => {
  const made = new HeardText()
  let at = 0
  for (const text of texts) {
    made.hear({ type: 'text', text, at })
    at += text.length
  }
  return made
}

describe(HeardText, () => {
  it.each<[string, HeardText, unknown, boolean]>([
    ['nothing was said', heard(), { any: 'thing' }, false],
    ['the beginning was said', heard('the ber', 'th is'), 'the berth is K7', false],
    ['all of it was said', heard('the berth'), 'the berth', false],
    ['something else was said', heard('the berth is K8'), 'the berth is K7', true],
    ['more was said', heard('the berth', ' is K7'), 'the berth', true],
    ['the result is no text', heard('the berth'), { text: 'the berth' }, true],
  ])('knows whether a result fits when %s', (_what, made, value, contradicts) => {
    expect(made.contradicts(result(value))).toBe(contradicts)
  })

  it('is contradicted by what is no JSON at all', () => {
    const made = heard('the berth')
    expect(made.contradicts(Buffer.from('"the berth'))).toBe(true)
  })

  it('knows nothing of what comes behind a note that was lost, and holds it against nobody', () => {
    const made = heard('the ')
    expect(made.hear({ type: 'text', text: 'K7', at: 13 })).toBeUndefined()
    expect(made.hear({ type: 'text', text: 'berth', at: 4 })).toBeUndefined()
    expect(made.contradicts(result('the berth is K7'))).toBe(false)
  })

  it('lets through what is a note, and no more text than is ever said early', () => {
    const made = heard('a'.repeat(MAX_STREAMED - 1))
    expect(made.hear({ type: 'progress', progress: 1 })).toEqual({ type: 'progress', progress: 1 })
    expect(made.hear({ type: 'text', text: 'bb', at: MAX_STREAMED - 1 })).toBeUndefined()
    expect(made.hear('no note')).toBeUndefined()
    expect(made.contradicts(result('a'.repeat(MAX_STREAMED)))).toBe(true)
  })
})
