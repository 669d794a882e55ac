import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { signerFromSeed } from '../keys/signer.ts'
import { alice, mallory } from '../testing/actors.ts'
import { describeVectors, vectorBytes, vectorJson } from '../testing/published-vectors.ts'
import { decodeBase58btc, encodeBase58btc } from './base58btc.ts'
import { didFromPublicKey, publicKeyFromDid } from './did-key.ts'
import { didKeyResolver } from './did-key-resolver.ts'

const identityPoint = Uint8Array.of(1, ...new Array<number>(31).fill(0))

describe('base58btc', () => {
  it('gives back every byte string', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
        expect(decodeBase58btc(encodeBase58btc(bytes))).toEqual(bytes)
      }),
    )
  })

  it.each([['0'], ['O'], ['I'], ['l'], ['a b'], ['ä']])('refuses %s, which is outside the alphabet', (text) => {
    expect(decodeBase58btc(text)).toBeUndefined()
  })
})

describeVectors('multibase base58btc', () => {
  it.each([
    ['basic', 'yes mani !'],
    ['leading_zero', '\0yes mani !'],
    ['two_leading_zeros', '\0\0yes mani !'],
  ])('%s', (file, text) => {
    const line = Buffer.from(vectorBytes(`multibase/${file}.csv`))
      .toString()
      .match(/^base58btc, "z(.*)"$/m)
    expect(encodeBase58btc(Buffer.from(text))).toBe(line?.[1])
    expect(decodeBase58btc(line?.[1] ?? '')).toEqual(Uint8Array.from(Buffer.from(text)))
  })
})

type DidKeyVector = { seed?: string; didDocument: { verificationMethod: { id: string }[]; assertionMethod: string[] } }

describeVectors('did:key of the specification', () => {
  it('has the published identifier and key identifier for each Ed25519 seed', async () => {
    const vectors = Object.entries(vectorJson<Record<string, DidKeyVector>>('did-key/ed25519-x25519.json'))
    for (const [did, { seed, didDocument }] of vectors) {
      const signer = signerFromSeed(Buffer.from(seed ?? '', 'hex'))
      expect(signer.did).toBe(did)
      expect(didDocument.verificationMethod.map(({ id }) => id)).toContain(signer.kid)
      expect(await didKeyResolver().resolve(signer.kid, 'assertionMethod')).toMatchObject({ ok: true, did })
    }
    expect(vectors).toHaveLength(5)
  })

  it.each(['secp256k1', 'nist-curves'])('does not read the keys of %s', (file) => {
    const dids = Object.keys(vectorJson<Record<string, unknown>>(`did-key/${file}.json`))
    expect(dids.filter((did) => publicKeyFromDid(did) !== undefined)).toEqual([])
    expect(dids.length).toBeGreaterThan(5)
  })
})

describe('did:key', () => {
  it('gives back every key', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 32, maxLength: 32 }), (key) => {
        const did = didFromPublicKey(key)
        expect(did).toMatch(/^did:key:z6Mk[1-9A-HJ-NP-Za-km-z]{44}$/)
        expect(publicKeyFromDid(did)).toEqual(key)
      }),
    )
  })

  it.each([
    ['another method', alice.did.replace('key', 'web')],
    ['another multibase', alice.did.replace(':z', ':u')],
    ['one character less', alice.did.slice(0, -1)],
    ['one character more', `${alice.did}1`],
    ['a leading zero byte', alice.did.replace(':z', ':z1').slice(0, -1)],
    ['a fragment', alice.kid],
    ['an X25519 key', 'did:key:z6LSeu9HkTHSfLLeUs2nnzUSNedgDUevfNQgQjQC23ZCit6F'],
    ['a megabyte', `did:key:z${'6'.repeat(1_000_000)}`],
    ['nothing', ''],
  ])('reads no key from %s', (_what, did) => {
    expect(publicKeyFromDid(did)).toBeUndefined()
  })

  it('refuses to name a key of another length', () => {
    expect(() => didFromPublicKey(new Uint8Array(31))).toThrow(RangeError)
  })
})

describe(didKeyResolver, () => {
  it('admits a key once and then has it at hand', async () => {
    const resolver = didKeyResolver()
    expect(resolver.peek(alice.kid, 'assertionMethod')).toBeUndefined()
    const resolution = await resolver.resolve(alice.kid, 'assertionMethod')
    expect(resolution).toMatchObject({ ok: true, did: alice.did, key: { publicKey: alice.publicKey } })
    const again = await resolver.resolve(alice.kid, 'authentication')
    expect(resolution.ok && again.ok && again.key === resolution.key).toBe(true)
    expect(resolver.peek(alice.kid, 'assertionMethod')?.key).toBe(resolution.ok && resolution.key)
  })

  it('forgets the key that was used least recently', async () => {
    const resolver = didKeyResolver({ cacheSize: 1 })
    await resolver.resolve(alice.kid, 'assertionMethod')
    await resolver.resolve(mallory.kid, 'assertionMethod')
    expect(resolver.peek(alice.kid, 'assertionMethod')).toBeUndefined()
    expect(resolver.peek(mallory.kid, 'assertionMethod')?.did).toBe(mallory.did)
  })

  it.each([
    ['kid_not_a_did_url', 'nothing', ''],
    ['kid_not_a_did_url', 'a bare word', 'alice'],
    ['kid_unknown_key', 'a DID without a key', alice.did],
    ['kid_unknown_key', "another key's fragment under the DID", `${alice.did}#${mallory.did.slice('did:key:'.length)}`],
    ['kid_unknown_key', 'a second fragment', `${alice.kid}#x`],
    ['did_method_unsupported', 'another method', 'did:web:b.example#key-1'],
    ['key_small_order', 'a key under which everyone can sign', didFromPublicKey(identityPoint)],
  ])('refuses with %s %s', async (reason, _what, text) => {
    const kid = reason === 'key_small_order' ? `${text}#${text.slice('did:key:'.length)}` : text
    const resolver = didKeyResolver()
    expect(await resolver.resolve(kid, 'assertionMethod')).toEqual({ ok: false, reason })
    expect(resolver.peek(kid, 'assertionMethod')).toBeUndefined()
  })
})
