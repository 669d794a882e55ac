import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { didKeyResolver } from '../did/did-key-resolver.ts'
import type { KeyResolver } from '../did/key-resolver.ts'
import { encodeBase64url } from '../encoding/base64url.ts'
import { canonicalJson } from '../json/canonical-json.ts'
import type { Signer } from '../keys/signer.ts'
import { alice, mallory } from '../testing/actors.ts'
import { signJws, type VerifyJwsInit, verifyJws } from './jws.ts'

const TYP = 'hansa-test+jws'
const payload = { iss: alice.did, seq: 7, text: 'ü' }
const resolver = didKeyResolver()

const verify = (jws: string, over: Partial<VerifyJwsInit> = {}) =>
  verifyJws(jws, { typ: TYP, resolver, maxBytes: 4_096, issuerOf: ({ iss }) => iss, ...over })

/** A JWS of any header and payload text with a good signature over them. */
function forge(signer: Signer, header: unknown, payloadText: string): string {
  const headerText = typeof header === 'string' ? header : canonicalJson(header)
  const signed = `${encodeBase64url(Buffer.from(headerText))}.${encodeBase64url(Buffer.from(payloadText))}`
  return `${signed}.${encodeBase64url(signer.sign(Buffer.from(signed)))}`
}

const goodHeader = { alg: 'EdDSA', kid: alice.kid, typ: TYP }

describe('a signed object', () => {
  it('gives back the payload, the bytes that were signed and who signed', async () => {
    const { jws, payloadBytes } = signJws(alice, TYP, payload)
    expect(await verify(jws)).toEqual({
      ok: true,
      issuer: alice.did,
      payload,
      payloadBytes: new Uint8Array(payloadBytes),
    })
  })

  it('is the same text whatever the order of members', () => {
    expect(signJws(alice, TYP, { text: 'ü', seq: 7, iss: alice.did }).jws).toBe(signJws(alice, TYP, payload).jws)
    expect(forge(alice, goodHeader, canonicalJson(payload))).toBe(signJws(alice, TYP, payload).jws)
  })

  it.each([
    ['a fraction', { iss: alice.did, n: 1.5 }],
    ['a forbidden name', { iss: alice.did, constructor: 1 }],
    ['too much depth', { iss: alice.did, a: JSON.parse(`${'['.repeat(40)}${']'.repeat(40)}`) }],
  ])('is not made with %s, which no verifier would take', (_what, bad) => {
    expect(() => signJws(alice, TYP, bad)).toThrow(TypeError)
  })
})

describe('a verifier refuses', () => {
  const { jws } = signJws(alice, TYP, payload)
  const [header = '', body = '', signature = ''] = jws.split('.')

  it.each([
    ['nothing', '', 'not_a_compact_jws'],
    ['two parts', `${header}.${body}`, 'not_a_compact_jws'],
    ['four parts', `${jws}.${signature}`, 'not_a_compact_jws'],
    ['a thousand dots', '.'.repeat(1000), 'not_a_compact_jws'],
    ['an empty payload', `${header}..${signature}`, 'not_canonical_base64url'],
    ['padding', `${header}.${body}.${signature}==`, 'not_canonical_base64url'],
    ['a line feed at the end', `${jws}\n`, 'not_canonical_base64url'],
    ['a signature in another spelling', `${header}.${body}.${signature.slice(0, -1)}B`, 'not_canonical_base64url'],
    ['a character outside ASCII', `${header}.${body}ü.${signature}`, 'not_canonical_base64url'],
    ['more bytes than it is told to read', `${jws}${'A'.repeat(5000)}`, 'too_large'],
    ['a header of a megabyte', `${'A'.repeat(3000)}.${body}.${signature}`, 'header_too_large'],
  ])('%s', async (_what, text, reason) => {
    expect(await verify(text)).toEqual({ ok: false, reason })
  })

  it.each([
    ['alg none', { ...goodHeader, alg: 'none' }, 'header_alg'],
    ['HS256 with the public key as its secret', { ...goodHeader, alg: 'HS256' }, 'header_alg'],
    ['ES256', { ...goodHeader, alg: 'ES256' }, 'header_alg'],
    ['another type', { ...goodHeader, typ: 'hansa-receipt+jws' }, 'header_typ'],
    ['its type in another case', { ...goodHeader, typ: TYP.toUpperCase() }, 'header_typ'],
    ['no type', { alg: 'EdDSA', kid: alice.kid }, 'header_members'],
    ['crit', { ...goodHeader, crit: ['b64'] }, 'header_members'],
    ['b64 false', { ...goodHeader, b64: false }, 'header_members'],
    ['jku', { ...goodHeader, jku: 'https://mallory.example' }, 'header_members'],
    ['jwk', { ...goodHeader, jwk: { kty: 'OKP' } }, 'header_members'],
    ['x5u', { ...goodHeader, x5u: 'https://mallory.example' }, 'header_members'],
    ['a member of no meaning', { ...goodHeader, note: 'x' }, 'header_members'],
    ['a kid that is no text', { ...goodHeader, kid: 7 }, 'header_kid'],
    ['a kid that is no DID URL', { ...goodHeader, kid: 'alice' }, 'kid_not_a_did_url'],
    ['a list for a header', [], 'header_not_an_object'],
    ['a kid twice', `{"alg":"EdDSA","kid":"x","kid":"${alice.kid}","typ":"${TYP}"}`, 'header_duplicate_name'],
    ['a header that is not JSON', 'EdDSA', 'header_malformed'],
  ])('a header with %s', async (_what, bad, reason) => {
    expect(await verify(forge(alice, bad, canonicalJson(payload)))).toEqual({ ok: false, reason })
  })

  it.each([
    ['with a space', `{ "iss":"${alice.did}"}`, 'payload_not_canonical'],
    ['with members out of order', `{"seq":1,"iss":"${alice.did}"}`, 'payload_not_canonical'],
    ['with an escape that hides a letter', `{"iss":"${alice.did}","text":"\\u0061"}`, 'payload_not_canonical'],
    ['with a name twice', `{"iss":"${mallory.did}","iss":"${alice.did}"}`, 'payload_duplicate_name'],
    ['with a fraction', `{"iss":"${alice.did}","n":0.5}`, 'payload_number_not_allowed'],
    ['with a prototype', `{"__proto__":{"x":1},"iss":"${alice.did}"}`, 'payload_forbidden_name'],
    ['that is a list', `["${alice.did}"]`, 'payload_not_an_object'],
    ['without an issuer', '{"seq":1}', 'issuer_not_signer'],
    ['of somebody else', `{"iss":"${mallory.did}"}`, 'issuer_not_signer'],
  ])('a payload %s', async (_what, text, reason) => {
    expect(await verify(forge(alice, goodHeader, text))).toEqual({ ok: false, reason })
  })

  it("mallory's signature under alice's key identifier", async () => {
    expect(await verify(forge(mallory, goodHeader, canonicalJson(payload)))).toEqual({
      ok: false,
      reason: 'signature_invalid',
    })
  })

  it("mallory's own signature under a payload that names alice", async () => {
    const forged = forge(mallory, { ...goodHeader, kid: mallory.kid }, canonicalJson(payload))
    expect(await verify(forged)).toEqual({ ok: false, reason: 'issuer_not_signer' })
  })

  it('a key that the DID does not list for the purpose', async () => {
    const onlyAuthentication: KeyResolver = {
      resolve: async (kid, purpose) =>
        purpose === 'authentication' ? await resolver.resolve(kid, purpose) : { ok: false, reason: 'purpose' },
    }
    expect(await verify(jws, { resolver: onlyAuthentication })).toEqual({ ok: false, reason: 'purpose' })
    expect(await verify(jws, { resolver: onlyAuthentication, purpose: 'authentication' })).toMatchObject({ ok: true })
  })

  it('everything while the resolver fails', async () => {
    const broken: KeyResolver = { resolve: () => Promise.reject(new Error('no network')) }
    expect(await verify(jws, { resolver: broken })).toEqual({ ok: false, reason: 'resolver_failed' })
  })

  it('any change of any single character', async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(jws.length - 1), fc.constantFrom(...'AZaz09-_.=+ \u0000'), async (at, character) => {
        const changed = jws.slice(0, at) + character + jws.slice(at + 1)
        expect((await verify(changed)).ok).toBe(changed === jws)
      }),
      { numRuns: 400 },
    )
  })
})
