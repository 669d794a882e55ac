import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { FrameReader, frameOf } from './frame-reader.ts'

const texts = fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 12 })

describe('messages in a stream of bytes', () => {
  it('come out as they went in, however the stream is cut', () => {
    fc.assert(
      fc.property(texts, fc.array(fc.integer({ min: 1, max: 30 }), { minLength: 1 }), (messages, cuts) => {
        const stream = Buffer.concat(messages.map(frameOf))
        const reader = new FrameReader()
        const read: Uint8Array[] = []
        for (let at = 0, turn = 0; at < stream.length; turn++) {
          const size = cuts[turn % cuts.length] ?? 1
          expect(reader.push(stream.subarray(at, at + size), (message) => read.push(Uint8Array.from(message)))).toBe(
            undefined,
          )
          at += size
        }
        expect(read).toEqual(messages.map((message) => Uint8Array.from(message)))
      }),
    )
  })

  it('end at a length above the bound, before anything of that message is kept', () => {
    const reader = new FrameReader(10)
    const read: Uint8Array[] = []
    const take = (message: Uint8Array) => read.push(message)
    const bytes = Buffer.concat([frameOf(Buffer.from('fits')), Buffer.from([0, 0, 0, 11])])
    expect(reader.push(bytes, take)).toBe('a message of 11 bytes was announced')
    expect(reader.push(frameOf(Buffer.from('more')), take)).toBe(undefined)
    expect(read).toHaveLength(1)
  })
})
