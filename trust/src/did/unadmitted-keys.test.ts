import { describe, expect, it } from 'vitest'
import { unadmittedKey, verifySignature } from '../keys/admitted-key.ts'
import { unrevokedKeys } from '../revocation/unrevoked-keys.ts'
import { alice, bob } from '../testing/actors.ts'
import { didFromPublicKey, didKeyUrl, publicKeyFromDid } from './did-key.ts'
import { didKeyResolver } from './did-key-resolver.ts'
import { unadmittedKeys } from './unadmitted-keys.ts'

const bytes = new TextEncoder().encode('message')
const hex = (text: string) => Buffer.from(text, 'hex')

/** y of all points whose order divides 8, with either sign, and of three of them a second spelling. */
const smallOrder = [
  `01${'00'.repeat(31)}`,
  `01${'00'.repeat(30)}80`,
  `ec${'ff'.repeat(30)}7f`,
  `ec${'ff'.repeat(30)}ff`,
  '00'.repeat(32),
  `${'00'.repeat(31)}80`,
  'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a',
  'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa',
  '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05',
  '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85',
  `ed${'ff'.repeat(30)}7f`,
  `ee${'ff'.repeat(30)}7f`,
]

describe('a key that was not admitted', () => {
  it.each(smallOrder)('is not made of a point under which everyone can sign: %s', async (text) => {
    expect(unadmittedKey(hex(text))).toBeUndefined()
    const did = didFromPublicKey(hex(text))
    const resolver = unadmittedKeys(didKeyResolver())
    expect(await resolver.resolve(didKeyUrl(did), 'assertionMethod')).toMatchObject({ ok: false })
  })

  it('checks signatures as the admitted one does', () => {
    const key = unadmittedKey(publicKeyFromDid(bob.did) ?? new Uint8Array())
    if (key === undefined) throw new Error('bob has a key')
    expect(verifySignature(key, bytes, bob.sign(bytes))).toBe(true)
    expect(verifySignature(key, bytes, alice.sign(bytes))).toBe(false)
    expect(unadmittedKey(new Uint8Array(31))).toBeUndefined()
  })

  it('is looked up under the DID that the name of the key begins with, and nowhere else', async () => {
    const resolver = unadmittedKeys(didKeyResolver())
    expect(await resolver.resolve(bob.kid, 'assertionMethod')).toMatchObject({ ok: true, did: bob.did })
    const stolen = `${alice.did}#${bob.did.slice('did:key:'.length)}`
    expect(await resolver.resolve(stolen, 'assertionMethod')).toEqual({ ok: false, reason: 'kid_unknown_key' })
    expect(await resolver.resolve('nonsense', 'assertionMethod')).toMatchObject({ ok: false })
  })

  it('is none any more once it was revoked, also where the resolver has never admitted it', async () => {
    const revocation = {} as NonNullable<ReturnType<Parameters<typeof unrevokedKeys>[1]>>
    const resolver = unrevokedKeys(unadmittedKeys(didKeyResolver()), (kid) =>
      kid === bob.kid ? revocation : undefined,
    )
    expect(await resolver.resolve(bob.kid, 'assertionMethod')).toEqual({ ok: false, reason: 'key_revoked' })
    expect(await resolver.resolve(alice.kid, 'assertionMethod')).toMatchObject({ ok: true, did: alice.did })
  })

  it('of another method is what the resolver says', async () => {
    const asked: string[] = []
    const resolver = unadmittedKeys({
      async resolve(kid) {
        asked.push(kid)
        return { ok: false, reason: 'identity_unavailable' }
      },
    })
    const kid = 'did:webvh:QmAbc:b.example#key'
    expect(await resolver.resolve(kid, 'assertionMethod')).toEqual({ ok: false, reason: 'identity_unavailable' })
    expect(asked).toEqual([kid])
  })
})
