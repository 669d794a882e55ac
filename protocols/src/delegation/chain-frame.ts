/**
 * A chain as it travels beside an intent: its links as compact JWS, the first link first, with one newline between two
 * of them. No chain is no byte. The same text is a chain file. Nothing here is verified.
 */
import { MAX_DELEGATION_BYTES, MAX_DELEGATION_LINKS } from './link.ts'

const COMPACT_JWS = /^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+$/

/** @returns undefined when it is longer than a frame may be. */
export function encodeChain(links: readonly string[]): Uint8Array | undefined {
  const bytes = new TextEncoder().encode(links.join('\n'))
  return bytes.length > MAX_DELEGATION_BYTES || links.length > MAX_DELEGATION_LINKS ? undefined : bytes
}

/** @returns the links, none for no byte; undefined when it is anything else than a chain. */
export function decodeChain(frame: Uint8Array): string[] | undefined {
  if (frame.length === 0) return []
  if (frame.length > MAX_DELEGATION_BYTES) return undefined
  const links = Array.from(frame, (byte) => String.fromCharCode(byte))
    .join('')
    .split('\n')
  return links.length <= MAX_DELEGATION_LINKS && links.every((link) => COMPACT_JWS.test(link)) ? links : undefined
}
