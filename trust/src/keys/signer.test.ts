import { describe, expect, it } from 'vitest'
import { publicKeyFromDid } from '../did/did-key.ts'
import { describeVectors, vectorJson } from '../testing/published-vectors.ts'
import { admitKey, verifySignature } from './admitted-key.ts'
import { newSeed, signerFromSeed } from './signer.ts'

type Rfc8032 = { priv: string; pub: string; msg: string; sig: string }
type Rfc8037 = { rfc8037_A4: { jwk: { d: string; x: string }; jws: string } }

const hex = (text: string) => Buffer.from(text, 'hex')

describeVectors('RFC 8032 section 7.1', () => {
  const vectors = vectorJson<Rfc8032[]>('ed25519/rfc8032-ed25519.json')

  it('makes the published key and signature from each seed, in place and in the pool, and accepts the signature', async () => {
    for (const { priv, pub, msg, sig } of vectors) {
      const signer = signerFromSeed(hex(priv))
      expect(Buffer.from(signer.publicKey).toString('hex')).toBe(pub)
      expect(Buffer.from(signer.sign(hex(msg))).toString('hex')).toBe(sig)
      expect(Buffer.from(await signer.signInPool(hex(msg))).toString('hex')).toBe(sig)
      const admission = admitKey(hex(pub))
      expect(admission.ok && verifySignature(admission.key, hex(msg), hex(sig))).toBe(true)
    }
    expect(vectors).toHaveLength(4)
  })
})

describeVectors('RFC 8037 appendix A.4', () => {
  it('makes the published JWS signature', () => {
    const { jwk, jws } = vectorJson<Rfc8037>('known-answers.json').rfc8037_A4
    const signer = signerFromSeed(Buffer.from(jwk.d, 'base64url'))
    const signed = jws.slice(0, jws.lastIndexOf('.'))
    expect(Buffer.from(signer.publicKey).toString('base64url')).toBe(jwk.x)
    expect(`${signed}.${Buffer.from(signer.sign(Buffer.from(signed))).toString('base64url')}`).toBe(jws)
  })
})

describe(signerFromSeed, () => {
  it('speaks for the did:key of its public half', () => {
    const signer = signerFromSeed(newSeed())
    expect(publicKeyFromDid(signer.did)).toEqual(signer.publicKey)
    expect(signer.kid).toBe(`${signer.did}#${signer.did.slice('did:key:'.length)}`)
  })

  it.each([[0], [31], [33], [64]])('refuses a seed of %i bytes', (length) => {
    expect(() => signerFromSeed(new Uint8Array(length))).toThrow(RangeError)
  })

  it('keeps its key when the seed is wiped', () => {
    const seed = newSeed()
    const signer = signerFromSeed(seed)
    const before = signer.sign(Buffer.from('x'))
    seed.fill(0)
    expect(Buffer.from(signer.sign(Buffer.from('x'))).equals(before)).toBe(true)
  })

  it('has another key for every new seed', () => {
    expect(signerFromSeed(newSeed()).did).not.toBe(signerFromSeed(newSeed()).did)
  })
})
