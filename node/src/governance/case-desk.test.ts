import { type CaseEvidence, type Did, memoryStore, type Store, silentLogger } from '@hansa/protocols'
import { type ManualClock, manualClock } from '@hansa/protocols/testing'
import { encodeBase64url, sha256 } from '@hansa/trust'
import { alice, mallory } from '@hansa/trust/testing'
import { beforeEach, describe, expect, it } from 'vitest'
import { EventOutbox } from '../kernel/event-outbox.ts'
import { TokenUses } from '../kernel/token-uses.ts'
import { FakeLedger } from '../testing/fake-ledger.ts'
import { type Brought, CaseDesk } from './case-desk.ts'
import { SanctionLog } from './sanction-log.ts'
import { SanctionBook } from './sanctions.ts'

const START_MS = 1_800_000_000_000
const self = alice.did
const subject = mallory.did
const hash = (text: string) => encodeBase64url(sha256(text))
const didOf = (n: number): Did => `did:key:z6Mk${n}`
const proof = (text: string): Brought => ({ evidence: { kind: 'equivocation', hash: hash(text) }, text })
const said = (iss: Did, text: string): Brought => {
  const evidence: Extract<CaseEvidence, { kind: 'notice' }> = { kind: 'notice', iss, hash: hash(text) }
  return { evidence, text }
}

let clock: ManualClock
let store: Store
let ledger: FakeLedger
let cut: Did[]

beforeEach(() => {
  clock = manualClock(START_MS)
  store = memoryStore()
  ledger = new FakeLedger(clock)
  cut = []
})

/** As a kernel opens it: what waits is drained, and what the log said before that is known. */
async function opened(over: { store?: Store; self?: Did } = {}) {
  const log = new SanctionLog()
  const uses = new TokenUses()
  for (const entry of ledger.entries) {
    log.replay(entry)
    uses.replay(entry)
  }
  const outbox = new EventOutbox({ store, logger: silentLogger, ledger: () => ledger, room: async () => {}, ...over })
  await outbox.open()
  const book = new SanctionBook(clock)
  const desk = await CaseDesk.open({
    ...{ self, store, clock, logger: silentLogger, events: outbox, book, epochs: uses },
    logged: log.state(clock.now()),
    entry: async (seq) => ({ kind: 'entry', origin: ledger.origin, seq, leaf_hash: hash(String(seq)) }),
    cutOff: (peer) => void cut.push(peer),
    ...over,
  })
  return { desk, book, uses }
}

const suspension = { verdict: 'sanction', sanction: { kind: 'suspend', days: 30 } } as const
async function suspended(desk: CaseDesk, who: string): Promise<string> {
  const { id } = await desk.open({ subject: who, reason: 'r', evidence: [], by: 'person:ana' })
  await desk.act({ id, by: 'person:ben', act: { type: 'triage', reason: 'r' } })
  await desk.act({ id, by: 'person:ben', act: { type: 'decide', reason: 'r', terms: suspension } })
  return id
}

describe('notices', () => {
  it('of a thousand issuers about one kernel open one case, and sanction nobody', async () => {
    const { desk, book } = await opened()
    for (let n = 0; n < 1_000; n++) await desk.suspect(subject, didOf(n), said(didOf(n), `${n}`), 'it lies')
    expect(desk.list()).toHaveLength(1)
    expect(book.on(subject)).toBeUndefined()
    expect(desk.caseOpen(subject)).toBe(false)
    expect(ledger.entries).toHaveLength(1)
  })

  it('of one issuer open four cases, of all a hundred, and persons can open theirs all the same', async () => {
    const { desk } = await opened()
    for (let n = 0; n < 20; n++) await desk.suspect(didOf(n), mallory.did, said(mallory.did, `${n}`), 'it lies')
    expect(desk.list()).toHaveLength(4)
    for (let n = 0; n < 300; n++) await desk.suspect(didOf(100 + n), didOf(n), said(didOf(n), `of ${n}`), 'it lies')
    expect(desk.list()).toHaveLength(100)
    await desk.open({ subject: 'agent:a', reason: 'r', evidence: [1], by: 'person:ana' })
    expect(desk.list()).toHaveLength(101)
  })

  it('about this kernel itself open nothing, with a proof or without', async () => {
    const { desk, book } = await opened()
    expect(await desk.suspect(self, mallory.did, said(mallory.did, 'x'), 'it lies')).toBeUndefined()
    expect(await desk.convict(self, mallory.did, proof('x'), 'it lies')).toBeUndefined()
    expect(book.on(self)).toBeUndefined()
  })
})

describe('a proof', () => {
  it('opens one case, however many bring it at the same time, and cuts the kernel off', async () => {
    const { desk, book, uses } = await opened()
    const all = Array.from({ length: 20 }, (_, n) => desk.convict(subject, didOf(n), proof('one'), 'two manifests'))
    expect((await Promise.all(all)).filter((one) => one !== undefined)).toHaveLength(1)
    await desk.convict(subject, self, proof('another'), 'two more manifests')
    expect(desk.list()).toHaveLength(1)
    expect(book.on(subject)).toMatchObject({ kind: 'quarantine', rule: 'automatic' })
    expect(book.on(`${subject}#somebody`)).toMatchObject({ kind: 'quarantine' })
    expect([uses.epochOf(subject), cut]).toEqual([1, [subject, subject]])
    const types = ['peer.evidence', 'case.opened', 'sanction.imposed', 'token.revoked']
    expect(ledger.entries.map(({ type }) => type)).toEqual(types)
    const [evidence, opening] = ledger.entries
    expect([evidence?.ext?.hash, opening?.ext?.hash]).toEqual([hash('one'), hash('one')])
  })

  it('is in force when nothing can be kept, and has its case when something can', async () => {
    for (const fault of ['the log is full', 'the disk is full'] as const) {
      clock = manualClock(START_MS)
      store = memoryStore()
      ledger = new FakeLedger(clock)
      ledger.full = fault === 'the log is full'
      let failing = fault === 'the disk is full'
      const apply: Store['apply'] = (changes) => (failing ? Promise.reject(new Error(fault)) : memory.apply(changes))
      const memory = store
      store = { ...memory, apply }
      const { desk, book } = await opened()
      await expect(desk.convict(subject, self, proof('one'), 'two manifests'), fault).rejects.toThrow()
      expect(book.on(subject), fault).toMatchObject({ kind: 'quarantine' })
      ledger.full = false
      failing = false
      await desk.convict(subject, self, proof('one'), 'two manifests')
      expect(desk.list(), fault).toHaveLength(1)
      expect(book.on(subject)?.case, fault).toBe(desk.list()[0]?.id)
    }
  })

  it('that nobody looked at is over after seven days, and its case is open still', async () => {
    const { desk, book } = await opened()
    await desk.convict(subject, self, proof('one'), 'two manifests')
    clock.advance(7 * 86_400_000 - 1)
    expect(book.on(subject)).toBeDefined()
    clock.advance(1)
    expect(book.on(subject)).toBeUndefined()
    await desk.tick()
    expect(desk.caseOpen(subject)).toBe(true)
    expect(desk.list()).toMatchObject([{ state: 'open', missed: ['triage'], inForce: null }])
  })
})

describe('a process that ends between a change and its entries', () => {
  it('has the sanction after the start, its entries once, and the tokens of before stay void', async () => {
    const first = await opened()
    const agent = 'agent:mallory'
    const { id } = await first.desk.open({ subject: agent, reason: 'r', evidence: [], by: 'person:ana' })
    await first.desk.act({ id, by: 'person:ben', act: { type: 'triage', reason: 'r' } })
    const ends = ledger.fail('log_full')
    const decide = { type: 'decide', reason: 'r', terms: suspension } as const
    await expect(first.desk.act({ id, by: 'person:ben', act: decide })).rejects.toThrow()
    ends()
    expect(ledger.ofType('sanction.imposed')).toEqual([])

    for (let start = 0; start < 2; start++) {
      const { desk, book, uses } = await opened()
      expect(book.on(agent)).toMatchObject({ kind: 'suspend', case: id })
      expect(uses.epochOf(agent)).toBe(1)
      expect(desk.show(id).state).toBe('decided')
      expect(ledger.ofType('sanction.imposed')).toHaveLength(1)
      expect(ledger.ofType('token.revoked')).toHaveLength(1)
    }
  })
})

describe('a sanction', () => {
  it('that becomes milder voids nothing a second time', async () => {
    const { desk, uses } = await opened()
    const id = await suspended(desk, 'agent:x')
    await desk.appeal(id, 'agent:x', 'no')
    clock.advance(7 * 86_400_000)
    await desk.tick()
    expect(desk.show(id)).toMatchObject({ missed: ['appeal'], inForce: { kind: 'quarantine', rule: 'deadline' } })
    expect(uses.epochOf('agent:x')).toBe(1)
  })

  it('of several cases is the most severe one, and what is left when that ends', async () => {
    const { desk, book } = await opened()
    await suspended(desk, 'agent:x')
    const { id } = await desk.open({ subject: 'agent:x', reason: 'r', evidence: [], by: 'person:ana' })
    await desk.act({ id, by: 'person:ben', act: { type: 'triage', reason: 'r' } })
    const ban = { verdict: 'sanction', sanction: { kind: 'ban', days: 1 } } as const
    await desk.act({ id, by: 'person:ben', act: { type: 'decide', reason: 'r', terms: ban } })
    expect(book.on('agent:x')?.kind).toBe('suspend')
    await desk.act({ id, by: 'person:cy', act: { type: 'decide', reason: 'r', terms: ban } })
    expect(book.on('agent:x')?.kind).toBe('ban')
    clock.advance(86_400_000)
    expect(book.on('agent:x')?.kind).toBe('suspend')
  })

  it('is decided once when two persons decide at the same moment', async () => {
    const { desk } = await opened()
    const { id } = await desk.open({ subject: 'agent:x', reason: 'r', evidence: [], by: 'person:ana' })
    await desk.act({ id, by: 'person:ben', act: { type: 'triage', reason: 'r' } })
    const decide = { type: 'decide', reason: 'r', terms: suspension } as const
    const both = await Promise.allSettled(['person:ben', 'person:cy'].map((by) => desk.act({ id, by, act: decide })))
    expect(both.map(({ status }) => status)).toEqual(['fulfilled', 'rejected'])
    expect(ledger.ofType('sanction.imposed')).toHaveLength(1)
  })
})
