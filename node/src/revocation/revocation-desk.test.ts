import { memoryStore, type Revocation, silentLogger } from '@hansa/protocols'
import { manualClock } from '@hansa/protocols/testing'
import { makeRevocation, type RevocationDraft, taggedHash } from '@hansa/trust'
import { alice, bob } from '@hansa/trust/testing'
import { describe, expect, it } from 'vitest'
import { EventOutbox } from '../kernel/event-outbox.ts'
import { TokenUses } from '../kernel/token-uses.ts'
import { FakeLedger } from '../testing/fake-ledger.ts'
import { RevocationDesk } from './revocation-desk.ts'

const NOW = 1_700_000_000
const LINK = taggedHash('delegation', 'a link')

async function desk(store = memoryStore()) {
  const clock = manualClock(NOW * 1000)
  const ledger = new FakeLedger(clock)
  const events = new EventOutbox({ store, logger: silentLogger, ledger: () => ledger, room: async () => {} })
  const uses = new TokenUses()
  const revocations = await RevocationDesk.open({ signer: alice, store, clock, events, uses })
  return { revocations, store, clock, uses, entries: ledger.entries }
}
const link = { kind: 'delegation', what: LINK, reason: 'the work is done' } as const
function ofBob(over: Partial<RevocationDraft> = {}) {
  const making = makeRevocation(bob, { ...link, seq: 1, iat: NOW, ...over })
  if (!making.ok) throw new Error(making.reason)
  return making.read
}

describe(RevocationDesk, () => {
  it('holds what it answered, in the log and after a restart', async () => {
    const { revocations, store, entries } = await desk()
    const { revocation, jws, hash } = await revocations.make({ ...link, by: 'person:ada' })
    expect(revocation).toMatchObject({ iss: alice.did, seq: NOW, kind: 'delegation', what: LINK })
    const ext = { hash, jws, seq: NOW, reason: link.reason, revoked: { kind: 'delegation', what: LINK } }
    expect(entries).toMatchObject([{ type: 'revocation.made', actor: 'person:ada', ext }])
    const again = await desk(store)
    expect(again.revocations.revoked('delegation', LINK)).toEqual(revocation)
    expect(again.entries).toEqual([])
  })

  it('revokes once what is revoked once, and counts up', async () => {
    const { revocations, entries } = await desk()
    const first = await revocations.make(link)
    expect(await revocations.make({ ...link, reason: 'again' })).toEqual(first)
    const other = await revocations.make({ ...link, what: taggedHash('delegation', 'another link') })
    expect([first.revocation.seq, other.revocation.seq, entries.length]).toEqual([NOW, NOW + 1, 2])
  })

  it('rejects all tokens that a principal holds, again each time, and after a restart', async () => {
    const { revocations, store, uses, entries } = await desk()
    const principal = { kind: 'principal', what: 'agent:a', reason: '' } as const
    await revocations.make(principal)
    await revocations.make(principal)
    expect(uses.epochOf('agent:a')).toBe(2)
    expect(entries).toMatchObject([
      { type: 'token.revoked', actor: 'agent:a', ext: { epoch: 1 } },
      { ext: { epoch: 2 } },
    ])
    expect((await desk(store)).uses.epochOf('agent:a')).toBe(2)
  })

  it('rejects a token, also when the process ended before the log had it', async () => {
    const { revocations, store, uses } = await desk()
    const id = TokenUses.idOf('AAAAAAAAAAAAAAAAAAAAAA')
    await revocations.make({ kind: 'token', what: id, reason: '' })
    expect([uses.isRevoked(id), (await desk(store)).uses.isRevoked(id)]).toEqual([true, true])
  })

  it('takes those of others once, tells of them, and refuses what is rolled back', async () => {
    const { revocations, entries } = await desk()
    const told: Revocation[] = []
    revocations.tell((revocation) => told.push(revocation))
    const revocation = ofBob({ seq: 5 })
    expect([await revocations.take(revocation), await revocations.take(revocation)]).toEqual([undefined, undefined])
    expect(await revocations.take(ofBob({ seq: 4 }))).toBe('number_rolled_back')
    expect(await revocations.take(ofBob({ seq: 6, kind: 'principal', what: 'agent:a' }))).toBe('not_for_others')
    expect(told).toEqual([revocation.revocation])
    expect(entries).toMatchObject([{ type: 'revocation.received', peer: bob.did, ext: { jws: revocation.jws } }])
    expect(revocations.revoked('delegation', LINK)).toBeUndefined()
    expect(revocations.revoked('delegation', LINK, [bob.did])).toEqual(revocation.revocation)
  })

  it('forgets what ended by itself, in the store too', async () => {
    const { revocations, store, clock } = await desk()
    await revocations.make({ ...link, exp: NOW + 10 })
    await revocations.make({ kind: 'capability', what: 'billing.list', reason: '' })
    clock.advance(10_000)
    await revocations.tick()
    expect(revocations.revoked('delegation', LINK)).toBeUndefined()
    const again = await desk(store)
    expect(again.revocations.book.list().map(({ revocation }) => revocation.kind)).toEqual(['capability'])
  })

  it('does not open over a record that it cannot read', async () => {
    const store = memoryStore()
    await store.set('revocations', `${alice.did} 1`, '{}')
    await expect(desk(store)).rejects.toThrow('cannot be read; restore the store')
  })

  it('makes nothing that names nothing', async () => {
    const { revocations, entries } = await desk()
    await expect(revocations.make({ ...link, what: 'yesterday' })).rejects.toThrow('invalid_request')
    expect(entries).toEqual([])
  })
})
