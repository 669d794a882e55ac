import type { Entry, EntryDraft, EventLogger } from '@hansa/protocols'
import { type ManualClock, manualClock } from '@hansa/protocols/testing'
import { EvidenceLog } from '@hansa/trust/score'
import { type alice, bob } from '@hansa/trust/testing'
import { beforeEach, describe, expect, it } from 'vitest'
import { FakeLedger } from '../testing/fake-ledger.ts'
import { recordConfigured } from './config-vouches.ts'
import { type Evidence, StandingBook } from './standing-book.ts'

const DAY_MS = 86_400_000

let clock: ManualClock
let ledger: FakeLedger
let lines: string[]

beforeEach(() => {
  clock = manualClock()
  ledger = new FakeLedger(clock)
  lines = []
})

const say = (...[event]: [string, ...unknown[]]) => void lines.push(event)
const logger: EventLogger = { debug: say, info: say, warn: say, error: say }

function bookOf(evidence: Evidence) {
  const append = (draft: EntryDraft) => {
    const appended = ledger.append(draft)
    book.saw(draft, appended)
    return appended
  }
  const book: StandingBook = new StandingBook({ evidence, clock, logger, origin: 'test/log/1', append })
  return { book, append }
}

const good: EntryDraft = { type: 'receipt.received', peer: bob.did, actor: 'agent:a', ext: { status: 'ok' } }
const broken: EntryDraft = { type: 'peer.evidence', peer: bob.did, ext: { reason: 'inclusion_broken: no proof' } }
const forked: EntryDraft = { type: 'peer.evidence', peer: bob.did, ext: { reason: 'fork: two roots' } }
const vouched = (standing: number): EntryDraft => ({
  type: 'standing.vouched',
  peer: bob.did,
  actor: 'person:olga',
  ext: { source: 'operator', standing },
})
const told = () => ledger.entries.filter(({ type }) => type === 'standing.changed').map(({ ext }) => ext?.tier)

describe('the standing of a peer', () => {
  it('is that of a newcomer while nothing is known, and leaves no trace', () => {
    const { book } = bookOf(new EvidenceLog())
    expect(book.of(bob.did)).toEqual({ score: 200, tier: 'probation' })
    book.tick()
    expect(ledger.entries).toEqual([])
  })

  it('rises with the days on which it answers, at most 40 points each, and each tier is told once', () => {
    const { book, append } = bookOf(new EvidenceLog())
    append({ type: 'peer.imported', peer: bob.did, ext: { alias: 'bob' } })
    let before = 200
    for (let day = 0; day < 20; day++) {
      for (let call = 0; call < 5; call++) append(good)
      expect(book.of(bob.did).score).toBe(before)
      clock.advance(DAY_MS)
      book.tick()
      const { score } = book.of(bob.did)
      expect(score - before).toBeLessThanOrEqual(40)
      before = score
    }
    expect(before).toBeGreaterThan(700)
    expect(told()).toEqual(['reader', 'trusted_reader', 'trusted'])
  })

  it('does not rise during a day, however much good there is', () => {
    const { book, append } = bookOf(new EvidenceLog())
    for (let call = 0; call < 1000; call++) append(good)
    expect(book.of(bob.did).score).toBe(200)
  })

  it('falls at once, and the entry names what it was computed from', () => {
    const { book, append } = bookOf(new EvidenceLog())
    append(vouched(700))
    expect(book.of(bob.did)).toEqual({ score: 700, tier: 'trusted' })
    append(forked)
    expect(book.of(bob.did)).toEqual({ score: 0, tier: 'blocked' })
    const entry = ledger.ofType('standing.changed').at(-1)
    expect(entry?.ext).toMatchObject({ standing: 0, tier: 'blocked', reason: 'trusted before' })
    expect(entry?.ext?.hash).toMatch(/^[\w-]{43}$/)
  })

  it('is vouched for until something grave happens, and again when an operator vouches after it', () => {
    const { book, append } = bookOf(new EvidenceLog())
    append(vouched(700))
    append(broken)
    expect(book.of(bob.did).tier).toBe('blocked')
    append(vouched(500))
    expect(book.of(bob.did)).toEqual({ score: 500, tier: 'trusted_reader' })
    append(broken)
    expect(book.of(bob.did).tier).toBe('blocked')
  })

  it('is the same after a start that replays the log', () => {
    const first = bookOf(new EvidenceLog())
    for (const draft of [vouched(600), good, good, { ...good, ext: { status: 'failed' } } as EntryDraft])
      first.append(draft)
    clock.advance(3 * DAY_MS)
    const again = new EvidenceLog()
    for (const entry of ledger.entries) again.take(entry as Entry)
    expect(bookOf(again).book.of(bob.did)).toEqual(first.book.of(bob.did))
    const resumed = new EvidenceLog()
    resumed.restore(JSON.parse(JSON.stringify(again.state())))
    expect(bookOf(resumed).book.of(bob.did)).toEqual(first.book.of(bob.did))
  })
})

describe('evidence that cannot be read', () => {
  /** Throws when it is told to. */
  function failing() {
    const log = new EvidenceLog()
    const state = { fails: false }
    const evidence: Evidence = {
      peers: () => log.peers(),
      has: (peer) => log.has(peer),
      endorsedBy: () => [],
      tierOf: (peer) => log.tierOf(peer),
      take: (entry, hash) => log.take(entry, hash),
      basis(peer, day, endorser) {
        if (state.fails) throw new Error('the disk is gone')
        return log.basis(peer, day, endorser)
      },
    }
    return { evidence, state }
  }

  it('costs a hundred points once, does not rise, and is over when it can be read again', () => {
    const { evidence, state } = failing()
    const { book, append } = bookOf(evidence)
    append(vouched(700))
    expect(book.of(bob.did).score).toBe(700)
    state.fails = true
    clock.advance(DAY_MS)
    for (let asked = 0; asked < 3; asked++) expect(book.of(bob.did)).toEqual({ score: 600, tier: 'trusted_reader' })
    append(vouched(899))
    expect(book.of(bob.did).score).toBe(600)
    clock.advance(DAY_MS)
    book.tick()
    expect(book.of(bob.did).score).toBe(600)
    expect(lines.filter((event) => event === 'standing.unreadable')).toHaveLength(1)
    expect(told()).toEqual(['trusted'])
    state.fails = false
    expect(book.of(bob.did).score).toBe(899)
  })

  it('costs more than there is of whoever has little: nothing is left', () => {
    const { evidence, state } = failing()
    const { book, append } = bookOf(evidence)
    append(vouched(0))
    append(broken)
    state.fails = true
    clock.advance(DAY_MS)
    expect(book.of(bob.did)).toEqual({ score: 0, tier: 'blocked' })
  })
})

describe('what the configuration vouches for', () => {
  it('is an entry when it is new or another one, and one that ends it', async () => {
    const evidence = new EvidenceLog()
    const { append } = bookOf(evidence)
    const record = (configured: [typeof alice.did, number][]) =>
      recordConfigured({ evidence, configured: new Map(configured), append })
    await record([[bob.did, 700]])
    await record([[bob.did, 700]])
    await record([[bob.did, 500]])
    append(broken)
    await record([[bob.did, 500]])
    await record([])
    const written = ledger.entries.filter(({ type }) => type.startsWith('standing.'))
    expect(written.map(({ type, ext }) => [type, ext?.standing ?? ext?.source])).toEqual([
      ['standing.vouched', 700],
      ['standing.changed', 700],
      ['standing.vouched', 500],
      ['standing.changed', 500],
      ['standing.changed', 33],
      ['standing.unvouched', 'configuration'],
    ])
  })
})
