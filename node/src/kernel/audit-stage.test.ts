import { memoryStore, silentLogger } from '@hansa/protocols'
import { manualClock } from '@hansa/protocols/testing'
import { noObligations } from '@hansa/trust'
import { describe, expect, it } from 'vitest'
import { RefusalBudget, RefusalUnsigned } from '../exchange/refusal-budget.ts'
import { aBegunCall, aLocalTarget, anArrivedCall, aPeerCaller, aPermit } from '../testing/calls.ts'
import { FakeLedger } from '../testing/fake-ledger.ts'
import { ApprovalArguments } from './approval-arguments.ts'
import { ApprovalBook } from './approvals.ts'
import { auditStage, settleStage, statusOf } from './audit-stage.ts'
import { Idempotency } from './idempotency.ts'
import { InFlight } from './in-flight.ts'
import type { Refused, Released } from './stages.ts'
import { TokenUses } from './token-uses.ts'

function parts() {
  const clock = manualClock()
  const ledger = new FakeLedger(clock)
  const rooms: (() => void)[] = []
  return {
    ledger,
    rooms,
    append: ledger.append,
    room: () => new Promise<void>((resolve) => void rooms.push(resolve)),
    policyVersion: () => 3,
    approvals: new ApprovalBook({
      clock,
      append: ledger.append,
      args: new ApprovalArguments({ store: memoryStore(), logger: silentLogger }),
    }),
    uses: new TokenUses(),
    inFlight: new InFlight(),
    idempotency: new Idempotency({ clock, store: memoryStore() }),
    budget: new RefusalBudget({ clock, isKnown: () => true }),
  }
}

const refused = (over: Partial<Refused> = {}): Refused => ({
  refused: 'policy_denied',
  reason: 'no',
  stage: 'policy',
  denialId: 'D'.repeat(22),
  call: anArrivedCall(),
  ...over,
})

const released = (over: Partial<Released> = {}): Released => ({
  call: aBegunCall(),
  output: { kind: 'data', bytes: new Uint8Array(), value: 1, salt: new Uint8Array(32), commitment: 'R'.repeat(43) },
  status: 'ok',
  labels: ['PII'],
  untrusted: false,
  redactions: [],
  obligations: [],
  verdicts: [],
  ...over,
})

describe('the entry', () => {
  it('of a released call says what was committed to, and nothing of what it was', async () => {
    const with_ = parts()
    await auditStage(with_)(released())
    expect(with_.ledger.entries).toMatchObject([
      { type: 'outcome', decision: 'permit', pol: 3, result_c: 'R'.repeat(43), labels: ['PII'], ext: { status: 'ok' } },
    ])
  })

  it.each([
    ['a reference that is none', refused({ call: anArrivedCall({ capability: 'NO SUCH THING' }) })],
    ['half a character in the reason', refused({ reason: `x\ud800` })],
    ['a reason without end', refused({ reason: '😀'.repeat(5_000) })],
    [
      'more rules than fit',
      refused({ decision: { ...aPermit, rules: Array.from({ length: 90 }, (_, at) => `r${at}`) } }),
    ],
  ])('of a refused call always fits: %s', async (_what, ended) => {
    const with_ = parts()
    await auditStage(with_)(ended)
    const [entry] = with_.ledger.entries
    expect(entry?.cap ?? 'echo').toBe('echo')
    expect(entry?.ext?.reason?.isWellFormed()).toBe(true)
    expect(entry?.ext?.reason?.length).toBeLessThanOrEqual(1024)
    expect(entry?.rules?.length ?? 0).toBeLessThanOrEqual(64)
  })

  it('of a peer’s call keeps the intent when there is no begin entry that does', async () => {
    const with_ = parts()
    const caller = aPeerCaller()
    const audit = auditStage(with_)
    await audit(refused({ call: anArrivedCall({ caller }) }))
    await audit(refused({ call: aBegunCall({ caller }), stage: 'driver' }))
    expect(with_.ledger.entries.map(({ ext }) => ext?.envelope)).toEqual([caller.envelope, undefined])
  })

  it('of a call that has begun waits until the log has room', async () => {
    const with_ = parts()
    const mend = with_.ledger.fail('busy')
    const appending = auditStage(with_)(released())
    await Promise.resolve()
    with_.rooms.shift()?.()
    for (let turn = 0; turn < 5; turn++) await Promise.resolve()
    expect(with_.ledger.entries).toEqual([])
    mend()
    with_.rooms.shift()?.()
    await appending
    expect(with_.ledger.entries).toHaveLength(1)
  })

  it.each(['busy', 'log_full'] as const)('of a call that has not begun is refused at once: %s', (fault) => {
    const with_ = parts()
    with_.ledger.fail(fault)
    expect(() => auditStage(with_)(refused())).toThrow(
      expect.objectContaining({ detail: expect.objectContaining({ code: fault }) }),
    )
  })
})

describe('the budget of refusals', () => {
  const byPeer = () => refused({ call: anArrivedCall({ caller: aPeerCaller() }) })

  function spent() {
    const with_ = parts()
    const audit = auditStage(with_)
    for (let at = 0; at < 600; at++) void audit(byPeer())
    return { audit, entries: with_.ledger.entries }
  }

  it('leaves no entry of one refusal too many', () => {
    const { audit, entries } = spent()
    const before = entries.length
    expect(() => audit(byPeer())).toThrow(RefusalUnsigned)
    expect(entries).toHaveLength(before)
  })

  it.each([
    ['a permitted call', released({ call: aBegunCall({ caller: aPeerCaller() }) })],
    ['a call that has begun', refused({ stage: 'driver', call: aBegunCall({ caller: aPeerCaller() }) })],
    ['a call of a local agent', refused()],
  ])('does not touch %s', (_what, ended) => {
    const { audit, entries } = spent()
    const before = entries.length
    void audit(ended)
    expect(entries).toHaveLength(before + 1)
  })
})

describe(statusOf, () => {
  const write = aLocalTarget({ safety: 'WRITE' })
  it.each([
    ['denied', refused()],
    ['approval_required', refused({ refused: 'approval_required' })],
    ['failed', refused({ call: aBegunCall(), stage: 'driver' })],
    ['outcome_unknown', refused({ call: aBegunCall({ target: write }), stage: 'driver', unknown: true })],
    ['outcome_unknown', refused({ refused: 'outcome_unknown' })],
  ] as const)('is %s', (status, ended) => {
    expect(statusOf(ended)).toBe(status)
  })
})

describe(settleStage, () => {
  it.each([
    ['a call that the policy refused', refused(), 1],
    [
      'a call that was refused behind the policy',
      refused({ stage: 'inbound', call: { ...aBegunCall(), begin: undefined } as never }),
      0,
    ],
    ['a call that failed', refused({ stage: 'driver', call: aBegunCall() }), 0],
    ['a released call', released(), 0],
  ])('gives the place back of what entered: %s', (_what, ended, left) => {
    const with_ = parts()
    with_.inFlight.enter({ principal: 'agent:a', capability: 'echo' })
    settleStage(with_)(ended)
    expect(with_.inFlight.size).toBe(left)
  })

  it('gives a token’s use back only while the call has not begun', () => {
    const with_ = parts()
    const presented = { id: 'T', uses: 1 }
    const { begin: _begin, ...before } = aBegunCall({ presented, obligations: noObligations })
    with_.uses.reserve('T', 1, 0)
    settleStage(with_)(refused({ stage: 'driver', call: aBegunCall({ presented }) }))
    expect(with_.uses.left('T', 1)).toBe(false)
    settleStage(with_)(refused({ stage: 'inbound', call: before }))
    expect(with_.uses.left('T', 1)).toBe(true)
  })

  it.each([
    ['ok', released(), 'done'],
    ['unknown', refused({ call: aBegunCall(), unknown: true }), 'unknown'],
    ['refused', refused(), 'new'],
  ] as const)('ends the key of a call that is %s', async (_what, ended, state) => {
    const with_ = parts()
    await with_.idempotency.claim('scope', ended.call.callId, 'args')
    settleStage(with_)(ended)
    expect(await with_.idempotency.claim('scope', 'next', 'args')).toMatchObject({ state })
  })
})
