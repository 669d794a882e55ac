/** Three implementations and one predicate: on admitted keys they have to say the same, or two kernels differ on who said what. */
import { createPublicKey } from 'node:crypto'
import * as noble from '@noble/ed25519'
import { sha512 } from '@noble/hashes/sha2.js'
import fc from 'fast-check'
import { compactVerify } from 'jose'
import { describe, expect, it } from 'vitest'
import { didFromPublicKey, didKeyUrl } from '../did/did-key.ts'
import { didKeyResolver } from '../did/did-key-resolver.ts'
import { encodeBase64url } from '../encoding/base64url.ts'
import { canonicalJson } from '../json/canonical-json.ts'
import { signJws, verifyJws } from '../signed/jws.ts'
import { alice, mallory } from '../testing/actors.ts'
import { admitKey, verifySignature } from './admitted-key.ts'
import { signerFromSeed } from './signer.ts'

noble.hashes.sha512 = sha512

const TYP = 'hansa-test+jws'
const utf8 = (text: string) => encodeBase64url(new TextEncoder().encode(text))
const jwkOf = (publicKey: Uint8Array) =>
  createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x: encodeBase64url(publicKey) }, format: 'jwk' })

const byJose = (jws: string, publicKey: Uint8Array) =>
  compactVerify(jws, jwkOf(publicKey), { algorithms: ['EdDSA'] }).then(
    () => true,
    () => false,
  )
const byUs = async (jws: string) =>
  (await verifyJws(jws, { typ: TYP, resolver: didKeyResolver(), maxBytes: 65_536, issuerOf: ({ iss }) => iss })).ok

describe('node:crypto, noble and jose', () => {
  it('agree on signatures by admitted keys, whole and changed', async () => {
    const change = fc.option(fc.tuple(fc.nat(63), fc.integer({ min: 1, max: 255 })))
    await fc.assert(
      fc.asyncProperty(
        fc.uint8Array({ minLength: 32, maxLength: 32 }),
        fc.string(),
        change,
        async (seed, text, edit) => {
          const signer = signerFromSeed(seed)
          const admission = admitKey(signer.publicKey)
          if (!admission.ok) throw new Error(admission.reason)
          const input = `${utf8('{"alg":"EdDSA"}')}.${utf8(text)}`
          const bytes = Buffer.from(input)
          const signature = Uint8Array.from(signer.sign(bytes))
          if (edit !== null) signature[edit[0]] = (signature[edit[0]] ?? 0) ^ edit[1]
          const ours = verifySignature(admission.key, bytes, signature)
          expect(ours).toBe(edit === null)
          expect(noble.verify(signature, bytes, signer.publicKey, { zip215: false })).toBe(ours)
          expect(await byJose(`${input}.${encodeBase64url(signature)}`, signer.publicKey)).toBe(ours)
        },
      ),
      { numRuns: 60 },
    )
  })

  it('are not asked about the identity point, on which they differ by version: under it everything is signed', async () => {
    const point = Buffer.alloc(32)
    point[0] = 1
    const input = `${utf8('{"alg":"EdDSA"}')}.${utf8('anything')}`
    // R is the identity too, and S is zero: no private key was used.
    const signature = Buffer.concat([point, Buffer.alloc(32)])
    expect(noble.verify(signature, Buffer.from(input), point)).toBe(true)
    expect(noble.verify(signature, Buffer.from(input), point, { zip215: false })).toBe(false)
    expect(admitKey(point)).toEqual({ ok: false, reason: 'key_small_order' })
    const did = didFromPublicKey(point)
    const header = canonicalJson({ alg: 'EdDSA', kid: didKeyUrl(did), typ: TYP })
    const jws = `${utf8(header)}.${utf8(canonicalJson({ iss: did }))}.${encodeBase64url(signature)}`
    expect(await byUs(jws)).toBe(false)
  })
})

describe('what libraries let through', () => {
  const { jws } = signJws(alice, TYP, { iss: alice.did })
  const [header = '', payload = '', signature = ''] = jws.split('.')
  const signed = (headerText: string, payloadText: string, by = alice) => {
    const input = `${utf8(headerText)}.${utf8(payloadText)}`
    return `${input}.${encodeBase64url(by.sign(Buffer.from(input)))}`
  }
  const good = { alg: 'EdDSA', kid: alice.kid, typ: TYP }

  it.each([
    [
      'a second spelling of the signature',
      `${header}.${payload}.${signature.slice(0, -1)}${signature.endsWith('A') ? 'B' : 'Z'}`,
    ],
    ['padding', `${jws}=`],
    ['a line feed in a part', `${header}\n.${payload}.${signature}`],
    ['a claim twice', signed(canonicalJson(good), `{"iss":"${alice.did}","iss":"${alice.did}"}`)],
    [
      'a header member twice',
      signed(`{"alg":"EdDSA","alg":"EdDSA","kid":"${alice.kid}","typ":"${TYP}"}`, canonicalJson({ iss: alice.did })),
    ],
    ['an unknown crit', signed(canonicalJson({ ...good, crit: ['x'], x: 1 }), canonicalJson({ iss: alice.did }))],
    ['no algorithm', signed(canonicalJson({ ...good, alg: 'none' }), canonicalJson({ iss: alice.did }))],
    ['a key of its own in the header', signed(canonicalJson({ ...good, jwk: {} }), canonicalJson({ iss: alice.did }))],
    ['another type', signed(canonicalJson({ ...good, typ: 'JWT' }), canonicalJson({ iss: alice.did }))],
    ['the name of somebody else', signed(canonicalJson(good), canonicalJson({ iss: mallory.did }))],
    [
      'the key id of somebody else',
      signed(canonicalJson({ ...good, kid: mallory.kid }), canonicalJson({ iss: mallory.did })),
    ],
    ['a payload in another order', signed(canonicalJson(good), `{"z":1,"iss":"${alice.did}"}`)],
  ])('is refused here: %s', async (_name, text) => {
    expect(await byUs(jws)).toBe(true)
    expect(await byUs(text)).toBe(false)
  })
})
