import { generateKeyPairSync, sign, verify } from 'node:crypto'
import type { Jwk } from '@hansa/protocols'
import * as noble from '@noble/ed25519'
import { sha512 } from '@noble/hashes/sha2.js'
import { compactVerify } from 'jose'
import { describe, expect, it } from 'vitest'
import { encodeBase64url } from '../encoding/base64url.ts'
import { admitKey } from '../keys/admitted-key.ts'
import { anIssuer } from '../testing/issued-tokens.ts'
import { admitIssuerKeys, type KeyUse } from './admit-issuer-key.ts'

noble.hashes.sha512 = sha512

const all = ['EdDSA', 'ES256', 'RS256'] as const
const refusedFor = (jwk: Jwk, use: KeyUse = 'sig', algorithms: readonly (typeof all)[number][] = all) =>
  admitIssuerKeys({ keys: [jwk] }, use, algorithms)

describe(admitIssuerKeys, () => {
  it.each(all)('admits a key for %s, and for nothing else', (alg) => {
    const { keys, refused } = refusedFor(anIssuer('k', alg).jwk)
    expect([...keys.values()]).toMatchObject([{ kid: 'k', alg }])
    expect(refused).toEqual([])
  })

  const ed = anIssuer('k').jwk
  const ec = anIssuer('k', 'ES256').jwk
  const rsa = anIssuer('k', 'RS256').jwk
  const small = generateKeyPairSync('rsa', { modulusLength: 1024 }).publicKey.export({ format: 'jwk' }) as Jwk
  it.each<[string, string, Jwk]>([
    ['kid_missing', 'without a name', { ...ed, kid: undefined }],
    ['key_is_secret', 'with its private part', { ...ed, d: 'AAAA' }],
    ['key_is_secret', 'that is shared', { kty: 'oct', kid: 'k', k: 'AAAA' }],
    ['key_of_another_use', 'for encryption', { ...ec, use: 'enc' }],
    ['key_of_another_use', 'that may only sign', { ...ec, key_ops: ['sign'] }],
    ['key_kind_unknown', 'of another curve', { ...ec, crv: 'P-384' }],
    ['key_kind_unknown', 'of another kind', { kty: 'XYZ', kid: 'k' }],
    ['alg_contradicts_key', 'that says it is for HS256', { ...ed, alg: 'HS256' }],
    ['key_length', 'of Ed25519 that is cut', { ...ed, x: 'AAAA' }],
    ['key_not_base64url', 'with padding', { ...ed, x: `${ed.x}=` }],
    [
      'key_small_order',
      'that is the identity, under which everything verifies',
      { ...ed, x: encodeBase64url(Buffer.from(`01${'00'.repeat(31)}`, 'hex')) },
    ],
    ['key_length', 'of P-256 with a short coordinate', { ...ec, y: 'AAAA' }],
    ['key_not_valid', 'of P-256 that is not on the curve', { ...ec, y: ec.x }],
    ['key_length', 'of RSA with 1024 bits', { ...small, kid: 'k' }],
    ['key_exponent', 'of RSA with the exponent 3', { ...rsa, e: 'Aw' }],
  ])('refuses for %s a key %s', (reason, _what, jwk) => {
    const { keys, refused } = refusedFor(jwk)
    expect([...keys]).toEqual([])
    expect(refused).toMatchObject([{ reason }])
  })

  it('refuses an algorithm that the operator did not list', () => {
    expect(refusedFor(rsa, 'sig', ['EdDSA', 'ES256']).refused).toEqual([{ kid: 'k', reason: 'alg_not_allowed' }])
  })

  it('refuses both of two keys with one name, and keeps the others', () => {
    const { keys, refused } = admitIssuerKeys({ keys: [ed, ec, anIssuer('other').jwk] }, 'sig', all)
    expect([...keys.keys()]).toEqual(['other'])
    expect(refused.map(({ reason }) => reason)).toEqual(['kid_not_unique', 'kid_not_unique'])
  })

  it('takes of a SPIFFE bundle only keys that are for JWT-SVIDs', () => {
    expect(refusedFor({ ...ec, use: 'x509-svid' }, 'jwt-svid').refused).toMatchObject([
      { reason: 'key_of_another_use' },
    ])
    expect(refusedFor({ ...ec, use: undefined }, 'jwt-svid').refused).toMatchObject([{ reason: 'key_of_another_use' }])
    expect(refusedFor({ ...ec, use: 'jwt-svid' }, 'jwt-svid').keys.size).toBe(1)
  })
})

describe('what node:crypto, jose and strict noble say of a signature under an admitted key', () => {
  const { jwk, publicKey, privateKey } = anIssuer('k')
  const raw = Buffer.from(jwk.x ?? '', 'base64url')
  const signed = Buffer.from(`${encodeBase64url(Buffer.from('{"alg":"EdDSA"}'))}.${encodeBase64url(Buffer.from('{}'))}`)
  const good = sign(null, signed, privateKey)
  const verdictsOf = async (signature: Uint8Array) => [
    verify(null, signed, publicKey, signature),
    await compactVerify(`${signed}.${encodeBase64url(signature)}`, publicKey, { algorithms: ['EdDSA'] }).then(
      () => true,
      () => false,
    ),
    noble.verify(signature, signed, raw, { zip215: false }),
  ]

  it('is the same for a good one and for each single bit of it that is another', async () => {
    expect(admitKey(raw).ok).toBe(true)
    expect(await verdictsOf(good)).toEqual([true, true, true])
    for (let bit = 0; bit < good.length * 8; bit++) {
      const flipped = good.map((byte, at) => (at === bit >> 3 ? byte ^ (1 << (bit & 7)) : byte))
      expect(await verdictsOf(flipped), `bit ${bit}`).toEqual([false, false, false])
    }
  })

  it('is the same for the second spelling of a good one, whose scalar is too large', async () => {
    const scalar = (bytes: Uint8Array) => BigInt(`0x${Buffer.from(bytes).reverse().toString('hex')}`)
    const larger = (scalar(good.subarray(32)) + noble.Point.CURVE().n).toString(16).padStart(64, '0')
    const other = Buffer.concat([good.subarray(0, 32), Buffer.from(larger, 'hex').reverse()])
    expect(await verdictsOf(other)).toEqual([false, false, false])
  })

  it.each(['01', '00', 'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a'])(
    'is the same for one whose point is of small order: %s',
    async (point) => {
      const small = Buffer.concat([Buffer.from(point.padEnd(64, '0'), 'hex'), good.subarray(32)])
      expect(await verdictsOf(small)).toEqual([false, false, false])
    },
  )
})
