import * as noble from '@noble/ed25519'
import { sha512 } from '@noble/hashes/sha2.js'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { alice, mallory } from '../testing/actors.ts'
import { describeVectors, vectorJson } from '../testing/published-vectors.ts'
import { type AdmittedKey, admitKey, verifySignature, verifySignatureInPool } from './admitted-key.ts'
import { signerFromSeed } from './signer.ts'

noble.hashes.sha512 = sha512

const hex = (text: string) => Buffer.from(text, 'hex')

function admitted(publicKey: Uint8Array): AdmittedKey {
  const admission = admitKey(publicKey)
  if (!admission.ok) throw new Error(admission.reason)
  return admission.key
}

/** The verdict of this system over a key, a message and a signature in hex, the same in place and in the pool. */
async function verdict(publicKey: string, message: string, signature: string): Promise<string> {
  const admission = admitKey(hex(publicKey))
  if (!admission.ok) return admission.reason
  const accepted = verifySignature(admission.key, hex(message), hex(signature))
  expect(await verifySignatureInPool(admission.key, hex(message), hex(signature))).toBe(accepted)
  return accepted ? 'accepted' : 'refused'
}

describe(admitKey, () => {
  it('admits the key of a signer and keeps a copy', () => {
    const bytes = Uint8Array.from(alice.publicKey)
    const key = admitted(bytes)
    bytes.fill(0)
    expect(key.publicKey).toEqual(alice.publicKey)
  })

  it.each([
    ['key_length', 'nothing', ''],
    ['key_length', '31 bytes', '00'.repeat(31)],
    ['key_length', '33 bytes', '00'.repeat(33)],
    ['key_small_order', 'the identity, under which everyone can sign', `01${'00'.repeat(31)}`],
    ['key_small_order', 'a point of order 2', `ec${'ff'.repeat(30)}7f`],
    ['key_small_order', 'a point of order 4', '00'.repeat(32)],
    ['key_small_order', 'a point of order 8', 'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a'],
    ['key_mixed_order', 'a point with a torsion component', '__torsion__'],
    ['key_not_canonical', 'y = p, another spelling of 0', `ed${'ff'.repeat(30)}7f`],
    ['key_not_canonical', 'y = p + 1, another spelling of the identity', `ee${'ff'.repeat(30)}7f`],
    ['key_not_canonical', 'the identity with a sign', `01${'00'.repeat(30)}80`],
    ['key_not_canonical', 'a y of no point', `02${'00'.repeat(31)}`],
  ])('refuses with %s %s', (reason, _what, text) => {
    const torsion = noble.Point.fromHex('c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a')
    const bytes = text === '__torsion__' ? noble.Point.fromBytes(alice.publicKey).add(torsion).toBytes() : hex(text)
    expect(admitKey(bytes)).toEqual({ ok: false, reason })
  })
})

describe(verifySignature, () => {
  const message = Buffer.from('message')
  const signature = alice.sign(message)

  it('accepts what the key signed, and nothing of mallory', () => {
    expect(verifySignature(admitted(alice.publicKey), message, signature)).toBe(true)
    expect(verifySignature(admitted(alice.publicKey), message, mallory.sign(message))).toBe(false)
    expect(verifySignature(admitted(mallory.publicKey), message, signature)).toBe(false)
  })

  it('refuses every single-bit change of the message and of the signature', () => {
    const key = admitted(alice.publicKey)
    const flipped = (bytes: Uint8Array, bit: number) =>
      bytes.map((byte, at) => (at === bit >> 3 ? byte ^ (1 << (bit & 7)) : byte))
    for (let bit = 0; bit < signature.length * 8; bit++) {
      expect(verifySignature(key, message, flipped(signature, bit))).toBe(false)
    }
    for (let bit = 0; bit < message.length * 8; bit++) {
      expect(verifySignature(key, flipped(message, bit), signature)).toBe(false)
    }
  })

  it.each([[0], [63], [65]])('refuses a signature of %i bytes without an exception', async (length) => {
    const of = [admitted(alice.publicKey), message, new Uint8Array(length)] as const
    expect(verifySignature(...of)).toBe(false)
    expect(await verifySignatureInPool(...of)).toBe(false)
  })

  it('agrees with an independent implementation on random and mutated signatures, in place and in the pool', async () => {
    const seeds = Array.from({ length: 4 }, (_, index) => new Uint8Array(32).fill(index + 1))
    const signers = seeds.map((seed) => ({
      signer: signerFromSeed(seed),
      key: admitted(signerFromSeed(seed).publicKey),
    }))
    const mutation = fc.option(
      fc.tuple(fc.constantFrom('message', 'signature'), fc.nat(), fc.integer({ min: 1, max: 255 })),
    )
    await fc.assert(
      fc.asyncProperty(
        fc.nat(3),
        fc.uint8Array({ minLength: 1, maxLength: 64 }),
        mutation,
        async (who, text, change) => {
          const { signer, key } = signers[who] ?? { signer: alice, key: admitted(alice.publicKey) }
          const bytes = { message: text, signature: Uint8Array.from(signer.sign(text)) }
          if (change !== null) {
            const [part, at, mask] = change
            const place = at % bytes[part].length
            bytes[part] = bytes[part].with(place, (bytes[part][place] ?? 0) ^ mask)
          }
          const ours = verifySignature(key, bytes.message, bytes.signature)
          expect(ours).toBe(noble.verify(bytes.signature, bytes.message, signer.publicKey, { zip215: false }))
          expect(await verifySignatureInPool(key, bytes.message, bytes.signature)).toBe(ours)
          expect(ours).toBe(change === null)
        },
      ),
      { numRuns: 150 },
    )
  })
})

type WycheproofEddsa = {
  testGroups: { publicKey: { pk: string }; tests: { tcId: number; msg: string; sig: string; result: string }[] }[]
}

describeVectors('Wycheproof Ed25519', () => {
  const groups = vectorJson<WycheproofEddsa>('wycheproof/ed25519_test.json').testGroups
  const tests = groups.flatMap((group) => group.tests.map((test) => ({ ...test, pk: group.publicKey.pk })))

  it('gives all 151 published verdicts', async () => {
    const wrong: number[] = []
    for (const { pk, msg, sig, result, tcId } of tests) {
      if (((await verdict(pk, msg, sig)) === 'accepted') !== (result === 'valid')) wrong.push(tcId)
    }
    expect(tests).toHaveLength(151)
    expect(wrong).toEqual([])
  })

  it('admits all of its keys, so every verdict is one about a signature', () => {
    expect(groups.filter(({ publicKey }) => !admitKey(hex(publicKey.pk)).ok)).toEqual([])
  })
})

type Zip215 = { vk_bytes: string; sig_bytes: string }
type EdgeCase = { message: string; pub_key: string; signature: string }

describeVectors('the edge cases on which implementations differ', () => {
  it('accepts none of the 196 that ZIP 215 accepts: no key of theirs is admitted', async () => {
    const counts: Record<string, number> = {}
    for (const { vk_bytes, sig_bytes } of vectorJson<Zip215[]>('ed25519/zip215.json')) {
      const outcome = await verdict(vk_bytes, Buffer.from('Zcash').toString('hex'), sig_bytes)
      counts[outcome] = (counts[outcome] ?? 0) + 1
    }
    expect(counts).toEqual({ key_small_order: 112, key_not_canonical: 84 })
  })

  it('accepts none of the 12 cases of "Taming the many EdDSAs"', async () => {
    const cases = vectorJson<EdgeCase[]>('ed25519/noble-edge-cases.json')
    const verdicts = cases.map(({ pub_key, message, signature }) => verdict(pub_key, message, signature))
    expect(await Promise.all(verdicts)).toEqual([
      ...[
        'key_small_order',
        'key_small_order',
        'key_mixed_order',
        'key_mixed_order',
        'key_mixed_order',
        'key_mixed_order',
      ],
      ...['refused', 'refused', 'key_mixed_order', 'key_mixed_order', 'key_not_canonical', 'key_not_canonical'],
    ])
  })
})
