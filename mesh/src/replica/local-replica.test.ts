import { didKeyResolver, signJws, unadmittedKeys } from '@hansa/trust'
import { aCapability, alice, bob, carol, mallory, NOW } from '@hansa/trust/testing'
import { describe, expect, it } from 'vitest'
import { kernelNumber, manifestOf, withdrawalOf } from '../testing/replica-records.ts'
import { clockAtNow } from '../testing/test-kernel.ts'
import { LocalReplica, type LocalReplicaInit } from './local-replica.ts'

function aReplica(init: LocalReplicaInit = {}) {
  const clock = clockAtNow()
  const replica = new LocalReplica({ clock, resolver: unadmittedKeys(didKeyResolver()) }, init)
  return { clock, replica }
}

describe('what a replica takes', () => {
  it('holds the newest manifest of a kernel, and gives it out as it was signed', async () => {
    const { replica } = aReplica()
    const [first, second] = [manifestOf(bob), manifestOf(bob, { seq: NOW + 1, name: 'Org B, later' })]
    expect(await replica.take(first, 'alice')).toBe('accept')
    expect(await replica.take(second, 'alice')).toBe('accept')
    expect(replica.get(bob.did)).toMatchObject({ jws: second, manifest: { seq: NOW + 1, name: 'Org B, later' } })
    expect(replica.size).toBe(1)
    expect(await replica.judge(second, 'carol')).toMatchObject({ verdict: 'ignore', reason: 'known' })
  })

  it.each<[string, () => string, string, string]>([
    ['another kernel signed it (mallory)', () => forged(), 'reject', 'issuer_not_signer'],
    ['a byte of it was changed', () => tampered(manifestOf(bob)), 'reject', 'signature_invalid'],
    ['it is no record at all', () => 'hello', 'reject', 'not_a_record'],
    ['it is larger than a manifest may be', () => 'x'.repeat(10_000_000), 'reject', 'not_a_record'],
    ['a hash in it is not that of its capability', () => wrongHash(), 'reject', 'capability_hash: files.read'],
    ['it has expired', () => manifestOf(bob, { iat: NOW - 7_200, exp: NOW - 61 }), 'ignore', 'expired'],
    ['it is of tomorrow', () => manifestOf(bob, { iat: NOW + 86_400, exp: NOW + 90_000 }), 'ignore', 'from_the_future'],
    ['the tombstone is of tomorrow', () => withdrawalOf(bob, 5, NOW + 86_400), 'ignore', 'from_the_future'],
    ['the tombstone is older than a day', () => withdrawalOf(bob, 5, NOW - 90_000), 'ignore', 'expired'],
  ])('not when %s', async (_what, jws, verdict, reason) => {
    const { replica } = aReplica()
    expect(await replica.judge(jws(), 'mallory')).toMatchObject({ verdict, reason })
    expect(replica.size).toBe(0)
  })

  it('no schemas are compiled: that is for an import', async () => {
    const { replica } = aReplica()
    const capability = aCapability({ input_schema: '{"$ref":"https://mallory.example/schema"}' })
    expect(await replica.take(manifestOf(mallory, { capabilities: [capability] }), 'x')).toBe('accept')
  })

  it('an older manifest is ignored, also after the newer one has lapsed (mallory replays)', async () => {
    const { replica, clock } = aReplica()
    const old = manifestOf(bob, { seq: NOW - 5, exp: NOW + 80_000 })
    await replica.take(manifestOf(bob), 'alice')
    expect(await replica.judge(old, 'mallory')).toMatchObject({ verdict: 'ignore', reason: 'rolled_back' })
    clock.advance(3_700_000)
    expect(replica.get(bob.did)).toBeUndefined()
    expect(replica.size).toBe(0)
    expect(await replica.judge(old, 'mallory')).toMatchObject({ verdict: 'ignore', reason: 'rolled_back' })
  })

  it('nothing that others bring of this kernel itself', async () => {
    const { replica } = aReplica({ self: alice.did })
    expect(await replica.judge(manifestOf(alice), 'mallory')).toMatchObject({ verdict: 'ignore', reason: 'own' })
    expect(await replica.take(manifestOf(alice), alice.did)).toBe('accept')
  })

  it('tells whoever watches what came, lapsed and was withdrawn', async () => {
    const { replica, clock } = aReplica()
    const seen: string[] = []
    const stop = replica.watch(({ kind, record }) => seen.push(`${kind} ${record.kind}`))
    await replica.take(manifestOf(bob), 'alice')
    await replica.take(withdrawalOf(bob, NOW), 'alice')
    await replica.take(manifestOf(carol), 'alice')
    clock.advance(3_700_000)
    expect(replica.size).toBe(0)
    stop()
    await replica.take(manifestOf(alice, { iat: NOW + 3_700, exp: NOW + 7_300 }), 'alice')
    expect(seen).toEqual(['taken manifest', 'taken withdrawal', 'taken manifest', 'lapsed manifest'])
  })

  it('puts back what was kept, without what has lapsed meanwhile', async () => {
    const before = aReplica()
    await before.replica.take(manifestOf(bob), 'alice')
    await before.replica.take(manifestOf(carol, { exp: NOW + 60 }), 'alice')
    await before.replica.take(withdrawalOf(alice, 7), 'alice')
    const { replica, clock } = aReplica()
    clock.advance(200_000)
    replica.restore(before.replica.records)
    expect([...replica.dids()]).toEqual([bob.did])
    expect(replica.record(alice.did)?.kind).toBe('withdrawal')
    const again = manifestOf(carol, { seq: NOW - 1, exp: NOW + 3_600 })
    expect(await replica.judge(again, 'mallory')).toMatchObject({ reason: 'rolled_back' })
  })
})

describe('tombstones', () => {
  it('win over a manifest of the same number, and are not undone by it', async () => {
    const { replica } = aReplica()
    await replica.take(manifestOf(bob), 'alice')
    expect(await replica.take(withdrawalOf(bob, NOW), 'alice')).toBe('accept')
    expect(replica.get(bob.did)).toBeUndefined()
    expect(await replica.judge(manifestOf(bob), 'mallory')).toMatchObject({ reason: 'rolled_back' })
    expect(await replica.take(manifestOf(bob, { seq: NOW + 1 }), 'alice')).toBe('accept')
    expect(replica.get(bob.did)?.manifest.seq).toBe(NOW + 1)
  })

  it('lose to a manifest of a higher number', async () => {
    const { replica } = aReplica()
    await replica.take(manifestOf(bob), 'alice')
    expect(await replica.judge(withdrawalOf(bob, NOW - 1), 'x')).toMatchObject({ reason: 'rolled_back' })
    expect(replica.get(bob.did)).toBeDefined()
  })

  it('stay until every manifest that they withdraw has expired', async () => {
    const { replica, clock } = aReplica()
    await replica.take(withdrawalOf(bob, NOW + 1), 'alice')
    clock.advance(86_400_000)
    expect(replica.record(bob.did)?.kind).toBe('withdrawal')
    clock.advance(121_000)
    expect(replica.record(bob.did)).toBeUndefined()
  })
})

describe('two manifests of one number', () => {
  it('leave one of them in every replica, whatever came first, and the proof with whoever saw both', async () => {
    const [one, two] = [manifestOf(mallory, { name: 'for alice' }), manifestOf(mallory, { name: 'for bob' })]
    const proofs: (readonly [string, string])[] = []
    const kept = []
    for (const order of [
      [one, two],
      [two, one],
    ]) {
      const { replica } = aReplica({ equivocated: (_did, manifests) => proofs.push(manifests) })
      expect(await replica.take(order[0] ?? '', 'x')).toBe('accept')
      expect(await replica.judge(order[1] ?? '', 'x')).toMatchObject({ verdict: 'accept', reason: 'equivocation' })
      // Said once: nobody is made to pass it on again and again.
      expect(await replica.take(one, 'x')).toBe('ignore')
      expect(await replica.take(two, 'x')).toBe('ignore')
      kept.push(replica.record(mallory.did))
    }
    expect(kept[0]?.jws).toBe(kept[1]?.jws)
    expect(kept[0]?.equivocates).toBe(true)
    expect(proofs).toEqual([
      [one, two],
      [two, one],
    ])
  })
})

describe('room', () => {
  it('mallory, who mints 100,000 kernels, displaces nobody', async () => {
    const kept = carol.did
    const { replica } = aReplica({
      limits: { maxRecords: 400, strangerRecords: 50 },
      keeps: (did) => did === kept,
      knows: (from) => from === alice.did,
    })
    const honest = Array.from({ length: 150 }, (_, number) => kernelNumber(number))
    for (const signer of honest) expect(await replica.take(manifestOf(signer), alice.did)).toBe('accept')
    await replica.take(manifestOf(carol), 'mallory')
    let taken = 0
    const template = manifestOf(kernelNumber('of mallory'), { capabilities: [] })
    for (let number = 0; number < 100_000; number++) {
      // The first are real; behind them nothing is checked any more, so that text of any DID will do.
      const jws = number < 200 ? manifestOf(kernelNumber(`m${number}`)) : otherDid(template, number)
      if ((await replica.take(jws, 'mallory')) === 'accept') taken++
    }
    expect(taken).toBe(50)
    expect(honest.every(({ did }) => replica.get(did) !== undefined)).toBe(true)
    expect(replica.get(kept)).toBeDefined()
    expect(replica.size).toBe(201)
  })

  it('many addresses help mallory no further than a quarter', async () => {
    const { replica } = aReplica({ limits: { maxRecords: 100, strangerRecords: 5 } })
    for (let number = 0; number < 60; number++)
      await replica.take(manifestOf(kernelNumber(number)), `10.0.0.${Math.floor(number / 5)}`)
    expect(replica.size).toBe(25)
  })

  it('when it is full, the largest part gives way, the newest first, and never one that is kept', async () => {
    const named = new Set<string>()
    const { replica } = aReplica({
      limits: { maxRecords: 10, knownShare: 0.9 },
      keeps: (did) => named.has(did),
      knows: () => true,
    })
    const flood = Array.from({ length: 9 }, (_, number) => kernelNumber(`flood ${number}`))
    for (const signer of flood) await replica.take(manifestOf(signer), 'mallory')
    named.add(flood[8]?.did ?? '')
    for (let number = 0; number < 3; number++) await replica.take(manifestOf(kernelNumber(number)), 'bob')
    const left = flood.filter(({ did }) => replica.get(did) !== undefined)
    expect(left).toEqual([...flood.slice(0, 6), flood[8]])
    expect(replica.size).toBe(10)
    expect(await replica.judge(manifestOf(kernelNumber('one more')), 'mallory')).toMatchObject({ reason: 'no_room' })
    // What made room may come again once there is some.
    named.add(flood[7]?.did ?? '')
    expect(await replica.take(manifestOf(flood[7] ?? bob), 'mallory')).toBe('accept')
  })

  it('bounds bytes as it bounds records', async () => {
    const description = 'x'.repeat(4_000)
    const large = (n: number) => manifestOf(kernelNumber(n), { capabilities: [aCapability({ description })] })
    const { replica } = aReplica({ limits: { maxBytes: 100_000 }, knows: () => true })
    for (let number = 0; number < 30; number++) await replica.take(large(number), 'mallory')
    expect(replica.bytes).toBeLessThanOrEqual(50_000)
    expect(replica.size).toBeGreaterThan(4)
  })

  it('a kernel that can only be checked by asking a server is bounded by the minute', async () => {
    const asked: string[] = []
    const resolver = {
      async resolve(kid: string) {
        asked.push(kid)
        return { ok: false as const, reason: 'identity_unavailable' }
      },
    }
    const replica = new LocalReplica({ clock: clockAtNow(), resolver })
    for (let number = 0; number < 100; number++) {
      const did = `did:webvh:QmfAbc${number}:victim.example` as const
      const payload = { v: 1, kernel_id: did, seq: 1, iat: NOW, exp: NOW + 60 }
      const signer = { did, kid: `${did}#k`, sign: (bytes: Uint8Array) => mallory.sign(bytes) }
      const { jws } = signJws(signer as typeof mallory, 'hansa-withdrawal+jws', payload)
      expect(await replica.take(jws, 'mallory')).toBe('ignore')
    }
    expect(asked).toHaveLength(30)
  })
})

function forged(): string {
  const payload = { v: 1, kernel_id: bob.did, seq: NOW + 1, iat: NOW, exp: NOW + 60 }
  return signJws(mallory, 'hansa-withdrawal+jws', payload).jws
}

function wrongHash(): string {
  return manifestOf(mallory, { capabilities: [aCapability({ hash: 'A'.repeat(43) })] })
}

function tampered(jws: string): string {
  const [header, payload = '', signature] = jws.split('.')
  const text = Buffer.from(payload, 'base64url').toString().replace('Org B', 'Org M')
  return [header, Buffer.from(text).toString('base64url'), signature].join('.')
}

/** The same text with another DID in it; its signature is nobody's. */
function otherDid(jws: string, number: number): string {
  const [header, payload = '', signature] = jws.split('.')
  const text = Buffer.from(payload, 'base64url').toString()
  const changed = text.replace(/did:key:z6Mk\w+/, (did) => `${did.slice(0, -6)}${String(number).padStart(6, 'x')}`)
  return [header, Buffer.from(changed).toString('base64url'), signature].join('.')
}
