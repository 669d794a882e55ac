import { type Intent, MAX_BATCH_LEAVES } from '@hansa/protocols'
import { describe, expect, it } from 'vitest'
import { didKeyResolver } from '../did/did-key-resolver.ts'
import { sha256, taggedHash } from '../encoding/hash.ts'
import { canonicalJson } from '../json/canonical-json.ts'
import { verifySignature } from '../keys/admitted-key.ts'
import type { Signer } from '../keys/signer.ts'
import { leafHash } from '../merkle/hashing.ts'
import { alice, mallory } from '../testing/actors.ts'
import { anAck, anIntent, aReceipt } from '../testing/statements.ts'
import { batchSigner, signBatch } from './batch-signer.ts'
import { batchLeafHash } from './batch-statement.ts'
import { envelopeVerifier } from './envelope-verifier.ts'
import { prepare } from './prepared.ts'

/** A signer whose turn of the event loop ends when the test says so, and which counts its signatures. */
function held(over: Partial<Signer> = {}) {
  const turns: (() => void)[] = []
  const made = { inPlace: 0, inPool: 0 }
  const counting: Signer = {
    ...alice,
    sign(bytes: Uint8Array) {
      made.inPlace++
      return alice.sign(bytes)
    },
    signInPool(bytes: Uint8Array) {
      made.inPool++
      return alice.signInPool(bytes)
    },
    ...over,
  }
  const signer = batchSigner(counting, { schedule: (flush) => turns.push(flush), pooled: true })
  return { signer, endTurn: () => turns.shift()?.(), turns, made }
}

describe(prepare, () => {
  it('gives the canonical bytes and the hash before anything is signed', () => {
    const prepared = prepare('hansa-intent', anIntent())
    expect(Buffer.from(prepared.payloadBytes).toString()).toBe(canonicalJson(anIntent()))
    expect(prepared.hash).toBe(taggedHash('intent', prepared.payloadBytes))
    expect(prepare('hansa-receipt', aReceipt()).hash).toBe(taggedHash('receipt', canonicalJson(aReceipt())))
    expect(prepare('hansa-ack', anAck()).hash).toBe(taggedHash('ack', canonicalJson(anAck())))
  })
})

describe(batchSigner, () => {
  it('signs everything of one turn with one signature, in the order in which it came', async () => {
    const { signer, endTurn, made, turns } = held()
    const promises = [
      signer.sign('hansa-intent', anIntent()),
      signer.sign(prepare('hansa-receipt', aReceipt())),
      signer.sign('hansa-ack', anAck()),
    ]
    expect(turns).toHaveLength(1)
    endTurn()
    const signed = await Promise.all(promises)
    expect(made).toEqual({ inPlace: 0, inPool: 1 })
    expect(signed.map(({ envelope }) => envelope.proof.index)).toEqual([0, 1, 2])
    expect(new Set(signed.map(({ envelope }) => envelope.proof.sig)).size).toBe(1)
    expect(signed.every(({ envelope }) => envelope.proof.size === 3)).toBe(true)
  })

  it('starts another batch in the next turn', async () => {
    const { signer, endTurn, made } = held()
    const first = signer.sign('hansa-ack', anAck())
    endTurn()
    const second = signer.sign('hansa-ack', anAck())
    endTurn()
    expect((await first).envelope.proof.size).toBe(1)
    expect((await second).envelope.proof.size).toBe(1)
    // Nobody shares them, so nobody waits for another thread.
    expect(made).toEqual({ inPlace: 2, inPool: 0 })
  })

  it('cuts a turn of more than 1 024 objects into several batches', async () => {
    const { signer, endTurn, made } = held()
    const prepared = prepare('hansa-ack', anAck())
    const promises = Array.from({ length: MAX_BATCH_LEAVES + 1 }, () => signer.sign(prepared))
    endTurn()
    await promises[0]
    await new Promise(setImmediate)
    endTurn()
    const signed = await Promise.all(promises)
    expect(made).toEqual({ inPlace: 1, inPool: 1 })
    expect(signed[MAX_BATCH_LEAVES - 1]?.envelope.proof).toMatchObject({ size: 1024, index: 1023 })
    expect(signed[MAX_BATCH_LEAVES]?.envelope.proof).toMatchObject({ size: 1, index: 0, path: [] })
  })

  it('signs what is handed in while a signature is made with the next one, and not before', async () => {
    const { promise: made, resolve: goOn } = Promise.withResolvers<void>()
    const { signer, endTurn, turns } = held({ signInPool: (bytes) => made.then(() => alice.sign(bytes)) })
    const first = [signer.sign('hansa-ack', anAck()), signer.sign('hansa-ack', anAck())]
    endTurn()
    const later = [
      signer.sign('hansa-ack', anAck()),
      signer.sign('hansa-ack', anAck()),
      signer.sign('hansa-ack', anAck()),
    ]
    expect(turns).toHaveLength(0)
    goOn()
    await Promise.all(first)
    await new Promise(setImmediate)
    expect(turns).toHaveLength(1)
    endTurn()
    expect((await Promise.all(later)).map(({ envelope }) => envelope.proof.size)).toEqual([3, 3, 3])
  })

  it('names the key that signed, also when the kernel has another one before the signature is made', async () => {
    let current = alice
    const { promise: rotated, resolve: goOn } = Promise.withResolvers<void>()
    const rotating: Signer = {
      did: alice.did,
      get kid() {
        return current.kid
      },
      publicKey: alice.publicKey,
      sign: (bytes) => current.sign(bytes),
      signInPool: (bytes) => {
        const { sign } = current
        return rotated.then(() => sign(bytes))
      },
    }
    const turns: (() => void)[] = []
    const signer = batchSigner(rotating, { schedule: (flush) => turns.push(flush), pooled: true })
    const promises = [signer.sign('hansa-ack', anAck()), signer.sign('hansa-ack', anAck())]
    turns.shift()?.()
    current = mallory
    goOn()
    const verifier = envelopeVerifier({ resolver: didKeyResolver() })
    for (const { envelope } of await Promise.all(promises)) {
      expect((await verifier.verify('hansa-ack', envelope, alice.did)).ok).toBe(true)
    }
  })

  it.each([1, 2])(
    'rejects each object of a batch of %i that the key cannot sign, and goes on with the next',
    async (size) => {
      let gone = true
      const fault = new Error('the key is gone')
      const { signer, endTurn } = held({
        sign(bytes) {
          if (gone) throw fault
          return alice.sign(bytes)
        },
        signInPool: (bytes) => (gone ? Promise.reject(fault) : alice.signInPool(bytes)),
      })
      const batch = () => Promise.allSettled(Array.from({ length: size }, () => signer.sign('hansa-ack', anAck())))
      const refused = batch()
      endTurn()
      expect(await refused).toEqual(new Array(size).fill({ status: 'rejected', reason: fault }))
      gone = false
      const signed = batch()
      endTurn()
      expect((await signed).map(({ status }) => status)).toEqual(new Array(size).fill('fulfilled'))
    },
  )

  it('needs no schedule to be handed in', async () => {
    expect((await batchSigner(alice).sign('hansa-ack', anAck())).envelope.proof.size).toBe(1)
  })
})

describe('a batch envelope', () => {
  it('travels as the JSON of the envelope, with the canonical order of members', () => {
    for (const { envelope, text } of signBatch(alice, [
      prepare('hansa-ack', anAck()),
      prepare('hansa-intent', anIntent()),
    ])) {
      expect(text).toBe(JSON.stringify(envelope))
      expect(text).toBe(canonicalJson(envelope))
    }
  })

  it('signs "hansa/batch/v1\\n", the size in eight bytes and the root', async () => {
    const prepared = prepare('hansa-ack', anAck())
    const [signed] = signBatch(alice, [prepared])
    const root = sha256(Uint8Array.of(0), 'hansa-ack\n', prepared.payloadBytes)
    const statement = Buffer.concat([Buffer.from('hansa/batch/v1\n'), Buffer.from('0000000000000001', 'hex'), root])
    const resolution = await didKeyResolver().resolve(alice.kid, 'assertionMethod')
    const signature = Buffer.from(signed?.envelope.proof.sig ?? '', 'base64url')
    expect(resolution.ok && verifySignature(resolution.key, statement, signature)).toBe(true)
  })

  it('has leaves with the RFC 6962 hash of type, line feed and payload', () => {
    const bytes = Buffer.from('{}')
    for (const typ of ['hansa-intent', 'hansa-receipt', 'hansa-ack'] as const) {
      const expected = leafHash(Buffer.concat([Buffer.from(`${typ}\n`), bytes]))
      expect(Buffer.from(batchLeafHash(typ, bytes)).equals(expected)).toBe(true)
    }
  })

  it('verifies for every leaf of batches of every shape', async () => {
    const verifier = envelopeVerifier({ resolver: didKeyResolver() })
    for (const size of [1, 2, 3, 5, 8, 33, 1024]) {
      const payloads = Array.from({ length: size }, (_, index): Intent => anIntent({ ctr: index + 1 }))
      const signed = signBatch(
        alice,
        payloads.map((payload) => prepare('hansa-intent', payload)),
      )
      for (const [index, { text, hash }] of signed.entries()) {
        if (size === 1024 && index % 97 !== 0) continue
        const verdict = await verifier.verify('hansa-intent', Buffer.from(text), alice.did)
        expect(verdict).toMatchObject({ ok: true, payload: payloads[index], hash })
      }
    }
  })

  it.each([[0], [1025]])('does not hold %i objects', (count) => {
    const prepared = prepare('hansa-ack', anAck())
    expect(() =>
      signBatch(
        alice,
        Array.from({ length: count }, () => prepared),
      ),
    ).toThrow(RangeError)
  })
})
