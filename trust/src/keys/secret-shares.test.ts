import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { joinShares, splitSecret } from './secret-shares.ts'

const secrets = fc.uint8Array({ minLength: 32, maxLength: 32 })
const ways = fc.tuple(fc.integer({ min: 2, max: 5 }), fc.integer({ min: 0, max: 4 })).map(([needed, more]) => {
  return { needed, of: needed + more }
})

describe('shares of a secret', () => {
  it('give it back, whichever they are, when there are enough', () => {
    fc.assert(
      fc.property(secrets, ways, fc.infiniteStream(fc.nat()), (secret, { needed, of }, picks) => {
        const left = splitSecret(secret, needed, of)
        const chosen = Array.from({ length: needed }, () =>
          left.splice((picks.next().value ?? 0) % left.length, 1),
        ).flat()
        expect(joinShares(chosen)).toEqual(secret)
      }),
    )
  })

  it('say nothing about it when one is lacking: there is a share for every secret that it could be', () => {
    fc.assert(
      fc.property(secrets, secrets, (secret, guess) => {
        const [one] = splitSecret(secret, 2, 3)
        if (one === undefined) throw new TypeError('no share')
        expect(joinShares([one, { number: 2, bytes: guessShare(one.bytes, guess) }])).toEqual(guess)
      }),
    )
  })

  it('of two splittings do not belong together, even of one secret', () => {
    const secret = new Uint8Array(32).fill(7)
    const [[one], [, two]] = [splitSecret(secret, 2, 3), splitSecret(secret, 2, 3)]
    if (one === undefined || two === undefined) throw new TypeError('no share')
    expect(joinShares([one, two])).not.toEqual(secret)
  })

  it('are refused alone, twice, and of different length', () => {
    const [one, two] = splitSecret(new Uint8Array(32).fill(7), 2, 3)
    if (one === undefined || two === undefined) throw new TypeError('no share')
    expect(joinShares([one])).toBeUndefined()
    expect(joinShares([one, one])).toBeUndefined()
    expect(joinShares([one, { ...two, bytes: two.bytes.subarray(1) }])).toBeUndefined()
  })

  it.each([
    [1, 3],
    [4, 3],
    [2, 17],
    [2.5, 3],
  ])('are not made as %s of %s', (needed, of) => {
    expect(() => splitSecret(new Uint8Array(32), needed, of)).toThrow(RangeError)
  })
})

/** In GF(2^8): twice a byte. */
function double(byte: number): number {
  return ((byte << 1) ^ (byte & 0x80 ? 0x11b : 0)) & 0xff
}

/** With f(x) = s + c x, f(2) = s + 2c, where c = f(1) + s. */
function guessShare(share: Uint8Array, guess: Uint8Array): Uint8Array {
  return share.map((byte, at) => (guess[at] ?? 0) ^ double(byte ^ (guess[at] ?? 0)))
}
