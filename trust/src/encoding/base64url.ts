/** base64url without padding (RFC 4648 section 5), one text for each byte string (wire.md: bytes in JSON). */

/** Encodes without padding. */
export function encodeBase64url(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64url')
}

/** @returns the bytes, or undefined when `text` is not exactly what `encodeBase64url` makes of them. */
export function decodeBase64url(text: string): Uint8Array | undefined {
  // The decoder of the platform skips what it does not know; encoding again shows whether it did.
  const decoded = Buffer.from(text, 'base64url')
  if (decoded.toString('base64url') !== text) return undefined
  return new Uint8Array(decoded.buffer, decoded.byteOffset, decoded.length)
}

/** What may stand last where the last character has bits of no byte, by the characters beyond groups of four. */
const LAST = ['', undefined, 'AQgw', 'AEIMQUYcgkosw048'] as const

/** The same as `decodeBase64url` for text of nothing but the alphabet, which is not looked for again. */
export function decodeAlphabet(text: string): Uint8Array | undefined {
  const last = LAST[text.length % 4]
  if (last === undefined || (last !== '' && !last.includes(text.charAt(text.length - 1)))) return undefined
  const decoded = Buffer.from(text, 'base64url')
  return new Uint8Array(decoded.buffer, decoded.byteOffset, decoded.length)
}
