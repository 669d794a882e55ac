/**
 * A secret in so many parts that some of them together give it back, and fewer say nothing about it (Shamir's scheme over
 * GF(2^8), each byte by itself). For keys that no single person should hold (security.md B1: 2 of 3 holders).
 */
import { randomBytes } from 'node:crypto'

export type SecretShare = { /** 1 to 255. */ number: number; bytes: Uint8Array }

export const MAX_SHARES = 16

/** @param needed how many of them give the secret back, at least two */
export function splitSecret(secret: Uint8Array, needed: number, of: number): SecretShare[] {
  if (!Number.isInteger(needed) || !Number.isInteger(of) || needed < 2 || needed > of || of > MAX_SHARES)
    throw new RangeError(`${needed} of ${of} is no way to split a secret`)
  // Of each byte a polynomial with the byte at 0 and coefficients that nobody knows.
  const higher = Array.from({ length: needed - 1 }, () => randomBytes(secret.length))
  return Array.from({ length: of }, (_, index) => {
    const x = index + 1
    const bytes = secret.map((byte, at) => higher.reduceRight((sum, one) => times(sum ^ (one[at] ?? 0), x), 0) ^ byte)
    return { number: x, bytes: Uint8Array.from(bytes) }
  })
}

/**
 * Whether what it gives is the secret only its user can tell: parts of two secrets give something else.
 * @returns undefined for parts that do not belong together: one twice, or of different length
 */
export function joinShares(shares: readonly SecretShare[]): Uint8Array | undefined {
  const numbers = new Set(shares.map(({ number }) => number))
  const [first] = shares
  const good = shares.every(({ number, bytes }) => number >= 1 && number <= 255 && bytes.length === first?.bytes.length)
  if (first === undefined || shares.length < 2 || numbers.size < shares.length || !good) return undefined
  return Uint8Array.from(first.bytes, (_, at) =>
    shares.reduce((sum, { number, bytes }) => {
      const weight = shares.reduce((product, { number: other }) => {
        return other === number ? product : times(product, times(other, inverse(other ^ number)))
      }, 1)
      return sum ^ times(bytes[at] ?? 0, weight)
    }, 0),
  )
}

/** In GF(2^8) with the polynomial of AES; without branches or tables, whose time would tell of the bytes. */
function times(a: number, b: number): number {
  let product = 0
  let left = a
  for (let bit = 0; bit < 8; bit++) {
    product ^= left & -((b >> bit) & 1)
    left = ((left << 1) ^ (0x11b & -(left >> 7))) & 0xff
  }
  return product
}

/** a^254, which is its inverse. */
function inverse(a: number): number {
  let result = 1
  for (let round = 0; round < 254; round++) result = times(result, a)
  return result
}
