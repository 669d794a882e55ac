/**
 * What the two sides of a handshake sign (security.md B3). Pure.
 *
 *   sigB = Ed25519(B, "hansa/hs/v1/B\n" ‖ H(M1) ‖ H(M2 without sig) ‖ cb)
 *   sigA = Ed25519(A, "hansa/hs/v1/A\n" ‖ H(M1) ‖ H(M2) ‖ cb)
 *
 * Both DIDs and the suites are in M1 and M2, so nothing can be relayed to a third kernel or downgraded; the role is in
 * the prefix, so nothing can be reflected; the channel is in `cb`. H is SHA-256 of the canonical JSON, 32 bytes, and `cb`
 * comes last, so the string has one reading.
 */
import { createHmac, timingSafeEqual } from 'node:crypto'
import type { Challenge, ChannelBinding, Hello } from '@hansa/protocols'
import { canonicalJson, encodeBase64url, sha256 } from '@hansa/trust'

const RESPONDER = 'hansa/hs/v1/B\n'
const INITIATOR = 'hansa/hs/v1/A\n'
const COOKIE = 'hansa/hs/v1/cookie\n'

export type UnsignedChallenge = Omit<Challenge, 'sig'>
export type BareChallenge = Omit<Challenge, 'sig' | 'cookie'>

/** The string that B signs. */
export function responderTranscript(hello: Hello, challenge: UnsignedChallenge, binding: ChannelBinding): Uint8Array {
  const { sig: _, ...unsigned } = challenge as UnsignedChallenge & { sig?: string }
  return transcript(RESPONDER, hello, unsigned, binding)
}

/** The string that A signs. */
export function initiatorTranscript(hello: Hello, challenge: Challenge, binding: ChannelBinding): Uint8Array {
  return transcript(INITIATOR, hello, challenge, binding)
}

/**
 * What a responder binds to: the key that the initiator says it saw, if that is one that this kernel serves. A lie in it
 * gains nothing, because the initiator signs what it saw.
 * @returns undefined when it saw another one: somebody else ended its connection.
 */
export function bindingFor({ cb }: Hello, { kind, value, others = [] }: ChannelBinding): ChannelBinding | undefined {
  if (cb === undefined || kind !== 'spki') return { kind, value }
  const seen = [value, ...others].find((candidate) => encodeBase64url(candidate) === cb)
  return seen && { kind, value: seen }
}

/** @param key 32 random bytes of this process. @returns 32 bytes in base64url. */
export function challengeCookie(key: Uint8Array, hello: Hello, challenge: BareChallenge): string {
  const { sig: _, cookie: __, ...bare } = challenge as BareChallenge & Partial<Challenge>
  const mac = createHmac('sha256', key).update(COOKIE).update(messageHash(hello)).update(messageHash(bare))
  return mac.digest('base64url')
}

/** Whether this process, holding `key`, made this challenge for this hello. */
export function isOwnCookie(key: Uint8Array, hello: Hello, challenge: Challenge): boolean {
  return timingSafeEqual(Buffer.from(challengeCookie(key, hello, challenge)), Buffer.from(challenge.cookie))
}

function transcript(role: string, hello: Hello, challenge: object, binding: ChannelBinding): Uint8Array {
  return Buffer.concat([Buffer.from(role), messageHash(hello), messageHash(challenge), binding.value])
}

function messageHash(message: object): Uint8Array {
  return sha256(canonicalJson(message))
}
