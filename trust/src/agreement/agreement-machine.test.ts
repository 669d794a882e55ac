import type { AgreementRecord } from '@hansa/protocols'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type AgreementEvent, stepAgreement } from './agreement-machine.ts'

const times = { from: 200, until: 1_000, accept_by: 100 }
const peer = 'did:key:z6MkpTHR8VNsBxYAAWHut2Geadd9jSwuBV8xRoAnwWsdvktH'
const proposed = (own: boolean): AgreementRecord => {
  return { v: 1, state: 'proposed', own, proposal: 'a.b.c', proposed: 1, handed: own, since: 1 }
}
const accepted: AgreementEvent = { type: 'accepted', acceptance: 'd.e.f' }
const accept: AgreementEvent = { type: 'accept', acceptance: 'd.e.f' }
const ends = (own: boolean): AgreementEvent => ({ type: 'revoked', by: own ? 'person:olga' : peer, own, reason: 'x' })

/** What becomes of a record, event after event, each at its time. */
function passing(record: AgreementRecord, ...events: [number, AgreementEvent][]): AgreementRecord {
  return events.reduce((before, [at, event]) => {
    const step = stepAgreement(before, event, times, at)
    if (!step.ok) throw new Error(step.reason)
    return step.record
  }, record)
}
const refused = (record: AgreementRecord, event: AgreementEvent, at = 50) => {
  const step = stepAgreement(record, event, times, at)
  return step.ok ? undefined : step.reason
}

describe('the life of an agreement', () => {
  it('of the one that proposes: agreed when the other one has signed, in force from its first second', () => {
    const agreed = passing(proposed(true), [50, accepted])
    expect(agreed).toMatchObject({ state: 'agreed', acceptance: 'd.e.f', accepted: 50, handed: true })
    expect(passing(agreed, [199, { type: 'time' }]).state).toBe('agreed')
    expect(passing(agreed, [200, { type: 'time' }])).toMatchObject({ state: 'in_force', since: 200 })
    expect(passing(agreed, [999, { type: 'time' }]).state).toBe('in_force')
    expect(passing(agreed, [1_000, { type: 'time' }])).toMatchObject({
      state: 'ended',
      end: { why: 'over', at: 1_000, by: null },
    })
  })

  it('of the one that accepts: bound when the other one has its signature, and not before', () => {
    const signed = passing(proposed(false), [50, accept])
    expect(signed).toMatchObject({ state: 'accepted', handed: false })
    expect(passing(signed, [99, { type: 'handed' }]).state).toBe('agreed')
    expect(passing(signed, [100, { type: 'time' }])).toMatchObject({ state: 'ended', end: { why: 'lapsed' } })
  })

  it.each<[string, AgreementRecord, AgreementEvent, string]>([
    ['an own proposal that is taken back', proposed(true), ends(true), 'withdrawn'],
    ['an own proposal that the other one refuses', proposed(true), ends(false), 'rejected'],
    ['a proposal that is refused here', proposed(false), ends(true), 'rejected'],
    ['a proposal that the other one takes back', proposed(false), ends(false), 'withdrawn'],
    ['what both have signed', passing(proposed(true), [50, accepted]), ends(false), 'ended'],
    ['what waits to be handed over', passing(proposed(false), [50, accept]), ends(true), 'ended'],
    [
      'what a lost key has signed',
      passing(proposed(true), [50, accepted]),
      { type: 'key_revoked', by: peer },
      'key_revoked',
    ],
  ])('%s is over', (_what, record, event, why) => {
    expect(passing(record, [60, event])).toMatchObject({ state: 'ended', end: { why, at: 60 } })
  })

  it('says why something is out of turn', () => {
    expect(refused(proposed(true), accept)).toContain('the other one has to accept')
    expect(refused(proposed(false), accepted)).toContain('the other kernel has proposed it')
    expect(refused(passing(proposed(false), [50, accept]), accept)).toContain('accepted already')
    expect(refused(proposed(false), accept, 100)).toContain('not accepted in time')
    expect(refused(passing(proposed(true), [60, ends(true)]), accepted)).toContain('withdrawn')
  })

  it('takes the same acceptance again, whose answer did not arrive, and changes nothing', () => {
    const agreed = passing(proposed(true), [50, accepted])
    expect(passing(agreed, [60, accepted])).toEqual(agreed)
  })
})

describe('any events in any order', () => {
  const event = fc.oneof(
    fc.constantFrom<AgreementEvent[]>(accept, accepted, { type: 'handed' }, { type: 'time' }),
    fc.constantFrom(ends(true), ends(false), { type: 'key_revoked' as const, by: peer as `did:${string}` }),
  )
  const story = fc.array(fc.tuple(fc.integer({ min: 0, max: 1_200 }), event), { maxLength: 12 })
  const line = (own: boolean, events: [number, AgreementEvent][]) => {
    const records = [proposed(own)]
    for (const [at, one] of [...events].sort(([a], [b]) => a - b)) {
      const before = records.at(-1) as AgreementRecord
      const step = stepAgreement(before, one, times, at)
      records.push(step.ok ? step.record : before)
    }
    return records
  }

  it('bring nothing back that is over, and into force nothing that one side alone has signed', () => {
    fc.assert(
      fc.property(fc.boolean(), story, (own, events) => {
        let over = false
        for (const { state, acceptance, end } of line(own, events)) {
          if (over) expect(state).toBe('ended')
          over ||= state === 'ended'
          expect(state === 'ended').toBe(end !== undefined)
          if (state !== 'proposed' && state !== 'ended') expect(acceptance).toBe('d.e.f')
        }
      }),
    )
  })

  it('put it in force only between its times', () => {
    fc.assert(
      fc.property(fc.boolean(), story, (own, events) => {
        for (const { state, since } of line(own, events))
          if (state === 'in_force') expect(since >= times.from && since < times.until).toBe(true)
      }),
    )
  })
})
