import type { Caveat, TokenPayload } from '@hansa/protocols'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { encodeBase64url } from '../encoding/base64url.ts'
import { sha256, taggedHash } from '../encoding/hash.ts'
import { alice, bob, mallory } from '../testing/actors.ts'
import { aCapability, NOW } from '../testing/manifests.ts'
import { aTokenContext, aTokenKeys, aTokenPayload } from '../testing/tokens.ts'
import { attenuate, mintOnDemand, mintToken } from './mint-token.ts'
import { tokenKeys } from './token-keys.ts'
import type { TokenScope } from './token-scope.ts'
import { firstTag, nextTag } from './token-text.ts'
import { type TokenContext, verifyToken } from './verify-token.ts'

const keys = aTokenKeys()
const token = mintToken(keys, aTokenPayload())
const verify = (text: string, over: Partial<TokenContext> = {}) => verifyToken(keys, text, aTokenContext(over))
const rejected = (reason: string) => ({ ok: false, code: 'token_rejected', reason })
const b64u = (value: unknown) => encodeBase64url(Buffer.from(JSON.stringify(value)))
const narrowed = (...caveats: Caveat[]) => caveats.reduce(attenuate, token)

describe('a token', () => {
  it('is good in the kernel that minted it, with the scope of its payload', () => {
    expect(verify(token)).toEqual({
      ok: true,
      scope: {
        jti: aTokenPayload().jti,
        sub: 'agent:reporter',
        cap: 'files.read',
        capHash: aCapability().hash,
        exp: NOW + 300,
        uses: 1,
        maxRows: 50,
        obligations: ['log'],
        labels: [],
        pol: 1,
      },
    })
  })

  it('that is made on demand is the same, and is refused at once where it would be', () => {
    const text = mintOnDemand(keys, aTokenPayload())
    expect([text(), text()]).toEqual([token, token])
    expect(() => mintOnDemand(keys, aTokenPayload({ aud: mallory.did }))).toThrow(RangeError)
  })

  it('of A is rejected at B', () => {
    const ofAlice = mintToken(aTokenKeys(alice.did), aTokenPayload({ iss: alice.did, aud: alice.did }))
    expect(verify(ofAlice)).toEqual(rejected('mac'))
  })

  it('is rejected by a kernel with the same root secret and another DID, in both directions', () => {
    const root = sha256('one secret, configured twice')
    const [ofAlice, ofBob] = [
      tokenKeys({ root, did: alice.did, epoch: 7 }),
      tokenKeys({ root, did: bob.did, epoch: 7 }),
    ]
    const atAlice = mintToken(ofAlice, aTokenPayload({ iss: alice.did, aud: alice.did }))
    const atBob = mintToken(ofBob, aTokenPayload())
    expect(verifyToken(ofBob, atAlice, aTokenContext())).toEqual(rejected('mac'))
    expect(verifyToken(ofAlice, atBob, aTokenContext({ self: alice.did }))).toEqual(rejected('mac'))
    expect(verifyToken(ofBob, atBob, aTokenContext()).ok).toBe(true)
  })

  it('is rejected by its payload too, should two kernels come to share a key', () => {
    const shared = { ...aTokenKeys(alice.did), current: keys.current }
    expect(verifyToken(shared, token, aTokenContext({ self: alice.did }))).toEqual(rejected('issuer_or_audience'))
    expect(verify(token, { self: alice.did })).toEqual(rejected('issuer_or_audience'))
  })

  it.each<[string, string, object]>([
    ['issuer_or_audience', 'names another issuer', { iss: mallory.did }],
    ['issuer_or_audience', 'names another audience', { aud: mallory.did }],
    ['expired', 'lives longer than an hour', { exp: NOW + 3_601 }],
    ['payload', 'is of another version', { v: 2 }],
  ])('is rejected for its %s when the key itself has signed one that %s', (reason, _what, over) => {
    const payload = b64u({ ...aTokenPayload(), ...over })
    const tag = encodeBase64url(firstTag(keys.current.key, keys.current.kid, payload))
    expect(verify(`hkt1.${keys.current.kid}.${payload}.${tag}`)).toEqual(rejected(reason))
  })

  it('is rejected when the key itself has signed what is no JSON', () => {
    const tag = encodeBase64url(firstTag(keys.current.key, keys.current.kid, 'AAAA'))
    expect(verify(`hkt1.${keys.current.kid}.AAAA.${tag}`)).toEqual(rejected('payload'))
  })

  it('is minted by a kernel for itself only, and not for longer than an hour', () => {
    expect(() => mintToken(keys, aTokenPayload({ iss: mallory.did }))).toThrow(RangeError)
    expect(() => mintToken(keys, aTokenPayload({ aud: mallory.did }))).toThrow(RangeError)
    expect(() => mintToken(keys, aTokenPayload({ exp: NOW + 3_601 }))).toThrow(RangeError)
  })
})

describe('epochs', () => {
  it('verifies tokens of the current and the previous epoch, and of no other', () => {
    const minted = mintToken(aTokenKeys(bob.did, 7), aTokenPayload())
    const at = (epoch: number) => verifyToken(aTokenKeys(bob.did, epoch), minted, aTokenContext())
    expect(at(7).ok).toBe(true)
    expect(at(8).ok).toBe(true)
    expect(at(9)).toEqual(rejected('kid_unknown'))
    expect(at(6)).toEqual(rejected('kid_unknown'))
  })

  it('has no epoch before the first', () => {
    expect(aTokenKeys(bob.did, 0).previous).toBeUndefined()
    expect(verifyToken(aTokenKeys(bob.did, 0), token, aTokenContext())).toEqual(rejected('kid_unknown'))
  })

  it('does not take the number of one epoch for the key of another', () => {
    const [prefix, , ...rest] = token.split('.')
    expect(verify([prefix, '6', ...rest].join('.'))).toEqual(rejected('mac'))
  })

  it.each([[0], [16], [31]])('derives nothing from a root secret of %i bytes', (length) => {
    const make = () => tokenKeys({ root: new Uint8Array(length), did: bob.did, epoch: 1 })
    expect(make).toThrow(expect.objectContaining({ detail: { code: 'token_root_short', bytes: length } }))
  })

  it.each([[-1], [0.5], [Number.NaN]])('has no epoch %d', (epoch) => {
    expect(() => tokenKeys({ root: new Uint8Array(32), did: bob.did, epoch })).toThrow(RangeError)
  })
})

describe('a text that is no token', () => {
  const [prefix = '', kid = '', payload = '', tag = ''] = token.split('.')

  it.each([
    ['nothing', ''],
    ['another prefix', token.replace('hkt1', 'hkt2')],
    ['no tag', `${prefix}.${kid}.${payload}`],
    ['an empty part', `${prefix}.${kid}..${payload}.${tag}`],
    ['a short tag', `${prefix}.${kid}.${payload}.AAAA`],
    ['a tag in another spelling', `${prefix}.${kid}.${payload}.${tag.slice(0, -1)}B`],
    ['an epoch with a zero in front', `${prefix}.0${kid}.${payload}.${tag}`],
    ['an epoch that is no number', `${prefix}.x.${payload}.${tag}`],
    ['33 caveats', `${prefix}.${kid}.${payload}.${'AAAA.'.repeat(33)}${tag}`],
    ['a thousand dots', '.'.repeat(1000)],
    ['8 193 characters', `${prefix}.${kid}.${'A'.repeat(8_193)}.${tag}`],
    ['a line feed at the end', `${token}\n`],
  ])('%s is rejected for its shape', (_what, text) => {
    expect(verify(text)).toEqual(rejected('shape'))
  })

  it('is rejected for its MAC before anything in it is looked at', () => {
    const invented = `${prefix}.${kid}.${b64u({ v: 1, iss: bob.did })}.${tag}`
    const asked: string[] = []
    const verdict = verify(invented, { isRevoked: (jti) => asked.push(jti) > 0, principalEpoch: (p) => asked.push(p) })
    expect(verdict).toEqual(rejected('mac'))
    expect(asked).toEqual([])
  })

  it('comes from every change of any bit of a token', () => {
    const full = Buffer.from(narrowed({ max_rows: 10 }, { exp: NOW + 60 }))
    for (let bit = 0; bit < full.length * 8; bit++) {
      const changed = Buffer.from(full)
      changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7))
      expect(verify(changed.toString('latin1'))).toMatchObject({ ok: false, code: 'token_rejected' })
    }
  })
})

describe('the call has to be the one that was granted', () => {
  const minted = (over: Partial<TokenPayload>) => mintToken(keys, aTokenPayload(over))

  it.each<[string, string, Partial<TokenContext>, string]>([
    ['is accepted in its last second', token, { now: NOW + 299 }, ''],
    ['is rejected from the second in which it expires', token, { now: NOW + 300 }, 'expired'],
    ['is rejected before it was minted', token, { now: NOW - 1 }, 'not_yet_valid'],
    ['is rejected for another principal', token, { principal: 'agent:mallory' }, 'principal'],
    ['is rejected for another capability', token, { capability: 'files.write' }, 'capability'],
    ['is rejected once it is revoked', token, { isRevoked: (jti) => jti === aTokenPayload().jti }, 'revoked'],
    ['is rejected once its principal’s epoch is bumped', token, { principalEpoch: () => 1 }, 'principal_epoch'],
    [
      'is untouched by the epoch of another principal',
      token,
      { principalEpoch: (who) => (who === 'agent:other' ? 1 : 0) },
      '',
    ],
    ['is rejected when its uses are spent', token, { usesLeft: () => false }, 'uses'],
    ['is rejected outside its session', minted({ cnf: { sid: 'A'.repeat(22) } }), { sid: 'B'.repeat(22) }, 'session'],
    ['is rejected without a session', minted({ cnf: { sid: 'A'.repeat(22) } }), {}, 'session'],
    ['is accepted in its session', minted({ cnf: { sid: 'A'.repeat(22) } }), { sid: 'A'.repeat(22) }, ''],
    [
      'is rejected for another intent',
      minted({ intent: taggedHash('t', 'a') }),
      { intent: taggedHash('t', 'b') },
      'intent',
    ],
    ['is rejected without its intent', minted({ intent: taggedHash('t', 'a') }), {}, 'intent'],
    ['is accepted for its intent', minted({ intent: taggedHash('t', 'a') }), { intent: taggedHash('t', 'a') }, ''],
    ['is rejected for another call', minted({ call: 'A'.repeat(22) }), { call: 'B'.repeat(22) }, 'call'],
    ['is accepted for its call', minted({ call: 'A'.repeat(22) }), { call: 'A'.repeat(22) }, ''],
  ])('it %s', (_what, text, over, reason) => {
    expect(verify(text, over)).toMatchObject(reason === '' ? { ok: true } : rejected(reason))
  })

  it('says descriptor_mismatch when the capability is not what it was', () => {
    const changed = aCapability({ description: 'now something else' }).hash
    expect(verify(token, { capHash: changed })).toMatchObject({ ok: false, code: 'descriptor_mismatch' })
    const pinned = narrowed({ cap_hash: changed })
    expect(verify(pinned)).toMatchObject({ ok: false, code: 'descriptor_mismatch' })
  })

  it('says nothing about the descriptor to who has no token', () => {
    const forged = mintToken(aTokenKeys(mallory.did), aTokenPayload({ iss: mallory.did, aud: mallory.did }))
    expect(verify(forged, { capHash: taggedHash('t', 'other') })).toEqual(rejected('mac'))
  })

  it('speaks for its own principal when nobody else is proven', () => {
    const { principal: _, ...anonymous } = aTokenContext()
    expect(verifyToken(keys, token, anonymous)).toMatchObject({ ok: true, scope: { sub: 'agent:reporter' } })
  })

  it('takes a use only when everything else has passed, with the smallest limit, and runs once of fifty times', () => {
    const taken: [string, number][] = []
    const usesLeft = (jti: string, limit: number) =>
      taken.filter(([other]) => other === jti).length < limit && taken.push([jti, limit]) > 0
    verify(token, { usesLeft, now: NOW + 300 })
    verify(token, { usesLeft, isRevoked: () => true })
    expect(taken).toEqual([])
    const many = mintToken(keys, aTokenPayload({ uses: 5 }))
    const once = attenuate(attenuate(many, { uses: 1 }), { uses: 3 })
    const verdicts = Array.from({ length: 50 }, () => verify(once, { usesLeft }).ok)
    expect(verdicts.filter(Boolean)).toHaveLength(1)
    expect(taken).toEqual([[aTokenPayload().jti, 1]])
  })
})

describe('caveats', () => {
  it.each<[string, Caveat, Partial<TokenScope>]>([
    ['expires earlier', { exp: NOW + 60 }, { exp: NOW + 60 }],
    ['never expires later', { exp: NOW + 9_999 }, { exp: NOW + 300 }],
    ['has fewer rows', { max_rows: 10 }, { maxRows: 10 }],
    ['never has more rows', { max_rows: 1_000 }, { maxRows: 50 }],
    ['has fewer bytes', { max_bytes: 10 }, { maxBytes: 10 }],
    ['never has more uses', { uses: 100 }, { uses: 1 }],
    ['shows some fields', { fields: ['a', 'b'] }, { fields: ['a', 'b'] }],
    ['shows no fields', { fields: [] }, { fields: [] }],
    ['carries some labels', { labels_max: ['PII'] }, { labelsMax: ['PII'] }],
  ])('added by the holder, it %s', (_what, caveat, expected) => {
    expect(verify(attenuate(token, caveat))).toMatchObject({ ok: true, scope: expected })
  })

  it('come together by the smallest number and the intersection', () => {
    const text = narrowed(
      { fields: ['a', 'b', 'c'] },
      { max_rows: 20 },
      { fields: ['b', 'c', 'd'] },
      { max_rows: 30 },
      { labels_max: ['PII', 'PCI'] },
      { labels_max: ['PCI'] },
    )
    expect(verify(text)).toMatchObject({ ok: true, scope: { fields: ['b', 'c'], maxRows: 20, labelsMax: ['PCI'] } })
  })

  it.each<[string, Caveat, Partial<TokenContext>, string]>([
    ['an earlier expiry has come', { exp: NOW + 60 }, { now: NOW + 60 }, 'caveat_exp'],
    ['it may not be used yet', { not_before: NOW + 1 }, {}, 'caveat_not_before'],
    ['it is for another capability', { cap: 'files.write' }, {}, 'caveat_cap'],
    ['it is for another principal', { principal: 'agent:other' }, {}, 'caveat_principal'],
    ['it is for another session', { sid: 'A'.repeat(22) }, { sid: 'B'.repeat(22) }, 'caveat_sid'],
    ['it is for a session and there is none', { sid: 'A'.repeat(22) }, {}, 'caveat_sid'],
    ['it is for another intent', { intent: taggedHash('t', 'a') }, { intent: taggedHash('t', 'b') }, 'caveat_intent'],
  ])('reject the token when %s', (_what, caveat, over, reason) => {
    expect(verify(attenuate(token, caveat), over)).toEqual(rejected(reason))
  })

  it.each<[string, unknown]>([
    ['of an unknown name', { region: 'eu' }],
    ['of a name that every object has', { constructor: 1 }],
    ['with a second member', { exp: NOW + 60, uses: 1 }],
    ['without a member', {}],
    ['of another type', { exp: 'never' }],
    ['that is a fraction', { max_rows: 0.5 }],
    ['that is a list', [{ exp: NOW }]],
    ['that is null', null],
  ])('%s rejects the token, though its tag is right', (_what, caveat) => {
    expect(verify(attenuate(token, caveat as Caveat))).toEqual(rejected('caveat_unknown'))
  })

  it('with a name twice rejects the token, though its tag is right', () => {
    const [prefix, kid, payload = ''] = token.split('.')
    const caveat = encodeBase64url(Buffer.from(`{"exp":${NOW + 60},"exp":${NOW + 9_999}}`))
    const tag = nextTag(firstTag(keys.current.key, kid ?? '', payload), caveat)
    expect(verify(`${prefix}.${kid}.${payload}.${caveat}.${encodeBase64url(tag)}`)).toEqual(rejected('caveat_unknown'))
  })

  it('cannot be taken away, changed in order or repeated by mallory', () => {
    const [prefix, kid, payload, first, second, third, tag] = narrowed(
      { max_rows: 1 },
      { uses: 1 },
      { exp: NOW + 9 },
    ).split('.')
    const withCaveats = (...caveats: (string | undefined)[]) => [prefix, kid, payload, ...caveats, tag].join('.')
    expect(verify(withCaveats(first, second, third)).ok).toBe(true)
    const attempts = [
      [],
      [first],
      [first, second],
      [second, third],
      [first, third],
      [second, first, third],
      [first, first, second, third],
    ]
    for (const caveats of attempts) expect(verify(withCaveats(...caveats))).toEqual(rejected('mac'))
  })

  it('cannot be added without the tag that they follow', () => {
    const [prefix, kid, payload = '', tag = ''] = token.split('.')
    const caveat = b64u({ max_rows: 1_000 })
    const guess = encodeBase64url(nextTag(Buffer.from(payload), caveat))
    expect(verify(`${prefix}.${kid}.${payload}.${caveat}.${guess}`)).toEqual(rejected('mac'))
    expect(verify(`${prefix}.${kid}.${payload}.${caveat}.${tag}`)).toEqual(rejected('mac'))
  })

  it('are not added to what is no token, nor without end', () => {
    expect(() => attenuate('hkt1.x', { uses: 1 })).toThrow(
      expect.objectContaining({ detail: { code: 'token_not_narrowable' } }),
    )
    const full = Array.from({ length: 32 }, (): Caveat => ({ uses: 1 })).reduce(attenuate, token)
    expect(verify(full).ok).toBe(true)
    expect(() => attenuate(full, { uses: 1 })).toThrow(
      expect.objectContaining({ detail: { code: 'token_not_narrowable' } }),
    )
    const long: Caveat = { fields: Array.from({ length: 64 }, (_, at) => `${at}`.padEnd(120, 'x')) }
    expect(() => attenuate(token, long)).toThrow(expect.objectContaining({ detail: { code: 'token_not_narrowable' } }))
  })
})

describe('attenuation is monotone', () => {
  const anyCaveat: fc.Arbitrary<Caveat> = fc.oneof(
    fc.record({ exp: fc.integer({ min: NOW - 10, max: NOW + 400 }) }),
    fc.record({ not_before: fc.integer({ min: NOW - 10, max: NOW + 400 }) }),
    fc.record({ cap: fc.constantFrom('files.read', 'files.write') }),
    fc.record({ cap_hash: fc.constantFrom(aCapability().hash, taggedHash('t', 'x')) }),
    fc.record({ principal: fc.constantFrom('agent:reporter', 'agent:other') }),
    fc.record({ sid: fc.constantFrom('A'.repeat(22), 'B'.repeat(22)) }),
    fc.record({ intent: fc.constantFrom(taggedHash('t', 'a'), taggedHash('t', 'b')) }),
    fc.record({ uses: fc.integer({ min: 1, max: 4 }) }),
    fc.record({ max_rows: fc.integer({ min: 0, max: 100 }) }),
    fc.record({ max_bytes: fc.integer({ min: 1, max: 100 }) }),
    fc.record({ fields: fc.subarray(['a', 'b', 'c']) }),
    fc.record({ labels_max: fc.subarray(['PII', 'PCI', 'SECRET']) }),
  )
  const anyContext = fc.record({
    now: fc.integer({ min: NOW - 5, max: NOW + 310 }),
    sid: fc.constantFrom('A'.repeat(22), 'B'.repeat(22)),
    intent: fc.constantFrom(taggedHash('t', 'a'), taggedHash('t', 'b')),
  })
  const most = (value: number | undefined) => value ?? Number.POSITIVE_INFINITY
  const within = (less: readonly string[] | undefined, more: readonly string[] | undefined) =>
    more === undefined || (less?.every((item) => more.includes(item)) ?? false)

  it('for every chain of caveats and every call: one more never permits more', () => {
    fc.assert(
      fc.property(fc.array(anyCaveat, { maxLength: 6 }), anyCaveat, anyContext, (caveats, more, context) => {
        const wide = narrowed(...caveats)
        const before = verify(wide, context)
        const after = verify(attenuate(wide, more), context)
        if (!after.ok) return
        if (!before.ok) throw new Error('a caveat made a rejected token good')
        const [less, all] = [after.scope, before.scope]
        expect(less.exp).toBeLessThanOrEqual(all.exp)
        expect(less.uses).toBeLessThanOrEqual(all.uses)
        expect(most(less.maxRows)).toBeLessThanOrEqual(most(all.maxRows))
        expect(most(less.maxBytes)).toBeLessThanOrEqual(most(all.maxBytes))
        expect(within(less.fields, all.fields) && within(less.labelsMax, all.labelsMax)).toBe(true)
        expect({ ...less, exp: 0, uses: 0, maxRows: 0, maxBytes: 0, fields: [], labelsMax: [] }).toEqual({
          ...all,
          ...{ exp: 0, uses: 0, maxRows: 0, maxBytes: 0, fields: [], labelsMax: [] },
        })
      }),
      { numRuns: 400 },
    )
  })
})
