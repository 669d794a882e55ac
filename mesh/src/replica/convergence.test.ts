import { exchangePaths, type InboundRequest } from '@hansa/protocols'
import { changedSignature, NOW } from '@hansa/trust/testing'
import { afterEach, describe, expect, it } from 'vitest'
import { memoryGossip } from '../testing/memory-gossip.ts'
import { type ReplicaKernel, type ReplicaKernelInit, ReplicaMesh } from '../testing/replica-mesh.ts'
import { kernelNumber, manifestOf } from '../testing/replica-records.ts'

let mesh = new ReplicaMesh()
afterEach(() => {
  mesh.close()
  mesh = new ReplicaMesh()
})

/** Ten kernels in a ring, each with two chords; all have published, and all know all. */
async function tenKernels(init: (number: number) => ReplicaKernelInit = () => ({})): Promise<ReplicaKernel[]> {
  const kernels = Array.from({ length: 10 }, (_, number) => mesh.add(number, init(number)))
  kernels.forEach((kernel, at) => {
    const others = [1, 9, 3].map((step) => kernels[(at + step) % 10]).filter((one) => one !== undefined)
    kernel.neighbours = others.map(({ neighbour }) => neighbour)
    kernel.rounds.start()
  })
  for (const kernel of kernels) await kernel.publish()
  await mesh.until(() => knowAll(kernels, 10))
  return kernels
}

function knowAll(kernels: readonly ReplicaKernel[], count: number): boolean {
  return mesh.agree(kernels) && kernels.every(({ replica }) => replica.size === count)
}

const first = (kernels: readonly ReplicaKernel[]): ReplicaKernel => {
  const [kernel] = kernels
  if (kernel === undefined) throw new Error('there are ten')
  return kernel
}

describe('ten kernels', () => {
  it('all have what one of them publishes within a second', async () => {
    const kernels = await tenKernels()
    const jws = await first(kernels).publish({ name: 'changed' })
    const did = first(kernels).signer.did
    const tookMs = await mesh.until(() => kernels.every(({ replica }) => replica.get(did)?.jws === jws))
    expect(tookMs).toBeLessThanOrEqual(1_000)
  })

  it('all forget a kernel that withdraws, and a replay brings it back nowhere', async () => {
    const kernels = await tenKernels()
    const leaving = first(kernels)
    const old = leaving.replica.get(leaving.signer.did)?.jws ?? ''
    await leaving.withdraw()
    await mesh.until(() => knowAll(kernels, 9))
    for (const { replica } of kernels) expect(await replica.take(old, 'mallory')).toBe('ignore')
    expect(knowAll(kernels, 9)).toBe(true)
  })

  it('agree within five seconds after a partition heals, and the tombstone of one side wins', async () => {
    const kernels = await tenKernels()
    const [left, right] = [kernels.slice(0, 5), kernels.slice(5)]
    const heals = left.flatMap((one) => right.map((other) => mesh.network.partition(one.endpoint, other.endpoint)))
    await first(left).withdraw()
    for (const kernel of right) await kernel.publish({ name: 'on the right' })
    await mesh.until(() => mesh.agree(left) && mesh.agree(right))
    expect(mesh.agree()).toBe(false)
    for (const heal of heals) heal()
    const tookMs = await mesh.until(() => knowAll(kernels, 9))
    expect(tookMs).toBeLessThanOrEqual(5_000)
    expect(kernels[9]?.replica.record(first(left).signer.did)?.kind).toBe('withdrawal')
    expect(first(left).replica.get(kernels[9]?.signer.did ?? 'did:x:y')?.manifest.name).toBe('on the right')
  })

  it('agree also while a third of all messages is lost', async () => {
    const kernels = await tenKernels()
    const end = mesh.network.loss(0.33)
    for (const kernel of kernels) await kernel.publish({ name: 'under loss' })
    await mesh.until(() => knowAll(kernels, 10), 120_000)
    end()
    const names = kernels.map(({ signer }) => first(kernels).replica.get(signer.did)?.manifest.name)
    expect(new Set(names)).toEqual(new Set(['under loss']))
  })

  it('count a message once that arrives twice', async () => {
    const kernels = await tenKernels()
    const remove = mesh.network.intercept(() => ({ copies: 2 }))
    await first(kernels).publish({ name: 'twice' })
    await mesh.until(() => knowAll(kernels, 10))
    remove()
    expect(kernels.every(({ lost }) => lost.length === 0)).toBe(true)
  })

  it('let a late one join that only one of them is a neighbour of, and that none of them knows', async () => {
    const kernels = await tenKernels()
    const late = mesh.add('late')
    late.neighbours = [first(kernels).neighbour]
    late.rounds.start()
    await late.publish({ name: 'late' })
    const all = [...kernels, late]
    const joinedMs = await mesh.until(() => knowAll(all, 11))
    expect(joinedMs).toBeLessThanOrEqual(2_000)
    // Nobody can push to it, and it learns of a change at once: the question that it asked is waiting there.
    const changed = kernels[7]
    const jws = (await changed?.publish({ name: 'changed' })) ?? ''
    const tookMs = await mesh.until(() => late.replica.get(changed?.signer.did ?? 'did:x:y')?.jws === jws)
    expect(tookMs).toBeLessThanOrEqual(1_000)
  })

  it('pass the own manifest on through gossip, and find by reconciliation what it lost', async () => {
    const gossip = memoryGossip()
    const kernels = await tenKernels((number) => ({ gossip: gossip.join(String(number)) }))
    const end = gossip.lose((_from, to) => to === '4')
    const jws = await first(kernels).publish({ name: 'through gossip' })
    await mesh.until(() => knowAll(kernels, 10))
    end()
    expect(kernels[4]?.replica.get(first(kernels).signer.did)?.jws).toBe(jws)
    const verdicts = new Set(gossip.tap.map(({ verdict }) => verdict))
    expect(verdicts).toContain('accept')
    expect(verdicts).toContain('lost')
    expect(verdicts).not.toContain('reject')
  })
})

describe('mallory as a neighbour', () => {
  /** Alice follows bob, who is honest, and mallory, who answers what the test says. */
  async function aliceBetween(answers: (request: InboundRequest) => object | Uint8Array) {
    const [alice, bob] = [mesh.add('alice'), mesh.add('bob')]
    const endpoint = 'http://mallory.test'
    mesh.network.attach(endpoint, {
      async handle(request) {
        const answer = answers(request)
        const body = answer instanceof Uint8Array ? answer : Buffer.from(JSON.stringify(answer))
        return { status: 200, contentType: 'application/json', body }
      },
    })
    alice.neighbours = [bob.neighbour, { did: kernelNumber('mallory').did, endpoint }]
    await bob.publish()
    alice.rounds.start()
    await mesh.until(() => alice.replica.size === 1)
    return { alice, bob, asked: () => mesh.network.tap.filter((one) => one.endpoint === endpoint) }
  }
  const hash = (letter: string) => `${letter.repeat(42)}A`

  it('lies about the number of a record: it is asked for once, and bob stays what he is', async () => {
    const bob = kernelNumber('bob').did
    const old = manifestOf(kernelNumber('bob'), { seq: 3 })
    const item = { did: bob, kind: 'manifest', seq: NOW + 9_000, hash: hash('m') }
    const { alice, asked } = await aliceBetween(({ path }) =>
      path === exchangePaths.replicaPlaces
        ? { v: 1, places: [{ count: 1, digest: hash('d'), items: [item] }] }
        : { v: 1, records: [old] },
    )
    mesh.clock.advance(30_000)
    await mesh.until(() => asked().some(({ path }) => path === exchangePaths.replicaRecords))
    for (let step = 0; step < 100; step++) {
      mesh.clock.advance(3_000)
      await mesh.settle()
    }
    expect(asked().filter(({ path }) => path === exchangePaths.replicaRecords)).toHaveLength(1)
    // Each time that it has nothing to give it is asked less often.
    expect(asked().length).toBeLessThan(40)
    expect(alice.replica.get(bob)?.manifest.seq).toBe(NOW)
  })

  it('answers with endless differences: a round ends, and calls on bob go on', async () => {
    let count = 0
    const { alice, bob } = await aliceBetween(({ path, body }) => {
      if (path !== exchangePaths.replicaPlaces) return { v: 1, records: [] }
      const { places } = JSON.parse(Buffer.from(body).toString()) as { places: string[] }
      const children = () => Array.from({ length: 16 }, () => hash(String.fromCharCode(97 + (count++ % 26))))
      return { v: 1, places: places.map(() => ({ count: 1_000, digest: hash('x'), children: children() })) }
    })
    const jws = await bob.publish({ name: 'later' })
    await mesh.until(() => alice.replica.get(bob.signer.did)?.jws === jws)
    const requests = alice.reports.map(({ requests }) => requests)
    expect(Math.max(...requests)).toBeLessThanOrEqual(600)
  })

  it.each<[string, () => object | Uint8Array]>([
    ['sends 10 MB', () => new Uint8Array(10_000_000).fill(32)],
    ['sends what is no JSON', () => Buffer.from('{{{')],
    ['sends half an answer', () => ({ v: 1, places: [] })],
    ['sends a digest that is none', () => ({ v: 1, places: [{ count: 1, digest: 'x', items: [] }] })],
  ])('%s: it is asked less and less', async (_what, answer) => {
    const { alice, asked } = await aliceBetween(answer)
    for (let step = 0; step < 100; step++) {
      mesh.clock.advance(3_000)
      await mesh.settle()
    }
    expect(asked().length).toBeLessThan(15)
    expect(alice.replica.size).toBe(1)
    expect(alice.reports.some(({ fault }) => fault !== undefined)).toBe(true)
  })

  it('sends forged records: it loses its turn', async () => {
    const forged = changedSignature(manifestOf(kernelNumber('carol')))
    const { alice, asked } = await aliceBetween(({ path }) =>
      path === exchangePaths.replicaPlaces
        ? {
            v: 1,
            places: [
              {
                count: 1,
                digest: hash('d'),
                items: [{ did: kernelNumber('carol').did, kind: 'manifest', seq: 7, hash: hash('c') }],
              },
            ],
          }
        : { v: 1, records: [forged] },
    )
    await mesh.until(() => alice.reports.some(({ rejected }) => rejected !== undefined))
    const before = asked().length
    for (let step = 0; step < 10; step++) {
      mesh.clock.advance(5_000)
      await mesh.settle()
    }
    expect(asked()).toHaveLength(before)
    expect(alice.replica.size).toBe(1)
  })
})

describe('pushes of mallory', () => {
  const push = (kernel: ReplicaKernel, records: string[], source = 'http://mallory.test') =>
    kernel.handle({
      path: exchangePaths.replicaPush,
      method: 'POST',
      source,
      body: Buffer.from(JSON.stringify({ v: 1, records })),
    })

  it('with an invalid record lose the turn for a while, twice as long each time, and nobody else does', async () => {
    const alice = mesh.add('alice')
    const forged = changedSignature(manifestOf(kernelNumber('carol')))
    const good = manifestOf(kernelNumber('bob'))
    expect((await push(alice, [forged, good])).status).toBe(400)
    expect(alice.replica.size).toBe(0)
    expect((await push(alice, [good])).status).toBe(429)
    expect((await push(alice, [good], 'http://bob.test')).status).toBe(200)
    mesh.clock.advance(60_001)
    expect((await push(alice, [forged])).status).toBe(400)
    mesh.clock.advance(60_001)
    expect((await push(alice, [good])).status).toBe(429)
    mesh.clock.advance(60_001)
    expect((await push(alice, [good])).status).toBe(200)
    expect(alice.lost).toEqual(['http://mallory.test', 'http://mallory.test'])
  })

  it('with old records are no fault, and change nothing', async () => {
    const alice = mesh.add('alice')
    await alice.replica.take(manifestOf(kernelNumber('bob'), { seq: NOW + 5 }), 'x')
    const reply = await push(alice, [manifestOf(kernelNumber('bob'))])
    expect(JSON.parse(Buffer.from(reply.body).toString())).toEqual({ v: 1, taken: 0 })
    expect(alice.replica.get(kernelNumber('bob').did)?.manifest.seq).toBe(NOW + 5)
  })

  it('with too many or too large records are not read', async () => {
    const alice = mesh.add('alice')
    expect(
      (
        await push(
          alice,
          Array.from({ length: 65 }, () => 'x'),
        )
      ).status,
    ).toBe(400)
    expect((await push(alice, ['x'.repeat(300_000)])).status).toBe(400)
  })

  it('are answered as too many beyond a number a minute', async () => {
    const alice = mesh.add('alice')
    const statuses: number[] = []
    for (let count = 0; count < 1_300; count++)
      statuses.push((await push(alice, [manifestOf(kernelNumber('bob'))])).status)
    expect(statuses.indexOf(429)).toBe(1_200)
    mesh.clock.advance(62_000)
    expect((await push(alice, [manifestOf(kernelNumber('bob'))])).status).toBe(200)
  })
})

describe('what reconciliation costs', () => {
  async function twoWith(count: number) {
    const [alice, bob] = [mesh.add('alice'), mesh.add('bob')]
    alice.neighbours = [bob.neighbour]
    const records = Array.from({ length: count }, (_, number) => manifestOf(kernelNumber(number), { capabilities: [] }))
    for (const jws of records) await bob.replica.take(jws, bob.signer.did)
    return { alice, bob, records }
  }

  it('one record that differs among 2,000 costs a few KiB, and none costs one question', async () => {
    const { alice, bob, records } = await twoWith(2_000)
    for (const jws of records.slice(1)) await alice.replica.take(jws, bob.signer.did)
    const one = await alice.rounds.with(bob.neighbour)
    expect(one).toMatchObject({ taken: 1, given: 0 })
    expect(mesh.agree()).toBe(true)
    expect(one.bytesSent + one.bytesReceived).toBeLessThan(6_000)
    expect(await alice.rounds.with(bob.neighbour)).toMatchObject({ requests: 1, equal: true })
  })

  it('a cold replica pays for the records and little else', async () => {
    const { alice, bob, records } = await twoWith(2_000)
    const all = await alice.rounds.with(bob.neighbour)
    expect(all.taken).toBe(2_000)
    expect(mesh.agree()).toBe(true)
    const bytes = records.reduce((sum, { length }) => sum + length, 0)
    expect(all.bytesSent + all.bytesReceived).toBeLessThan(bytes * 1.05 + 10_000)
    expect(all.requests).toBeLessThan(bytes / 1_000_000 + 20)
  })

  it('what only the asker has is given', async () => {
    const { alice, bob, records } = await twoWith(200)
    for (const jws of records) await alice.replica.take(jws, bob.signer.did)
    await alice.publish()
    expect(await alice.rounds.with(bob.neighbour)).toMatchObject({ taken: 0, given: 1 })
    expect(bob.replica.get(alice.signer.did)).toBeDefined()
  })
})
