import { describe, expect, it } from 'vitest'
import type { ContentPart } from '../content/content-part.ts'
import { contentOfParts, partsOfContent } from './a2a-content.ts'
import { type A2aPart, a2aPartSchema } from './a2a-part.ts'

const table: [string, A2aPart, ContentPart][] = [
  ['text', { text: 'a', mediaType: 'text/plain' }, { type: 'text', text: 'a' }],
  ['empty text', { text: '', mediaType: 'text/plain' }, { type: 'text', text: '' }],
  ['data', { data: { a: [1, null] }, mediaType: 'application/json' }, { type: 'data', data: { a: [1, null] } }],
  ['data that is null', { data: null, mediaType: 'application/json' }, { type: 'data', data: null }],
  [
    'a file',
    { raw: 'YQ==', mediaType: 'image/png', filename: 'a.png' },
    { type: 'file', mediaType: 'image/png', name: 'a.png', bytes: 'YQ==' },
  ],
  ['a file of text', { text: 'a,b', mediaType: 'text/csv' }, { type: 'file', mediaType: 'text/csv', text: 'a,b' }],
  ['a file that is elsewhere', { url: 'https://a.example/b' }, { type: 'file', uri: 'https://a.example/b' }],
]

describe('parts of A2A and content of calls', () => {
  it.each(table)('say the same of %s, both ways', (_what, part, content) => {
    expect(a2aPartSchema.parse(part)).toEqual(part)
    expect(contentOfParts([part])).toEqual([content])
    expect(partsOfContent([content])).toEqual([part])
  })

  it('take base64 in both alphabets and without padding', () => {
    expect(contentOfParts([{ raw: '-_8' }])).toEqual([{ type: 'file', bytes: '+/8=' }])
  })

  it('keep where a file is from that is carried, and have a part where there is nothing', () => {
    const carried: ContentPart = { type: 'file', uri: 'test://a', text: 'x' }
    expect(partsOfContent([carried])).toEqual([{ text: 'x', metadata: { uri: 'test://a' } }])
    expect(partsOfContent([])).toEqual([{ text: '' }])
  })

  it.each([
    ['two kinds', { text: 'a', url: 'b' }],
    ['none', {}],
    ['bytes that are not base64', { raw: 'a b' }],
    ['a name that is a number', { text: 'a', filename: 7 }],
  ])('are refused with %s', (_what, part) => {
    expect(a2aPartSchema.safeParse(part).success).toBe(false)
  })
})
