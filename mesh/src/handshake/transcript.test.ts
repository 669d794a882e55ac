import { type ChannelBinding, challengeSchema, exchangePaths, helloSchema } from '@hansa/protocols'
import { canonicalJson, sha256 } from '@hansa/trust'
import { describe, expect, it } from 'vitest'
import { lastTo, pair, parse, sessionOf } from '../testing/handshake-pair.ts'
import { challengeCookie, initiatorTranscript, isOwnCookie, responderTranscript } from './transcript.ts'

const binding: ChannelBinding = { kind: 'local', value: new Uint8Array(32).fill(7) }

async function messages() {
  const { network, a, b } = pair()
  sessionOf(await a.open(b))
  const { request, reply } = lastTo(network, exchangePaths.hello)
  return { hello: helloSchema.parse(parse(request)), challenge: challengeSchema.parse(parse(reply)) }
}
const spelled = (role: string, ...parts: (object | Uint8Array)[]) =>
  Buffer.concat([
    Buffer.from(role),
    ...parts.map((part) => (part instanceof Uint8Array ? part : sha256(canonicalJson(part)))),
  ])

describe('what is signed in a handshake', () => {
  it('is, for the responder, its role, the hello, the challenge without signature, and the channel', async () => {
    const { hello, challenge } = await messages()
    const { sig: _, ...unsigned } = challenge
    const expected = spelled('hansa/hs/v1/B\n', hello, unsigned, binding.value)
    expect(Buffer.from(responderTranscript(hello, challenge, binding))).toEqual(expected)
  })

  it('is, for the initiator, its role, the hello, the whole challenge, and the channel', async () => {
    const { hello, challenge } = await messages()
    const expected = spelled('hansa/hs/v1/A\n', hello, challenge, binding.value)
    expect(Buffer.from(initiatorTranscript(hello, challenge, binding))).toEqual(expected)
  })
})

describe('a cookie', () => {
  it('is known again by the key that made it, whatever cookie and signature the challenge has got since', async () => {
    const { hello, challenge } = await messages()
    const key = new Uint8Array(32).fill(1)
    const own = { ...challenge, cookie: challengeCookie(key, hello, challenge) }
    expect(isOwnCookie(key, hello, own)).toBe(true)
    expect(isOwnCookie(new Uint8Array(32).fill(2), hello, own)).toBe(false)
    expect(isOwnCookie(key, { ...hello, ts: hello.ts + 1 }, own)).toBe(false)
    expect(isOwnCookie(key, hello, { ...own, ts: own.ts + 1 })).toBe(false)
  })
})
