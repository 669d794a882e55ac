/** base58 with the Bitcoin alphabet (multibase `z`). Quadratic, so callers bound the length first. */
const ALPHABET = '123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz'
const VALUES = new Map([...ALPHABET].map((character, value) => [character, value]))

/** Encodes; each leading zero byte becomes a leading `1`. */
export function encodeBase58btc(bytes: Uint8Array): string {
  const digits = inBase(bytes, 256, 58)
  return '1'.repeat(leading(bytes, 0)) + digits.map((digit) => ALPHABET.charAt(digit)).join('')
}

/** @returns undefined when a character is outside the alphabet. */
export function decodeBase58btc(text: string): Uint8Array | undefined {
  const digits: number[] = []
  for (const character of text) {
    const value = VALUES.get(character)
    if (value === undefined) return undefined
    digits.push(value)
  }
  return Uint8Array.from([...new Array<number>(leading(digits, 0)).fill(0), ...inBase(digits, 58, 256)])
}

/** The same number in another base, without leading zeros: the most significant digit comes first on both sides. */
function inBase(digits: Iterable<number>, from: number, to: number): number[] {
  const upwards: number[] = []
  for (const digit of digits) {
    let carry = digit
    for (let at = 0; at < upwards.length; at++) {
      carry += (upwards[at] ?? 0) * from
      upwards[at] = carry % to
      carry = Math.floor(carry / to)
    }
    for (; carry > 0; carry = Math.floor(carry / to)) upwards.push(carry % to)
  }
  return upwards.reverse()
}

function leading<T>(items: Iterable<T>, item: T): number {
  let count = 0
  for (const each of items) {
    if (each !== item) break
    count++
  }
  return count
}
