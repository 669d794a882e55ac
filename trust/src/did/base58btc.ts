/** base58 with the Bitcoin alphabet (multibase `z`). Quadratic, so callers bound the length first. */
const ALPHABET = '123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz'
const VALUES = new Map([...ALPHABET].map((character, value) => [character, value]))

/** Encodes; each leading zero byte becomes a leading `1`. */
export function encodeBase58btc(bytes: Uint8Array): string {
  let text = ''
  let number = 0n
  for (const byte of bytes) number = number * 256n + BigInt(byte)
  for (; number > 0n; number /= 58n) text = ALPHABET.charAt(Number(number % 58n)) + text
  return '1'.repeat(leading(bytes, 0)) + text
}

/** @returns undefined when a character is outside the alphabet. */
export function decodeBase58btc(text: string): Uint8Array | undefined {
  let number = 0n
  for (const character of text) {
    const value = VALUES.get(character)
    if (value === undefined) return undefined
    number = number * 58n + BigInt(value)
  }
  const bytes: number[] = []
  for (; number > 0n; number /= 256n) bytes.push(Number(number % 256n))
  const zeros = leading([...text], '1')
  return Uint8Array.from([...new Array<number>(zeros).fill(0), ...bytes.reverse()])
}

function leading<T>(items: Iterable<T>, item: T): number {
  let count = 0
  for (const each of items) {
    if (each !== item) break
    count++
  }
  return count
}
