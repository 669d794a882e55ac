/** The number sequence of the RFC 8785 test data: edge cases, subnormals, then doubles from a hash chain. */
import { createHash, hash } from 'node:crypto'
import { expect, it } from 'vitest'
import { describeVectors, vectorBytes } from '../testing/published-vectors.ts'
import { canonicalJson } from './canonical-json.ts'

const SERIAL_COUNT = 2_000
const SMALLEST_NORMAL = 0x0010000000000000n

/** The doubles in order, as their bits. @param fixed the edge cases that the sequence begins with. */
function* doubles(fixed: readonly bigint[]): Generator<bigint> {
  yield* fixed
  for (let index = 0; index < SERIAL_COUNT; index++) yield SMALLEST_NORMAL + BigInt(index)
  const view = new DataView(new ArrayBuffer(8))
  for (let block = Buffer.alloc(32); ; ) {
    block = hash('sha256', block, 'buffer')
    for (let at = 0; at < 32; at += 8) {
      const bits = block.readBigUInt64LE(at)
      view.setBigUint64(0, bits)
      const value = view.getFloat64(0)
      if (value !== 0 && Number.isFinite(value)) yield bits
    }
  }
}

describeVectors('RFC 8785 numbers', () => {
  const readme = Buffer.from(vectorBytes('jcs/README.md')).toString()
  const fixed = [...readme.matchAll(/0x([0-9a-f]{16})n[,\s]/g)].map(([, hex]) => BigInt(`0x${hex}`)).slice(0, -1)

  it('writes a million doubles as the reference does', () => {
    const view = new DataView(new ArrayBuffer(8))
    const digest = createHash('sha256')
    let lines = 0
    let text = ''
    for (const bits of doubles(fixed)) {
      view.setBigUint64(0, bits)
      text += `${bits.toString(16)},${canonicalJson(view.getFloat64(0))}\n`
      if (++lines % 10_000 === 0) {
        digest.update(text)
        text = ''
      }
      if (lines === 1_000_000) break
    }
    const [, expected] = readme.match(/([0-9a-f]{64})\s*\|\s*1[_,]?000[_,]?000\s/) ?? []
    expect(digest.digest('hex')).toBe(expected)
  })
})
