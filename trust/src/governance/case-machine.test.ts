import { type CaseRecord, caseRecordSchema, caseStates, type SanctionKind } from '@hansa/protocols'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { sanctionOf, settled } from './case-clock.ts'
import { type CaseEvent, type CaseVerdict, openCase, stepCase } from './case-machine.ts'
import {
  APPEAL_DECISION_SECONDS,
  APPEAL_WINDOW_SECONDS,
  CLOSING_SECONDS,
  DECISION_SECONDS,
  TRIAGE_SECONDS,
  UNDECIDED_SECONDS,
} from './deadlines.ts'
import { compareKinds } from './effects.ts'
import { turnText } from './whose-turn.ts'

const T = 1_800_000_000
const DAY = 86_400
const id = 'A'.repeat(22)
const subject = 'did:key:zMallory'
const [ana, ben, cy, dee] = ['person:ana', 'person:ben', 'person:cy', 'person:dee'] as const

const opened = (over: Partial<Parameters<typeof openCase>[0]> = {}) =>
  openCase({ id, subject, opener: ana, reason: 'it lied', evidence: [], critical: false, at: T, ...over })

const triage = (by: string = ben, interim?: 'quarantine' | 'suspend'): CaseEvent => ({
  type: 'triage',
  by,
  reason: 'worth a look',
  interim,
})
const sanction = (by: string, kind: SanctionKind, days?: number): CaseEvent => ({
  type: 'decide',
  by,
  reason: 'shown',
  terms: {
    verdict: 'sanction',
    sanction:
      kind === 'warn' ? { kind } : kind === 'ban' ? { kind, ...(days && { days }) } : { kind, days: days ?? 30 },
  },
})
const dismiss = (by: string): CaseEvent => ({ type: 'decide', by, reason: 'nothing', terms: { verdict: 'dismiss' } })
const appeal = (by: string = subject): CaseEvent => ({ type: 'appeal', by, text: 'it was a restore' })
const onAppeal = (by: string, outcome: 'uphold' | 'overturn'): CaseEvent => ({
  type: 'decide_appeal',
  by,
  reason: 'heard',
  terms: { outcome },
})
const modify = (by: string, kind: 'warn' | 'quarantine' | 'suspend' | 'ban', days = 10): CaseEvent => ({
  type: 'decide_appeal',
  by,
  reason: 'heard',
  terms: { outcome: 'modify', sanction: kind === 'warn' ? { kind } : { kind, days } },
})
const close = (by: string): CaseEvent => ({ type: 'close', by })

function done(verdict: CaseVerdict): CaseRecord {
  if (!verdict.ok) throw new Error(verdict.reason)
  return caseRecordSchema.parse(verdict.record)
}
const through = (record: CaseRecord, steps: readonly (readonly [number, CaseEvent])[]) =>
  steps.reduce((current, [at, event]) => done(stepCase(current, event, at)), record)

/** One case in each state. */
const inState: Record<(typeof caseStates)[number], () => CaseRecord> = {
  open: () => opened(),
  triage: () => through(opened(), [[T + 1, triage()]]),
  decided: () => through(inState.triage(), [[T + 2, sanction(ben, 'suspend')]]),
  appealed: () => through(inState.decided(), [[T + 3, appeal()]]),
  upheld: () => through(inState.appealed(), [[T + 4, onAppeal(cy, 'uphold')]]),
  modified: () => through(inState.appealed(), [[T + 4, modify(cy, 'quarantine')]]),
  overturned: () => through(inState.appealed(), [[T + 4, onAppeal(cy, 'overturn')]]),
  final: () => through(inState.overturned(), [[T + 5, close(ben)]]),
}

describe('a case', () => {
  const events: Record<string, { event: CaseEvent; to: Partial<Record<(typeof caseStates)[number], string>> }> = {
    'is triaged': { event: triage(), to: { open: 'triage' } },
    'is dismissed': { event: dismiss(ben), to: { triage: 'decided' } },
    'is answered with a sanction': { event: sanction(ben, 'suspend'), to: { triage: 'decided' } },
    'is appealed': { event: appeal(), to: { decided: 'appealed' } },
    'is upheld': { event: onAppeal(cy, 'uphold'), to: { appealed: 'upheld' } },
    'is modified': { event: modify(cy, 'quarantine'), to: { appealed: 'modified' } },
    'is overturned': { event: onAppeal(cy, 'overturn'), to: { appealed: 'overturned' } },
    'is closed': { event: close(dee), to: { upheld: 'final', modified: 'final', overturned: 'final' } },
  }
  const table = Object.entries(events).flatMap(([what, { event, to }]) =>
    caseStates.map((from) => ({ what, from, event, to: to[from] })),
  )
  it.each(table)('that is $from $what: $to', ({ from, event, to }) => {
    const record = inState[from]()
    expect(record.state).toBe(from)
    const verdict = stepCase(record, event, T + 10)
    if (to === undefined) {
      expect(verdict).toMatchObject({ ok: false, code: 'invalid_request' })
      expect(verdict.ok ? '' : verdict.reason).toContain(turnText(record))
    } else expect(done(verdict).state).toBe(to)
  })

  it('says whose turn it is, and until when', () => {
    const verdict = stepCase(inState.triage(), triage(), T + 10)
    expect(verdict).toMatchObject({
      ok: false,
      reason: `case ${id} is triage: a person other than person:ana decides it, until 2027-01-18T08:00:01Z`,
    })
  })

  it('that was dismissed is closed at once, and one with a sanction is not before the appeal', () => {
    const dismissed = through(inState.triage(), [[T + 2, dismiss(ben)]])
    expect(done(stepCase(dismissed, close(cy), T + 3)).state).toBe('final')
    expect(stepCase(inState.decided(), close(cy), T + 3)).toMatchObject({ ok: false })
  })
})

describe('a deadline', () => {
  it.each([
    ['triage', inState.open(), T + TRIAGE_SECONDS, { missed: ['triage'], state: 'open', due: null }],
    ['decision', inState.triage(), T + 1 + DECISION_SECONDS, { missed: ['decision'], state: 'triage', due: null }],
    [
      'appeal',
      inState.appealed(),
      T + 3 + APPEAL_DECISION_SECONDS,
      { missed: ['appeal'], state: 'appealed', due: null },
    ],
    ['end of the time for appeals', inState.decided(), T + 2 + APPEAL_WINDOW_SECONDS, { missed: [], state: 'final' }],
    ['closing', inState.upheld(), T + 4 + CLOSING_SECONDS, { missed: [], state: 'final' }],
  ] as const)('of the %s acts at its second and not one before', (_name, record, at, then) => {
    expect(settled(record, at - 1)).toEqual(record)
    expect(settled(record, at)).toMatchObject(then)
    expect(caseRecordSchema.parse(settled(record, at + 1_000_000))).toEqual(settled(record, at))
  })

  it('that is missed can still be met late', () => {
    const late = T + 30 * DAY
    expect(done(stepCase(opened(), triage(), late)).state).toBe('triage')
    expect(done(stepCase(inState.triage(), dismiss(ben), late)).decision?.at).toBe(late)
    expect(done(stepCase(inState.appealed(), onAppeal(cy, 'uphold'), late)).state).toBe('upheld')
  })

  it('takes the right to appeal with it', () => {
    const record = inState.decided()
    expect(done(stepCase(record, appeal(), T + 1 + APPEAL_WINDOW_SECONDS)).state).toBe('appealed')
    expect(stepCase(record, appeal(), T + 2 + APPEAL_WINDOW_SECONDS)).toMatchObject({ ok: false })
  })

  it('of the decision lifts an interim suspension to a quarantine, and not to nothing', () => {
    for (const critical of [true, false]) {
      const record = through(opened({ critical }), [[T + 1, triage(ben, 'suspend')]])
      const at = T + 1 + DECISION_SECONDS
      expect(sanctionOf(settled(record, at - 1), at - 1)).toMatchObject({ kind: 'suspend', rule: 'interim' })
      expect(sanctionOf(settled(record, at), at)).toMatchObject({ kind: 'quarantine', rule: 'deadline', from: at })
    }
  })

  it('of the appeal lifts a suspension to a quarantine that ends when the suspension would have', () => {
    const record = inState.appealed()
    const at = T + 3 + APPEAL_DECISION_SECONDS
    expect(sanctionOf(settled(record, at - 1), at - 1)?.kind).toBe('suspend')
    const { until } = record.sanction ?? {}
    expect(sanctionOf(settled(record, at), at)).toEqual({
      case: id,
      kind: 'quarantine',
      from: at,
      until,
      rule: 'deadline',
    })
  })

  it('of the appeal leaves a ban, which two persons decided', () => {
    const banned = through(inState.triage(), [
      [T + 2, sanction(ben, 'ban')],
      [T + 2, sanction(cy, 'ban')],
      [T + 3, appeal()],
    ])
    const at = T + 3 + APPEAL_DECISION_SECONDS
    expect(sanctionOf(settled(banned, at), at)).toMatchObject({ kind: 'ban', until: null })
  })
})

describe('what nobody has decided', () => {
  it('is in force at once for a proof, and for seven days at the most', () => {
    const record = opened({ critical: true })
    expect(sanctionOf(record, T)).toEqual({
      case: id,
      kind: 'quarantine',
      from: T,
      until: T + UNDECIDED_SECONDS,
      rule: 'automatic',
    })
    const end = T + UNDECIDED_SECONDS
    expect(sanctionOf(settled(record, end - 1), end - 1)?.kind).toBe('quarantine')
    expect(sanctionOf(settled(record, end), end)).toBeUndefined()
    expect(settled(record, end).state).toBe('open')
  })

  it('is nothing at all without a proof', () => {
    expect(sanctionOf(opened(), T)).toBeUndefined()
  })

  it('is never imposed again by a late triage', () => {
    expect(stepCase(opened(), triage(ben, 'suspend'), T + UNDECIDED_SECONDS)).toMatchObject({ ok: false })
    const record = through(opened(), [[T + UNDECIDED_SECONDS - 1, triage(ben, 'suspend')]])
    expect(sanctionOf(record, T + UNDECIDED_SECONDS)).toBeUndefined()
  })
})

describe('mallory, among the persons', () => {
  const spellings = ['person:mal.lory', 'person:mal-lory', 'person:mal_lory', 'person:mallory', 'person:m.a.l-lory']
  const mallory = 'person:mallory'

  it.each(spellings)('does not decide as %s what she opened', (spelled) => {
    const record = through(opened({ opener: mallory }), [[T, triage(ben)]])
    expect(stepCase(record, dismiss(spelled), T + 1)).toMatchObject({ ok: false, code: 'policy_denied' })
    expect(stepCase(record, sanction(spelled, 'warn'), T + 1)).toMatchObject({ ok: false, code: 'policy_denied' })
  })

  it.each(spellings)('is no second person for her own ban as %s', (spelled) => {
    const proposed = through(opened(), [
      [T, triage(ben)],
      [T + 1, sanction(mallory, 'ban')],
    ])
    expect(sanctionOf(proposed, T + 1)).toBeUndefined()
    const verdict = stepCase(proposed, sanction(spelled, 'ban'), T + 2)
    expect(verdict).toMatchObject({ ok: false, code: 'policy_denied' })
    expect(verdict.ok ? '' : verdict.reason).toContain('a second person other than person:ana, person:mallory')
  })

  it.each(spellings)('hears no appeal as %s against what she decided, opened or appealed herself', (spelled) => {
    const decidedByHer = through(opened(), [
      [T, triage(ben)],
      [T, sanction(mallory, 'suspend')],
      [T, appeal()],
    ])
    const openedByHer = through(opened({ opener: mallory }), [
      [T, triage(ben)],
      [T, sanction(ben, 'suspend')],
      [T, appeal()],
    ])
    const appealedByHer = through(opened(), [
      [T, triage(ben)],
      [T, sanction(ben, 'suspend')],
      [T, appeal(mallory)],
    ])
    for (const record of [decidedByHer, openedByHer, appealedByHer])
      expect(stepCase(record, onAppeal(spelled, 'overturn'), T + 1)).toMatchObject({ ok: false, code: 'policy_denied' })
  })

  it.each(spellings)('acts in no case about herself as %s', (spelled) => {
    const record = opened({ subject: mallory })
    expect(stepCase(record, triage(spelled), T)).toMatchObject({ ok: false, code: 'policy_denied' })
    const triaged = through(record, [[T, triage(ben)]])
    expect(stepCase(triaged, dismiss(spelled), T)).toMatchObject({ ok: false, code: 'policy_denied' })
  })

  it.each(['agent:mallory', subject, 'Person:mallory', ' person:mallory', 'person:mallory\u0000', 'person:mаllory'])(
    'is not heard as %j, which is no person',
    (by) => {
      expect(stepCase(opened(), triage(by), T)).toMatchObject({ ok: false, code: 'policy_denied' })
      const decided = inState.decided()
      if (by !== subject) expect(stepCase(decided, appeal(by), T + 3)).toMatchObject({ ok: false })
    },
  )

  it('does not appeal as another kernel, nor for somebody whom she has sanctioned', () => {
    expect(stepCase(inState.decided(), appeal('did:key:zOther'), T + 3)).toMatchObject({ code: 'policy_denied' })
    expect(stepCase(inState.decided(), appeal(ben), T + 3)).toMatchObject({ code: 'policy_denied' })
  })

  it('imposes nothing by triage on whom she accuses', () => {
    const record = opened({ opener: mallory })
    expect(stepCase(record, triage('person:mal.lory', 'suspend'), T)).toMatchObject({ code: 'policy_denied' })
    expect(done(stepCase(record, triage('person:mal.lory'), T)).sanction).toBeUndefined()
  })
})

describe('a ban', () => {
  it('takes two persons who say the same', () => {
    const proposed = through(inState.triage(), [[T + 2, sanction(ben, 'ban', 100)]])
    expect(proposed).toMatchObject({ state: 'triage', proposal: { by: ben } })
    const other = through(proposed, [[T + 3, sanction(cy, 'ban', 99)]])
    expect(other).toMatchObject({ state: 'triage', proposal: { by: cy } })
    const banned = through(other, [[T + 4, sanction(ben, 'ban', 99)]])
    expect(banned).toMatchObject({ state: 'decided', decision: { by: cy, second: ben } })
    expect(sanctionOf(banned, T + 4)).toMatchObject({ kind: 'ban', until: T + 4 + 99 * DAY })
    expect(stepCase(through(banned, [[T + 5, appeal()]]), onAppeal(ben, 'overturn'), T + 6)).toMatchObject({
      ok: false,
    })
    expect(stepCase(through(banned, [[T + 5, appeal()]]), onAppeal(cy, 'overturn'), T + 6)).toMatchObject({ ok: false })
  })

  it('that waits for its second person is settled by anything milder', () => {
    const record = through(inState.triage(), [
      [T + 2, sanction(ben, 'ban')],
      [T + 3, sanction(cy, 'suspend')],
    ])
    expect(record).toMatchObject({ state: 'decided', decision: { by: cy } })
    expect(record.decision?.second).toBeUndefined()
    expect(record.proposal).toBeUndefined()
  })
})

describe('bans that are proposed for ever', () => {
  it('do not fill the history of a case, which still can be decided', () => {
    let record = inState.triage()
    let refused = 0
    for (let n = 0; n < 100; n++) {
      const verdict = stepCase(record, sanction(n % 2 ? ben : cy, 'ban', n + 1), T + 2)
      if (verdict.ok) record = verdict.record
      else refused += 1
    }
    expect(refused).toBeGreaterThan(50)
    expect(done(stepCase(record, sanction(ben, 'suspend'), T + 3)).history.at(-1)?.event).toBe('sanctioned')
  })
})

describe('an appeal', () => {
  it.each([
    ['ban', 10],
    ['suspend', 30],
    ['suspend', 31],
  ] as const)('does not make a suspension of 30 days a %s of %i', (kind, days) => {
    expect(stepCase(inState.appealed(), modify(cy, kind, days), T + 4)).toMatchObject({ ok: false })
  })

  it('that shortens counts from the decision', () => {
    const record = done(stepCase(inState.appealed(), modify(cy, 'suspend', 29), T + 4))
    expect(record.sanction).toMatchObject({ kind: 'suspend', until: T + 2 + 29 * DAY, rule: 'appeal' })
  })
})

const persons = [ana, ben, cy, dee, 'person:a.na', subject, 'agent:x'] as const
const anyEvent: fc.Arbitrary<CaseEvent> = fc
  .record({
    by: fc.constantFrom(...persons),
    what: fc.constantFrom('triage', 'interim', 'decide', 'dismiss', 'appeal', 'uphold', 'overturn', 'modify', 'close'),
    kind: fc.constantFrom('warn', 'quarantine', 'suspend', 'ban'),
    days: fc.integer({ min: 1, max: 60 }),
  })
  .map(({ by, what, kind, days }): CaseEvent => {
    if (what === 'triage') return triage(by)
    if (what === 'interim') return triage(by, days % 2 ? 'suspend' : 'quarantine')
    if (what === 'decide') return sanction(by, kind as SanctionKind, days)
    if (what === 'dismiss') return dismiss(by)
    if (what === 'appeal') return appeal(by)
    if (what === 'close') return close(by)
    return what === 'modify' ? modify(by, kind as 'warn', days) : onAppeal(by, what as 'uphold')
  })
const anyLife = fc.record({
  critical: fc.boolean(),
  steps: fc.array(fc.tuple(fc.integer({ min: 0, max: 6 * DAY }), anyEvent), { maxLength: 24 }),
})

describe('on any way through a case', () => {
  it('no sanction ends or becomes milder before its time, unless the persons whose turn it is say so', () => {
    fc.assert(
      fc.property(anyLife, ({ critical, steps }) => {
        let record = opened({ critical })
        let at = T
        for (const [wait, event] of steps) {
          at += wait
          expectNoEarlyEnd(record, settled(record, at), at)
          const before = settled(record, at)
          const verdict = stepCase(record, event, at)
          if (!verdict.ok) continue
          record = caseRecordSchema.parse(verdict.record)
          const was = sanctionOf(before, at)
          const is = sanctionOf(record, at)
          if (was !== undefined && (is === undefined || compareKinds(is.kind, was.kind) < 0))
            expect(['decide', 'decide_appeal']).toContain(event.type)
        }
      }),
      { numRuns: 400 },
    )
  })

  it('opener, deciders and judge of the appeal are different persons, and none is the subject', () => {
    fc.assert(
      fc.property(anyLife, ({ critical, steps }) => {
        let record = opened({ critical })
        let at = T
        for (const [wait, event] of steps) {
          at += wait
          const verdict = stepCase(record, event, at)
          if (verdict.ok) record = verdict.record
        }
        const { decision, outcome, opener } = record
        const named = [opener, decision?.by, decision?.second, outcome?.by].filter((one) => one !== undefined)
        const keys = named.map((one) => one.replaceAll(/[._-]/g, ''))
        expect(new Set(keys).size).toBe(keys.length)
        if (record.sanction?.kind === 'ban') expect(decision?.second).toBeDefined()
      }),
      { numRuns: 400 },
    )
  })

  it('time acts the same whether somebody looks often or once', () => {
    fc.assert(
      fc.property(
        anyLife,
        fc.array(fc.integer({ min: 0, max: 20 * DAY }), { maxLength: 8 }),
        ({ critical, steps }, looks) => {
          let record = opened({ critical })
          let at = T
          for (const [wait, event] of steps) {
            at += wait
            const verdict = stepCase(record, event, at)
            if (verdict.ok) record = verdict.record
          }
          const end = at + 200 * DAY
          const often = looks.reduce((current, wait) => settled(current, at + wait), record)
          expect(settled(often, end)).toEqual(settled(record, end))
        },
      ),
    )
  })
})

/** The clock alone: a sanction may end at its own end, and a suspension may become a quarantine. */
function expectNoEarlyEnd(before: CaseRecord, after: CaseRecord, at: number): void {
  const { sanction: was } = before
  const { sanction: is } = after
  if (was === undefined) expect(is).toBeUndefined()
  else {
    expect(is?.until).toBe(was.until)
    if (is?.kind !== was.kind) {
      expect([was.kind, is?.kind]).toEqual(['suspend', 'quarantine'])
      expect(is?.from).toBeLessThanOrEqual(at)
    }
  }
}
