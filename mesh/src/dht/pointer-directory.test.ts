import { type Did, POINTER_KEY_PREFIX } from '@hansa/protocols'
import { didKeyResolver, pointerKey, type SignedPointer } from '@hansa/trust'
import { bob, changedSignature, mallory, NOW } from '@hansa/trust/testing'
import { describe, expect, it } from 'vitest'
import { testPointer } from '../testing/test-host.ts'
import { type DhtAnswer, pointerDirectory } from './pointer-directory.ts'
import { pointerRules } from './pointer-rules.ts'

const bytes = ({ jws }: SignedPointer) => Buffer.from(jws)
const from = (n: number, value: Uint8Array | undefined, net = n): DhtAnswer => ({
  from: `host ${n}`,
  address: `/ip4/93.${net}.0.${n}/tcp/7401`,
  value,
})
const look = (did: Did, answers: DhtAnswer[]) =>
  pointerDirectory({
    dht: {
      async *answers() {
        yield* answers
      },
      put: async () => 0,
    },
    resolver: didKeyResolver(),
    now: () => NOW,
  }).find(did, new AbortController().signal)

const hash = (letter: string) => `${letter}${'A'.repeat(42)}`
const older = testPointer(bob, { seq: 6 })
const newer = testPointer(bob, { seq: 7, manifest_hash: hash('A') })
const other = testPointer(bob, { seq: 7, manifest_hash: hash('B') })

describe('a reader of the DHT', () => {
  it('hears two hosts of one small network, whatever mallory has put around the key', async () => {
    const near = (n: number, value: Uint8Array): DhtAnswer => ({
      ...{ from: `mallory ${n}`, value },
      address: n % 2 === 0 ? `/ip4/93.7.7.${n}/tcp/7401` : `/ip6/2a01:4f8:0:${n}::1/tcp/7401`,
    })
    const crowd = Array.from({ length: 40 }, (_, n) => near(n, bytes(older)))
    const found = await look(bob.did, [...crowd, from(1, bytes(newer))])
    expect(found).toMatchObject({ best: newer, responders: 5, networks: 3, refused: { crowded_network: 36 } })
    const again = [near(0, bytes(older)), near(0, bytes(newer)), near(2, bytes(older)), near(4, bytes(newer))]
    expect(await look(bob.did, again)).toMatchObject({ responders: 2, refused: { crowded_network: 1 } })
  })

  it('hears every host of a LAN, which is one small network', async () => {
    const near = Array.from({ length: 6 }, (_, n) => ({
      ...{ from: `host ${n}`, value: bytes(newer) },
      address: `/ip4/192.168.1.${n}/tcp/7401`,
    }))
    expect(await look(bob.did, near)).toMatchObject({ responders: 6, enough: false })
  })

  it('takes the newest of what the hosts have, though most of them have an old one', async () => {
    const found = await look(bob.did, [from(1, bytes(older)), from(2, bytes(newer)), from(3, bytes(older))])
    expect(found).toMatchObject({ best: newer, responders: 3, networks: 3, enough: false, contradiction: undefined })
  })

  it('believes no host: what does not verify is counted and left out', async () => {
    const forged = Buffer.from(changedSignature(newer.jws))
    const hers = bytes(testPointer(mallory, { seq: 99 }))
    const found = await look(bob.did, [from(1, forged), from(2, hers), from(3, bytes(older)), from(4, undefined)])
    expect(found.best).toEqual(older)
    expect(found.responders).toBe(4)
    expect(Object.values(found.refused)).toEqual([1, 1])
  })

  it('reports a kernel that signed two manifests of one number, and chooses as everybody does', async () => {
    const found = await look(bob.did, [from(1, bytes(other)), from(2, bytes(newer))])
    expect(found.best).toEqual(newer)
    expect(found.contradiction).toEqual([newer, other])
  })

  it('builds on five voices of three networks, and not on many of one', async () => {
    const five = [1, 2, 3, 4, 5]
    expect(
      await look(
        bob.did,
        five.map((n) => from(n, bytes(newer))),
      ),
    ).toMatchObject({ enough: true })
    expect(
      await look(
        bob.did,
        five.map((n) => from(n, bytes(newer), 7)),
      ),
    ).toMatchObject({ enough: false, networks: 1 })
    const sybils = Array.from({ length: 60 }, () => from(1, bytes(newer)))
    expect(await look(bob.did, sybils)).toMatchObject({ responders: 1, enough: false })
  })

  it('finds nothing where nobody has anything', async () => {
    expect(await look(bob.did, [from(1, undefined)])).toMatchObject({ best: undefined, records: [], responders: 1 })
  })
})

describe('a host of the DHT', () => {
  let now = NOW
  const rules = pointerRules({ now: () => now })
  const key = Buffer.from(pointerKey(bob.did))

  it('keeps the record of a kernel under its own key', async () => {
    await expect(rules.validate(key, bytes(newer))).resolves.toBeUndefined()
  })

  it.each([
    ["under another kernel's key", Buffer.from(pointerKey(mallory.did)), bytes(newer)],
    ['under a key of no kernel', Buffer.from(`${POINTER_KEY_PREFIX}x`), bytes(newer)],
    ['that is no record', key, Buffer.from('anything')],
    ["of mallory's under the key of bob", key, bytes(testPointer(mallory))],
    ['larger than a record may be', key, Buffer.alloc(4_096, 65)],
  ])('keeps nothing %s', async (_, under, value) => {
    await expect(rules.validate(under, value)).rejects.toThrow()
  })

  it('keeps nothing that has expired', async () => {
    now = NOW + 3_600
    await expect(rules.validate(key, bytes(newer))).rejects.toThrow('expired')
    now = NOW
  })

  it('takes the signature of the key that a did:webvh names, and asks nobody whether it is the right one', async () => {
    const did = 'did:webvh:QmRwqBmVq5aFk3W8dGxq1Zt8sVnYkH9x2uT4cJ7yLpE6Rb:b.example' as Did
    const kid = `${did}#${bob.kid.slice(bob.kid.indexOf('#') + 1)}`
    const signer = { ...bob, did, kid, publicKey: bob.publicKey, sign: (data: Uint8Array) => bob.sign(data) }
    const record = testPointer(signer)
    await expect(rules.validate(Buffer.from(pointerKey(did)), bytes(record))).resolves.toBeUndefined()
    const tampered = Buffer.from(record.jws.replace(/.{4}$/, 'AAAA'))
    await expect(rules.validate(Buffer.from(pointerKey(did)), tampered)).rejects.toThrow()
  })

  it('chooses the newest of several, and never one that does not verify', async () => {
    const hers = bytes(testPointer(mallory, { seq: 99 }))
    expect(await rules.select(key, [bytes(older), hers, bytes(newer), bytes(other)])).toBe(2)
  })
})
