import { describe, expect, it } from 'vitest'
import { callFrameLimits, decodeFrames, encodeFrames, MAX_CALL_BYTES, replyFrameLimits } from './call-body.ts'

const frame = (length: number, fill = 7) => new Uint8Array(length).fill(fill)

describe(decodeFrames, () => {
  it.each([[[0, 0, 0, 0]], [[1, 0, 32, 5]], [[900, 10, 32, 1000]]])('gives back frames of lengths %j', (lengths) => {
    const frames = lengths.map((length, index) => frame(length, index))
    expect(decodeFrames(encodeFrames(frames), callFrameLimits)).toEqual(frames)
  })

  it('takes every frame at its limit', () => {
    const body = encodeFrames(callFrameLimits.map((limit) => frame(limit)))
    expect(body.length).toBe(MAX_CALL_BYTES)
    expect(decodeFrames(body, callFrameLimits)).toHaveLength(4)
  })

  it.each([0, 1, 2, 3])('refuses frame %i when it is one byte over its limit', (index) => {
    const lengths = [0, 0, 0, 0]
    lengths[index] = (callFrameLimits[index] ?? 0) + 1
    expect(decodeFrames(encodeFrames(lengths.map((length) => frame(length))), callFrameLimits)).toBeUndefined()
  })

  it('refuses a frame too few, a frame too many and trailing bytes', () => {
    const three = encodeFrames([frame(1), frame(1), frame(1)])
    expect(decodeFrames(three, callFrameLimits)).toBeUndefined()
    expect(decodeFrames(encodeFrames([frame(1), frame(1), frame(1), frame(1)]), replyFrameLimits)).toBeUndefined()
    expect(decodeFrames(Buffer.concat([three, frame(1)]), replyFrameLimits)).toBeUndefined()
  })

  it('refuses every truncation of a body', () => {
    const body = encodeFrames([frame(3), frame(2), frame(32), frame(4)])
    for (let length = 0; length < body.length; length++) {
      expect(decodeFrames(body.subarray(0, length), callFrameLimits), `${length} bytes`).toBeUndefined()
    }
  })

  it('refuses a length that claims more than there is, up to the largest', () => {
    for (const claimed of [1, 255, 0x7fff_ffff, 0xffff_ffff]) {
      const body = new Uint8Array(4)
      new DataView(body.buffer).setUint32(0, claimed)
      expect(decodeFrames(body, [0xffff_ffff])).toBeUndefined()
    }
  })

  it('looks at a body that begins in the middle of a buffer', () => {
    const body = encodeFrames([frame(3), frame(1), frame(2)])
    const inside = Buffer.concat([frame(5, 1), body]).subarray(5)
    expect(decodeFrames(inside, replyFrameLimits)?.map(({ length }) => length)).toEqual([3, 1, 2])
  })
})
