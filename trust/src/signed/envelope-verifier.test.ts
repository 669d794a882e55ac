import { type Envelope, envelopeSchema } from '@hansa/protocols'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { didKeyResolver } from '../did/did-key-resolver.ts'
import type { KeyResolver } from '../did/key-resolver.ts'
import type { AdmittedKey } from '../keys/admitted-key.ts'
import { alice, bob, mallory } from '../testing/actors.ts'
import { anAck, anIntent, aReceipt } from '../testing/statements.ts'
import { signBatch } from './batch-signer.ts'
import { readEnvelope } from './envelope.ts'
import { type EnvelopeVerdict, envelopeVerifier } from './envelope-verifier.ts'
import { readAck, readIntent, readReceipt } from './payloads.ts'
import { prepare } from './prepared.ts'

const resolver = didKeyResolver()
const batch = signBatch(
  alice,
  [1, 2, 3, 4, 5].map((ctr) => prepare('hansa-intent', anIntent({ ctr }))),
)
const good = batch[2]?.envelope as Envelope
const text = batch[2]?.text ?? ''

/** The verdict, which does not depend on where signatures are checked. */
async function verify(
  bytes: Uint8Array | Envelope,
  issuer = alice.did,
  typ: 'hansa-intent' | 'hansa-ack' = 'hansa-intent',
): Promise<EnvelopeVerdict> {
  const verdict = await envelopeVerifier({ resolver }).verify(typ, bytes, issuer)
  expect(await envelopeVerifier({ resolver, pooled: true }).verify(typ, bytes, issuer)).toEqual(verdict)
  return verdict
}
const withProof = (over: Partial<Envelope['proof']>): Envelope => ({ ...good, proof: { ...good.proof, ...over } })

async function resolved(kid: string) {
  const resolution = await resolver.resolve(kid, 'assertionMethod')
  if (!resolution.ok) throw new Error('actors have keys')
  return resolution
}

/** An envelope of one payload text, well signed. */
function signedText(payload: string, signer = alice): Envelope {
  const [signed] = signBatch(signer, [{ typ: 'hansa-intent', payloadBytes: Buffer.from(payload), hash: '' }])
  return signed?.envelope as Envelope
}

describe('an envelope', () => {
  it('gives the payload, its bytes, its hash and itself', async () => {
    const prepared = prepare('hansa-intent', anIntent({ ctr: 3 }))
    const verdict = await verify(Buffer.from(text))
    expect(verdict).toMatchObject({ ok: true, payload: anIntent({ ctr: 3 }), hash: prepared.hash, envelope: good })
    expect(verdict.ok && Buffer.from(verdict.payloadBytes).equals(prepared.payloadBytes)).toBe(true)
    expect(await verify(good)).toEqual(verdict)
  })

  it('is verified as bytes: no order of members and no spelling is asked of a payload', async () => {
    expect(await verify(signedText('{ "b": 1, "a": "\\u0061" }'))).toMatchObject({
      ok: true,
      payload: { b: 1, a: 'a' },
    })
  })

  it('costs a signature once per batch, and again for another batch', async () => {
    const { key } = await resolved(alice.kid)
    let checks = 0
    const counted = {
      publicKey: key.publicKey,
      get keyObject() {
        checks++
        return key.keyObject
      },
    } as AdmittedKey
    const counting: KeyResolver = { resolve: async () => ({ ok: true, did: alice.did, key: counted }) }
    const verifier = envelopeVerifier({ resolver: counting })
    for (const index of [2, 4]) {
      const bytes = Buffer.from(batch[index]?.text ?? '')
      expect((await verifier.verify('hansa-intent', bytes, alice.did)).ok).toBe(true)
    }
    expect(checks).toBe(1)
    const other = signBatch(alice, [prepare('hansa-intent', anIntent())])[0]?.envelope as Envelope
    expect((await verifier.verify('hansa-intent', other, alice.did)).ok).toBe(true)
    expect(checks).toBe(2)
  })

  it('is refused once its name stands for another key, although its batch was verified before', async () => {
    let name = alice.kid
    const changing: KeyResolver = { resolve: async () => ({ ...(await resolved(name)), ok: true, did: alice.did }) }
    const verifier = envelopeVerifier({ resolver: changing })
    expect((await verifier.verify('hansa-intent', good, alice.did)).ok).toBe(true)
    name = mallory.kid
    expect(await verifier.verify('hansa-intent', good, alice.did)).toEqual({ ok: false, reason: 'signature_invalid' })
  })

  it('does not pass on the strength of a batch that was verified before (mallory copies its signature)', async () => {
    const verifier = envelopeVerifier({ resolver, pooled: true })
    expect((await verifier.verify('hansa-intent', good, alice.did)).ok).toBe(true)
    const forged = signBatch(
      mallory,
      [1, 2, 3, 4, 5].map((ctr) => prepare('hansa-intent', anIntent({ ctr, ttl_hops: 8 }))),
    )
    for (const { envelope } of forged) {
      const copied = { ...envelope, proof: { ...envelope.proof, kid: alice.kid, sig: good.proof.sig } }
      expect(await verifier.verify('hansa-intent', copied, alice.did)).toEqual({
        ok: false,
        reason: 'signature_invalid',
      })
    }
    const resized = withProof({ size: 6 })
    expect(await verifier.verify('hansa-intent', resized, alice.did)).toEqual({
      ok: false,
      reason: 'signature_invalid',
    })
    expect(await verifier.verify('hansa-ack', good, alice.did)).toEqual({ ok: false, reason: 'signature_invalid' })
  })

  it('is refused at once when its key is no longer vouched for, also from a batch that was verified', async () => {
    let revoked = false
    const revoking: KeyResolver = {
      resolve: (kid, purpose) =>
        revoked ? Promise.resolve({ ok: false, reason: 'key_revoked' }) : resolver.resolve(kid, purpose),
    }
    const verifier = envelopeVerifier({ resolver: revoking })
    expect((await verifier.verify('hansa-intent', good, alice.did)).ok).toBe(true)
    revoked = true
    expect(await verifier.verify('hansa-intent', good, alice.did)).toEqual({ ok: false, reason: 'key_revoked' })
  })

  it('is refused while the resolver fails', async () => {
    const broken: KeyResolver = { resolve: () => Promise.reject(new Error('no network')) }
    const verdict = await envelopeVerifier({ resolver: broken }).verify('hansa-intent', good, alice.did)
    expect(verdict).toEqual({ ok: false, reason: 'resolver_failed' })
  })
})

describe('a verifier refuses', () => {
  it.each([
    ['another index', withProof({ index: 1 }), 'signature_invalid'],
    ['an index beyond the batch', withProof({ index: 5 }), 'path_does_not_fit'],
    ['a smaller batch', withProof({ size: 3 }), 'path_does_not_fit'],
    ['a larger batch of the same shape', withProof({ size: 6 }), 'signature_invalid'],
    ['a path without its last hash', withProof({ path: good.proof.path.slice(0, -1) }), 'path_does_not_fit'],
    [
      'a path with one hash more',
      withProof({ path: [...good.proof.path, good.proof.path[0] ?? ''] }),
      'path_does_not_fit',
    ],
    [
      'a signature in another spelling',
      withProof({ sig: `${good.proof.sig.slice(0, -1)}B` }),
      'not_canonical_base64url',
    ],
    ['a payload in another spelling', { ...good, payload: 'e31' }, 'not_canonical_base64url'],
    ['another payload of the same batch', { ...good, payload: batch[1]?.envelope.payload ?? '' }, 'signature_invalid'],
    ["mallory's key identifier", withProof({ kid: mallory.kid }), 'signer_not_issuer'],
    ['a DID without a key', withProof({ kid: alice.did }), 'signer_not_issuer'],
    ['a key that alice does not have', withProof({ kid: `${alice.did}#key-2` }), 'kid_unknown_key'],
  ])('%s', async (_what, envelope, reason) => {
    expect(await verify(envelope)).toEqual({ ok: false, reason })
  })

  it('an object under another type', async () => {
    expect(await verify(good, alice.did, 'hansa-ack')).toEqual({ ok: false, reason: 'signature_invalid' })
  })

  it("alice's object where bob's is expected", async () => {
    expect(await verify(good, bob.did)).toEqual({ ok: false, reason: 'signer_not_issuer' })
  })

  it("mallory's well signed object that names alice as its issuer", async () => {
    expect(await verify(signedText(JSON.stringify(anIntent()), mallory), mallory.did)).toEqual({
      ok: false,
      reason: 'signer_not_issuer',
    })
  })

  it('an object that mallory puts in front of a batch that alice signed', async () => {
    const [planted] = signBatch(mallory, [
      prepare('hansa-intent', anIntent({ ctr: 99 })),
      prepare('hansa-intent', anIntent()),
    ])
    const envelope = {
      ...(planted?.envelope as Envelope),
      proof: { ...(planted?.envelope.proof as Envelope['proof']), kid: alice.kid },
    }
    expect(await verify(envelope)).toEqual({ ok: false, reason: 'signature_invalid' })
  })

  it.each([
    ['a name twice', '{"a":1,"a":2}', 'payload_duplicate_name'],
    ['a fraction', '{"a":0.5}', 'payload_number_not_allowed'],
    ['a forbidden name', '{"constructor":1}', 'payload_forbidden_name'],
    ['a list', '[]', 'payload_not_an_object'],
    ['no JSON at all', 'hello', 'payload_malformed'],
  ])('a well signed payload with %s', async (_what, payload, reason) => {
    expect(await verify(signedText(payload))).toEqual({ ok: false, reason })
  })

  it.each([
    ['nothing', ''],
    ['no JSON', 'hello'],
    ['a list', '[]'],
    ['a member twice', text.replace('{"payload"', '{"payload":"","payload"')],
    ['a member too many', text.replace('{"payload"', '{"note":"","payload"')],
    ['a proof without a size', text.replace(',"size":5', '')],
    ['a fractional index', text.replace('"index":2', '"index":2.0')],
    ['a batch of 1 025', text.replace('"size":5', '"size":1025')],
    ['a kid of 2 000 characters', text.replace(alice.kid, 'x'.repeat(2000))],
    ['more bytes than an envelope has', ' '.repeat(25_000) + text],
  ])('bytes that hold %s', async (_what, bytes) => {
    expect(await verify(Buffer.from(bytes))).toEqual({ ok: false, reason: 'not_an_envelope' })
  })

  it('any change of any bit of the text', async () => {
    const bytes = Buffer.from(text)
    await fc.assert(
      fc.asyncProperty(fc.nat(bytes.length * 8 - 1), async (bit) => {
        const changed = Uint8Array.from(bytes)
        changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7))
        expect((await verify(changed)).ok).toBe(false)
      }),
      { numRuns: 300 },
    )
  })
})

describe(readEnvelope, () => {
  const junk = fc.oneof(
    fc.string(),
    fc.integer(),
    fc.constant(null),
    fc.constant([]),
    fc.constant('A'.repeat(43)),
    fc.double(),
  )
  const changes = fc.dictionary(
    fc.constantFrom(
      'payload',
      'proof.kid',
      'proof.size',
      'proof.index',
      'proof.path',
      'proof.sig',
      'proof.note',
      'note',
    ),
    fc.oneof(junk, fc.array(junk, { maxLength: 12 })),
    { maxKeys: 2, noNullPrototype: true },
  )

  it('accepts what the schema of the protocol accepts', () => {
    fc.assert(
      fc.property(changes, (change) => {
        const envelope: Record<string, unknown> = { ...good, proof: { ...good.proof } }
        for (const [name, value] of Object.entries(change)) {
          const place = name.startsWith('proof.') ? (envelope.proof as Record<string, unknown>) : envelope
          place[name.replace('proof.', '')] = value
        }
        const expected = envelopeSchema.safeParse(envelope)
        expect(readEnvelope(envelope)).toEqual(expected.success ? expected.data : undefined)
      }),
      { numRuns: 2000 },
    )
  })

  it.each([[undefined], [null], ['text'], [[]], [{}], [{ payload: '', proof: null }]])('refuses %j', (value) => {
    expect(readEnvelope(value)).toBeUndefined()
  })
})

describe('readers of payloads', () => {
  it('give the typed object', () => {
    expect(readIntent(anIntent())).toEqual({ ok: true, value: anIntent() })
    expect(readReceipt(aReceipt())).toEqual({ ok: true, value: aReceipt() })
    expect(readAck(anAck())).toEqual({ ok: true, value: anAck() })
  })

  it('name the first member that does not fit', () => {
    expect(readIntent({ ...anIntent(), ttl_hops: 9 })).toMatchObject({
      ok: false,
      reason: expect.stringMatching(/^schema: ttl_hops: /),
    })
    expect(readReceipt({ ...aReceipt(), log: { ...aReceipt().log, index: -1 } })).toMatchObject({
      ok: false,
      reason: expect.stringMatching(/^schema: log\.index: /),
    })
    expect(readAck({ ...anAck(), extra: 1 })).toMatchObject({
      ok: false,
      reason: expect.stringMatching(/^schema: payload: /),
    })
  })

  it('do not take one for another', () => {
    expect(readIntent(aReceipt()).ok).toBe(false)
    expect(readReceipt(anAck()).ok).toBe(false)
    expect(readAck(anIntent()).ok).toBe(false)
  })
})
