import { LedgerError } from '@hansa/trust/ledger'
import { describe, expect, it } from 'vitest'
import { aBegunCall, aLocalTarget, anArrivedCall } from '../testing/calls.ts'
import { runCall, type Stages } from './pipeline.ts'
import type { Begun, ReceivedReceipt, Refused, Released, Stage } from './stages.ts'

type Log = { order: string[]; audited: (Released | Refused)[]; settled: (Released | Refused)[]; failed: string[] }

const target = aLocalTarget({ safety: 'WRITE' })
const begun = aBegunCall({ target })
const released = (call: Begun): Released => ({
  call,
  output: { kind: 'data', bytes: new Uint8Array(), value: 1, salt: new Uint8Array(), commitment: '' },
  status: 'ok',
  labels: [],
  untrusted: false,
  redactions: [],
  obligations: [],
  verdicts: [],
})

/** The entry of a receipt whose result is withheld. */
const recorded = { seq: 1, tMs: 0, leafHash: '', durable: Promise.resolve() }

/** Stages that all pass, except as a test says; each writes down that it ran. */
function stages(
  over: Partial<Record<Stage | 'reveal' | 'audit' | 'seal', () => unknown>> = {},
): Stages<string> & { log: Log } {
  const log: Log = { order: [], audited: [], settled: [], failed: [] }
  const { begin: _begin, ...upToBegin } = begun
  const step = (name: Stage, pass: unknown) => () => {
    log.order.push(name)
    return (over[name]?.() ?? pass) as never
  }
  let denials = 0
  return {
    log,
    receive: step('receive', upToBegin),
    policy: step('policy', upToBegin),
    token: step('token', upToBegin),
    inbound: step('inbound', upToBegin),
    begin: step('begin', begun),
    driver: step('driver', { call: begun, raw: { kind: 'data', bytes: new Uint8Array() } }),
    record: async (committed) => ({ ...committed, receipt: { ...committed.receipt, recorded } }),
    reveal: ({ call, receipt }) => {
      log.order.push('reveal')
      const revealed = { call, raw: { kind: 'data' as const, bytes: new Uint8Array() }, receipt }
      return (over.reveal?.() ?? revealed) as never
    },
    outbound: step('outbound', released(begun)),
    audit(ended) {
      log.order.push('audit')
      log.audited.push(ended)
      const entry = { seq: 2, tMs: 0, leafHash: '', durable: Promise.resolve() }
      return { ...entry, ...(over.audit?.() as object | undefined) }
    },
    seal(ended) {
      log.order.push('seal')
      return (over.seal?.() as string | undefined) ?? ('refused' in ended ? ended.refused : 'released')
    },
    settle: (ended) => void log.settled.push(ended),
    failed: (stage) => void log.failed.push(stage),
    newId: () => `denial-${++denials}`,
  }
}

const names: Stage[] = ['receive', 'policy', 'token', 'inbound', 'begin', 'driver', 'outbound']
const bug = () => {
  throw new TypeError('a bug')
}

describe('a call', () => {
  it('passes every stage in order, and is answered after its entry', async () => {
    const all = stages()
    expect(await runCall(all, anArrivedCall())).toBe('released')
    expect(all.log.order).toEqual([...names, 'audit', 'seal'])
    expect([all.log.audited.length, all.log.settled.length]).toEqual([1, 1])
  })

  it.each(names)('that %s refuses goes no further, and has one entry that says where', async (name) => {
    const all = stages({ [name]: () => ({ refused: 'policy_denied', reason: 'no' }) })
    expect(await runCall(all, anArrivedCall())).toBe('policy_denied')
    expect(all.log.order).toEqual([...names.slice(0, names.indexOf(name) + 1), 'audit', 'seal'])
    expect(all.log.audited).toMatchObject([{ refused: 'policy_denied', stage: name, denialId: 'denial-1' }])
    expect(all.log.settled).toEqual(all.log.audited)
  })

  it.each(names)('in which %s throws is refused as internal, and has one entry', async (name) => {
    const all = stages({ [name]: bug })
    expect(await runCall(all, anArrivedCall())).toBe('internal')
    // From the driver on, nobody can say whether it acted.
    const unknown = name === 'driver' || name === 'outbound' ? { unknown: true } : {}
    expect(all.log.audited).toMatchObject([
      { refused: 'internal', stage: name, reason: 'TypeError: a bug', ...unknown },
    ])
    expect('unknown' in (all.log.audited[0] ?? {})).toBe('unknown' in unknown)
    expect(all.log.failed).toEqual([name])
    expect(all.log.settled).toHaveLength(1)
  })
})

describe('an answer', () => {
  it('waits for the entry to be durable', async () => {
    const durable = Promise.withResolvers<void>()
    const all = stages({ audit: () => ({ durable: durable.promise }) })
    let answered = false
    const run = runCall(all, anArrivedCall()).then(() => {
      answered = true
    })
    for (let turn = 0; turn < 20; turn++) await Promise.resolve()
    expect([answered, all.log.order.at(-1), all.log.settled.length]).toEqual([false, 'seal', 0])
    durable.resolve()
    await run
    expect([answered, all.log.settled.length]).toEqual([true, 1])
  })

  it.each<[string, Partial<Record<Stage | 'audit' | 'seal', () => unknown>>]>([
    [
      'the entry cannot be made durable',
      { audit: () => ({ durable: Promise.reject(new LedgerError({ code: 'log_closed' })) }) },
    ],
    [
      'the entry cannot be appended',
      {
        audit: () => {
          throw new LedgerError({ code: 'log_full' })
        },
      },
    ],
    [
      'the log is full before the call begins',
      {
        begin: () => {
          throw new LedgerError({ code: 'log_full' })
        },
      },
    ],
    [
      'the log breaks while the call begins',
      { begin: () => Promise.reject(new LedgerError({ code: 'log_broken', file: '' })) },
    ],
    ['the answer cannot be made', { seal: bug }],
  ])('is not given when %s, and what was reserved comes back once', async (_what, over) => {
    const all = stages(over)
    await expect(runCall(all, anArrivedCall())).rejects.toThrow()
    expect(all.log.settled).toHaveLength(1)
  })

  it('that the log has no words for becomes a refusal under one entry, and is not handed out', async () => {
    let tries = 0
    const all = stages({
      audit: () => {
        tries += 1
        if (tries === 1) throw new LedgerError({ code: 'entry_refused', reason: 'too long' })
        return {}
      },
    })
    expect(await runCall(all, anArrivedCall())).toBe('internal')
    expect(all.log.audited.at(-1)).toMatchObject({ refused: 'internal', unknown: true })
    expect(all.log.settled).toMatchObject([{ refused: 'internal' }])
  })
})

describe('a result that waits for the acknowledgement of its receipt', () => {
  const receipt = { receipt: {}, hash: 'receipt', envelope: {} } as ReceivedReceipt
  const committed = () => ({ call: begun, receipt, committed: true })

  it('is screened when it has been revealed', async () => {
    const all = stages({ driver: committed })
    expect(await runCall(all, anArrivedCall())).toBe('released')
    expect(all.log.order.slice(-5)).toEqual(['driver', 'reveal', 'outbound', 'audit', 'seal'])
  })

  it('and is missing ends with the receipt that is in the log already', async () => {
    const refusal = {
      refused: 'outcome_unknown',
      reason: 'none',
      receipt: { ...receipt, recorded },
      missing: 'refused',
    }
    const all = stages({ driver: committed, reveal: () => refusal })
    expect(await runCall(all, anArrivedCall())).toBe('outcome_unknown')
    expect(all.log.audited).toMatchObject([{ stage: 'driver', receipt: { recorded }, missing: 'refused' }])
  })

  it.each([
    ['reveal', 'driver', 'interrupted'],
    ['outbound', 'outbound', undefined],
  ] as const)('never has a second outcome, also when %s throws', async (name, stage, missing) => {
    const all = stages({ driver: committed, [name]: bug })
    expect(await runCall(all, anArrivedCall())).toBe('internal')
    expect(all.log.audited).toMatchObject([{ stage, receipt: { recorded } }])
    expect((all.log.audited[0] as Refused).missing).toBe(missing)
  })
})
