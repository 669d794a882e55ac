import { exchangePaths, memoryStore, type Store, silentLogger } from '@hansa/protocols'
import { manualClock } from '@hansa/protocols/testing'
import { didKeyResolver, type Signer, taggedHash } from '@hansa/trust'
import { alice, bob } from '@hansa/trust/testing'
import { describe, expect, it } from 'vitest'
import { RefusalCounter } from '../exchange/refusal-counter.ts'
import { EventOutbox } from '../kernel/event-outbox.ts'
import { TokenUses } from '../kernel/token-uses.ts'
import { FakeLedger } from '../testing/fake-ledger.ts'
import { RevocationDesk } from './revocation-desk.ts'
import { StatusBook } from './status-book.ts'
import { StatusExchange } from './status-exchange.ts'
import { Statuses } from './statuses.ts'

const NOW = 1_700_000_000
const clock = () => manualClock(NOW * 1000)

async function side(signer: Signer, time = clock(), store: Store = memoryStore()) {
  const ledger = new FakeLedger(time)
  const events = new EventOutbox({ store, logger: silentLogger, ledger: () => ledger, room: async () => {} })
  const desk = await RevocationDesk.open({ signer, store, clock: time, events, uses: new TokenUses() })
  const known = new StatusBook()
  const refused: string[] = []
  const statuses = new Statuses({
    ...{ signer, resolver: didKeyResolver(), clock: time, desk, known },
    refused: (_peer, reason) => refused.push(reason),
  })
  const refusals = new RefusalCounter({ clock: time, append: ledger.append })
  const others = new Map<string, StatusExchange>()
  let sent = 0
  const exchange = new StatusExchange({
    ...{ self: signer.did, clock: time, statuses, known, refusals, isConnected: () => true },
    transport: {
      async send({ endpoint, path, method, body = new Uint8Array(0) }) {
        sent += 1
        const other = others.get(endpoint)
        if (other === undefined) throw new Error('it is away')
        const reply = await other.serve({ path, method, body, source: '' })
        expect(path).toBe(exchangePaths.revocations)
        return { status: reply.status, body: reply.body }
      },
    },
  })
  const link = (name: string | number) => ({
    kind: 'delegation' as const,
    what: taggedHash('delegation', String(name)),
    reason: '',
  })
  return { desk, known, statuses, exchange, others, refused, store, link, sent: () => sent }
}

async function pair() {
  const time = clock()
  const [a, b] = [await side(alice, time), await side(bob, time)]
  a.others.set('b', b.exchange)
  return { a, b, time }
}

describe('an exchange of statuses', () => {
  it('makes both sides current, with one message each way', async () => {
    const { a, b } = await pair()
    const mine = await a.desk.make(a.link('mine'))
    const yours = await b.desk.make(b.link('yours'))
    expect(await a.exchange.sync(bob.did, 'b')).toBeUndefined()
    expect(a.known.of(bob.did)).toEqual({ asOf: NOW, seq: yours.revocation.seq })
    expect(b.desk.revoked('delegation', mine.revocation.what, [alice.did])).toEqual(mine.revocation)
    expect(a.desk.revoked('delegation', yours.revocation.what, [bob.did])).toEqual(yours.revocation)
    expect(await a.exchange.sync(bob.did, 'b')).toBeUndefined()
    expect(b.known.of(alice.did)).toEqual({ asOf: NOW, seq: mine.revocation.seq })
  })

  it('hands over hundreds in as many messages as it takes', async () => {
    const { a, b } = await pair()
    for (let n = 0; n < 200; n++) await b.desk.make(b.link(n))
    for (let n = 0; n < 70; n++) await a.desk.make(a.link(n))
    expect(await a.exchange.sync(bob.did, 'b')).toBeUndefined()
    expect([a.desk.book.list(bob.did).length, b.desk.book.list(alice.did).length]).toEqual([200, 70])
    expect(a.sent()).toBeLessThan(8)
  })

  it('keeps to itself what concerns itself alone', async () => {
    const { a, b } = await pair()
    await a.desk.make({ kind: 'principal', what: 'agent:secret-project', reason: '' })
    await a.exchange.sync(bob.did, 'b')
    expect(b.desk.book.list()).toEqual([])
    expect(b.known.of(alice.did)).toEqual({ asOf: NOW, seq: 0 })
  })

  it('gives a kernel back what it has lost, and then takes its word again', async () => {
    const { a, b, time } = await pair()
    const lost = await a.desk.make(a.link('lost'))
    await a.exchange.sync(bob.did, 'b')
    const restored = await side(alice, time)
    restored.others.set('b', b.exchange)
    expect(restored.desk.revoked('delegation', lost.revocation.what)).toBeUndefined()
    expect(await restored.exchange.sync(bob.did, 'b')).toBeUndefined()
    expect(restored.desk.revoked('delegation', lost.revocation.what)).toEqual(lost.revocation)
    expect(b.refused).toEqual(['number_rolled_back'])
    expect(b.known.of(alice.did)?.seq).toBe(lost.revocation.seq)
  })

  it('says why it did not come to one, and that of nobody is known then', async () => {
    const { a } = await pair()
    expect(await a.exchange.sync(bob.did, 'elsewhere')).toBe('it is away')
    expect(a.known.of(bob.did)).toBeUndefined()
  })

  it('is one for all who want it at the same time', async () => {
    const { a } = await pair()
    await Promise.all([1, 2, 3].map(() => a.exchange.sync(bob.did, 'b')))
    expect(a.sent()).toBe(1)
  })

  it('fits into a handshake, however much there is to say', async () => {
    const { a } = await pair()
    for (let n = 0; n < 40; n++) await a.desk.make({ ...a.link(n), reason: 'r'.repeat(256) })
    expect(a.statuses.statusFor(bob.did, 0).length).toBeLessThanOrEqual(8_192)
    expect(a.statuses.statusFor(bob.did, 0).length).toBeGreaterThan(4_000)
  })
})
