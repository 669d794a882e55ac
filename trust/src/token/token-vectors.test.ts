/** Wycheproof over the two primitives that tokens stand on, called as the token code calls them. */
import { createHmac, createSecretKey, hkdfSync } from 'node:crypto'
import { expect, it } from 'vitest'
import { describeVectors, vectorJson } from '../testing/published-vectors.ts'

type Mac = {
  testGroups: { tagSize: number; tests: { tcId: number; key: string; msg: string; tag: string; result: string }[] }[]
}
type Hkdf = {
  testGroups: {
    tests: { tcId: number; ikm: string; salt: string; info: string; size: number; okm: string; result: string }[]
  }[]
}
const hex = (text: string) => Buffer.from(text, 'hex')

describeVectors('Wycheproof HMAC-SHA-256', () => {
  it('gives all 174 published verdicts', () => {
    const tests = vectorJson<Mac>('wycheproof/hmac_sha256_test.json').testGroups.flatMap(({ tagSize, tests: group }) =>
      group.map((test) => ({ ...test, bytes: tagSize / 8 })),
    )
    const wrong = tests.filter(({ key, msg, tag, bytes, result }) => {
      const mac = createHmac('sha256', createSecretKey(hex(key)))
        .update(hex(msg))
        .digest()
        .subarray(0, bytes)
      return mac.equals(hex(tag)) !== (result === 'valid')
    })
    expect(tests).toHaveLength(174)
    expect(wrong.map(({ tcId }) => tcId)).toEqual([])
  })
})

describeVectors('Wycheproof HKDF-SHA-256', () => {
  it('gives all 86 published verdicts', () => {
    const tests = vectorJson<Hkdf>('wycheproof/hkdf_sha256_test.json').testGroups.flatMap((group) => group.tests)
    const wrong = tests.filter(({ ikm, salt, info, size, okm, result }) => {
      try {
        const key = Buffer.from(hkdfSync('sha256', hex(ikm), hex(salt), hex(info), size))
        return key.equals(hex(okm)) !== (result === 'valid')
      } catch {
        return result === 'valid'
      }
    })
    expect(tests).toHaveLength(86)
    expect(wrong.map(({ tcId }) => tcId)).toEqual([])
  })
})
