import type { Entry, EntryDraft, Verdict } from '@hansa/protocols'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { alice, bob } from '../testing/index.ts'
import { DAY_MS } from './day.ts'
import { EvidenceLog, inputsHash } from './evidence-log.ts'
import { evidenceIn } from './evidence-rules.ts'
import { explainStanding } from './explain-standing.ts'
import { scoreOf } from './trust-score.ts'

const FIRST = 20_000
const CALL = 'AAAAAAAAAAAAAAAAAAAAAA'

let seq = 0
const at = (day: number, draft: EntryDraft): Entry => ({
  v: 1,
  origin: 'a/log/1',
  seq: seq++,
  t_ms: (FIRST + day) * DAY_MS,
  prev: 'A'.repeat(43),
  ...draft,
})

const received = (ext: EntryDraft['ext'], more: Partial<EntryDraft> = {}): EntryDraft => ({
  type: 'receipt.received',
  peer: bob.did,
  actor: 'agent:a',
  ext,
  ...more,
})
const itsCall = (ext: EntryDraft['ext'], more: Partial<EntryDraft> = {}): EntryDraft => ({
  type: 'outcome',
  peer: bob.did,
  actor: `${bob.did}#p`,
  call_id: CALL,
  ext,
  ...more,
})
const evidence = (reason: string): EntryDraft => ({ type: 'peer.evidence', peer: bob.did, ext: { reason } })
const stopped = (stage: Verdict['stage'], pass: Verdict['pass'] = 'ingress_result', rule = 'x'): Verdict[] => [
  { pass, stage, rule, action: 'block' },
]
const withheld = { status: 'ok', code: 'firewall_blocked', stage: 'outbound' } as const
const refusedIn = { status: 'denied', code: 'firewall_blocked', stage: 'inbound' } as const

describe('what an entry says of a peer', () => {
  it.each<[string, EntryDraft, string | undefined]>([
    ['a call that it served', received({ status: 'ok' }), 'good'],
    ['a canary that it served', received({ status: 'ok' }, { actor: 'agent:canary' }), undefined],
    ['a canary that failed', received({ status: 'failed' }, { actor: 'agent:canary' }), undefined],
    [
      'a canary that came back with a secret',
      received(withheld, { actor: 'agent:canary', verdicts: stopped('secrets') }),
      'high',
    ],
    ['a receipt whose result is still awaited', received({ status: 'ok', reveal: 'awaited' }), undefined],
    ['the result behind it', received({ status: 'ok' }, { type: 'result.received' }), 'good'],
    ['a failure that it signed', received({ status: 'failed', code: 'internal' }), 'timeout'],
    ['a refusal, which is its right', received({ status: 'denied', code: 'policy_denied' }), undefined],
    ['a result against its schema', received(withheld, { verdicts: stopped('schema') }), 'minor'],
    ['a result with a hidden member', received(withheld, { verdicts: stopped('hidden_text') }), 'medium'],
    ['a result with a secret', received(withheld, { verdicts: stopped('secrets') }), 'high'],
    [
      'words of a failure with a secret',
      received({ ...withheld, status: 'failed' }, { verdicts: stopped('secrets') }),
      'high',
    ],
    [
      'questions with a hidden member',
      received({ ...withheld, status: 'input_required' }, { verdicts: stopped('hidden_text') }),
      'medium',
    ],
    [
      'a failure that it calls a matter of its firewall',
      received({ status: 'failed', code: 'firewall_blocked', stage: 'driver' }),
      'timeout',
    ],
    ['a result that a rule of ours cuts', received(withheld, { verdicts: stopped('labels') }), undefined],
    [
      'a fault of our own firewall',
      received(withheld, { verdicts: stopped('secrets', 'ingress_result', 'stage_failed') }),
      undefined,
    ],
    [
      'what our firewall kept from leaving',
      itsCall(withheld, { verdicts: stopped('secrets', 'egress_result') }),
      undefined,
    ],
    [
      'arguments against their schema',
      itsCall({ ...refusedIn, code: 'invalid_request' }, { verdicts: stopped('schema', 'ingress_args') }),
      'minor',
    ],
    ['arguments with a secret', itsCall(refusedIn, { verdicts: stopped('secrets', 'ingress_args') }), 'high'],
    ['a call that our rules refused', itsCall({ status: 'denied', code: 'policy_denied', stage: 'policy' }), undefined],
    ['a call of its own that went well', itsCall({ status: 'ok' }), 'unacknowledged'],
    ['an acknowledgement', { type: 'ack.received', peer: bob.did, call_id: CALL }, 'acknowledged'],
    [
      'no answer',
      received({ status: 'failed', code: 'remote_refused', stage: 'driver' }, { type: 'outcome' }),
      'timeout',
    ],
    [
      'no answer in time',
      received({ status: 'failed', code: 'deadline', stage: 'driver' }, { type: 'outcome' }),
      'timeout',
    ],
    [
      'a call of ours that never left',
      received({ status: 'denied', code: 'policy_denied', stage: 'policy' }, { type: 'outcome' }),
      undefined,
    ],
    ['a result that it owes', received({ reveal: 'refused' }, { type: 'result.missing' }), 'minor'],
    [
      'a result that it did not send in time',
      received({ reveal: 'unanswered' }, { type: 'result.missing' }),
      'timeout',
    ],
    [
      'a result that our caller no longer waited for',
      received({ reveal: 'interrupted' }, { type: 'result.missing' }),
      undefined,
    ],
    ['a missing acknowledgement', evidence('ack_missing: late'), 'missing_ack'],
    ['a receipt without a label that it must have', evidence('wrong_label: PII'), 'minor'],
    ['the call that it belongs to', received({ status: 'ok', unlabelled: ['PII'] }), undefined],
    ['two intents under one counter', evidence('replay: counter 7'), 'high'],
    ['an answer that nobody has signed', evidence('garbled: its answer is not a reply'), 'timeout'],
    ['a statement that should not exist', evidence('statement: not its own'), 'minor'],
    ['another result than it signed', evidence('result_wrong: other'), 'medium'],
    ['a broken promise', evidence('inclusion_broken: none'), 'high'],
    ['a fork that is suspected', evidence('fork_suspected: unproven'), 'high'],
    ['a fork', evidence('fork: two roots'), 'critical'],
    ['a word that nobody knows', evidence('gossip: they say so'), undefined],
  ])('%s', (_what, draft, kind) => {
    expect(evidenceIn(at(0, draft))?.kind).toBe(kind)
  })
})

const log = (...entries: Entry[]) => {
  const made = new EvidenceLog()
  for (const entry of entries) made.take(entry)
  return made
}
const scoreOn = (made: EvidenceLog, day: number) => scoreOf(made.basis(bob.did, FIRST + day))
const countOn = (made: EvidenceLog, day: number, asked = day + 1) =>
  made.basis(bob.did, FIRST + asked).days.get(FIRST + day)?.counts

describe('a log of evidence', () => {
  it('counts a call that a peer made when it has acknowledged it, once, and not when it was refused', () => {
    const ack: EntryDraft = { type: 'ack.received', peer: bob.did, call_id: CALL }
    expect(countOn(log(at(0, itsCall({ status: 'ok' })), at(0, ack), at(0, ack)), 0)?.good).toBe(1)
    expect(countOn(log(at(0, itsCall({ status: 'ok' }))), 0)).toBeUndefined()
    const denied = at(0, itsCall({ status: 'denied', code: 'policy_denied', stage: 'policy' }))
    expect(countOn(log(denied, at(0, ack)), 0)).toBeUndefined()
    const other = 'B'.repeat(22)
    const both = at(0, { type: 'acks.received', peer: bob.did, ext: { calls: [CALL, other] } })
    const calls = [CALL, other].map((call_id) => at(0, itsCall({ status: 'ok' }, { call_id })))
    expect(countOn(log(...calls, both, both, at(0, ack)), 0)?.good).toBe(2)
    expect(countOn(log(...calls.slice(1), both), 0)?.good).toBe(1)
    const carols = at(0, { ...ack, peer: alice.did })
    expect(countOn(log(at(0, itsCall({ status: 'ok' })), carols), 0)).toBeUndefined()
  })

  it('counts acknowledgements that were missing at one moment as three, so that a crash costs five points and no more', () => {
    const many = (count: number): EntryDraft => {
      return { type: 'peer.evidence', peer: bob.did, ext: { reason: 'ack_missing: late', count } }
    }
    const missed = (...drafts: EntryDraft[]) => countOn(log(...drafts.map((draft) => at(0, draft))), 0)?.missing_ack
    expect(missed(evidence('ack_missing: late'))).toBe(1)
    expect(missed(many(2))).toBe(2)
    expect(missed(many(64))).toBe(3)
    expect(missed(many(64), many(5_000), evidence('ack_missing: late'))).toBe(7)
  })

  it('counts what is good when its day has ended, and what is bad at once', () => {
    const made = log(at(0, received({ status: 'ok' })), at(0, received({ status: 'failed', code: 'internal' })))
    expect(countOn(made, 0, 0)).toMatchObject({ good: 0, timeout: 1 })
    expect(countOn(made, 0, 1)).toMatchObject({ good: 1, timeout: 1 })
  })

  it('keeps a few numbers for each day, however many calls there were', () => {
    const made = new EvidenceLog()
    for (let n = 0; n < 5_000; n++) {
      made.take(at(0, received({ status: 'ok' })))
      made.take(at(0, itsCall({ status: 'ok' }, { call_id: String(n).padStart(22, 'A') })))
    }
    expect(JSON.stringify(made.state()).length).toBeLessThan(40_000)
    expect(countOn(made, 0)?.good).toBe(5_000)
  })

  it('gives the same, read through or resumed in the middle, and entries of one day in any order', () => {
    const kinds = [
      received({ status: 'ok' }),
      received({ status: 'failed', code: 'internal' }),
      evidence('statement: x'),
    ]
    const draft = fc.record({ day: fc.nat({ max: 5 }), draft: fc.constantFrom(...kinds) })
    fc.assert(
      fc.property(fc.array(draft, { maxLength: 40 }), fc.nat({ max: 40 }), (drafts, cut) => {
        const entries = drafts.map((one) => at(one.day, one.draft))
        const whole = log(...entries)
        const resumed = new EvidenceLog()
        resumed.restore(JSON.parse(JSON.stringify(log(...entries.slice(0, cut)).state())))
        for (const entry of entries.slice(cut)) resumed.take(entry)
        const init = { by: alice.did, of: bob.did, day: FIRST + 6 }
        expect(JSON.stringify(explainStanding(resumed, init))).toBe(JSON.stringify(explainStanding(whole, init)))
        const backwards = log(...entries.toReversed())
        expect(inputsHash(bob.did, backwards.basis(bob.did, init.day))).toBe(
          inputsHash(bob.did, whole.basis(bob.did, init.day)),
        )
      }),
    )
  })

  it('lets an operator take up again what a proof has ended: it weighs on, and holds no longer', () => {
    const added: EntryDraft = { type: 'peer.added', peer: bob.did, actor: 'person:olga', ext: { standing: 700 } }
    const made = log(at(0, added), at(1, evidence('fork: two roots')))
    expect(scoreOn(made, 1)).toMatchObject({ score: 0, held: true, tier: 'blocked' })
    made.take(at(1, { type: 'peer.removed', peer: bob.did }))
    expect(scoreOn(made, 1)).toMatchObject({ held: false, tier: 'blocked' })
    made.take(at(1, added))
    expect(scoreOn(made, 1)).toMatchObject({ score: 700, vouched: 700, tier: 'trusted' })
  })

  it('holds at 0 until the case about the proof is closed, and no other case', () => {
    const proof: EntryDraft = {
      ...evidence('fork: two roots'),
      ext: { reason: 'fork: two roots', hash: 'B'.repeat(43) },
    }
    const made = log(at(0, proof))
    const about = { subject: bob.did, case: 'CASEAAAAAAAAAAAAAAAAAA' } as const
    const other = { subject: bob.did, case: 'OTHERAAAAAAAAAAAAAAAAA' } as const
    made.take(at(0, { type: 'case.opened', ext: { ...other, case_state: 'open' } }))
    made.take(at(0, { type: 'case.opened', ext: { ...about, case_state: 'open', hash: 'B'.repeat(43) } }))
    made.take(at(1, { type: 'case.changed', ext: { ...other, case_state: 'final' } }))
    made.take(at(1, { type: 'case.changed', ext: { ...about, case_state: 'decided' } }))
    expect(scoreOn(made, 1)).toMatchObject({ score: 0, held: true })
    expect(made.take(at(2, { type: 'case.changed', ext: { ...about, case_state: 'final' } }))).toEqual({
      peer: bob.did,
      counts: 'now',
    })
    expect(scoreOn(made, 2)).toMatchObject({ held: false, tier: 'blocked' })
  })

  it('ends a vouch on its day, and knows no ceiling for a key that an operator has named', () => {
    const until = (FIRST + 3) * 86_400
    const vouch: EntryDraft = {
      type: 'standing.vouched',
      peer: bob.did,
      ext: { standing: 600, source: 'operator', expires: until },
    }
    const made = log(at(0, vouch))
    expect(scoreOn(made, 2)).toMatchObject({ score: 600, ceiling: 1000 })
    expect(scoreOn(made, 3)).toMatchObject({ score: 200, ceiling: 499 })
    made.take(at(3, { type: 'peer.imported', peer: bob.did, ext: { alias: 'bob' } }))
    expect(scoreOn(made, 3)).toMatchObject({ score: 200, ceiling: 1000 })
  })

  it('names the entries behind a number', () => {
    const entry = at(0, evidence('inclusion_broken: none'))
    const { contributions } = explainStanding(log(entry), { by: alice.did, of: bob.did, day: FIRST })
    expect(contributions).toMatchObject([
      { kind: 'high', count: 1, distrust: 100_000_000, evidence: [{ log: 'a/log/1', entry: entry.seq }] },
    ])
    expect(contributions[0]?.evidence[0]?.hash).toMatch(/^[\w-]{43}$/)
  })
})
