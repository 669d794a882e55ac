import type { EntryDraft } from '@hansa/protocols'
import { describe, expect, it } from 'vitest'
import { sha256 } from '../encoding/hash.ts'
import { alice, bob, carol, mallory } from '../testing/index.ts'
import { formatCheckpoint } from './checkpoint.ts'
import { GENESIS } from './entry-bytes.ts'
import { memoryLogDisk } from './memory-log-disk.ts'
import { noteKey } from './note.ts'
import type { PairReport } from './report.ts'
import {
  aKernel,
  closeBoth,
  type ExchangeInit,
  exchange,
  sourceOf,
  type TestKernel,
  twoKernels,
} from './testing/exchange.ts'
import { aDraft, codeOf, hashOf, idOf, openOn } from './testing/fixture.ts'
import { verifyPair } from './verify-pair.ts'

type Kernels = { a: TestKernel; b: TestKernel }

async function pairOf(kernels: Kernels): Promise<PairReport> {
  await closeBoth(kernels)
  return verifyPair(sourceOf(kernels.a), sourceOf(kernels.b))
}

/** One call among honest ones, with something wrong about it. */
async function reportOn(init: ExchangeInit): Promise<PairReport> {
  const kernels = await twoKernels()
  await exchange(kernels.a, kernels.b, 'before')
  await exchange(kernels.a, kernels.b, 'the call', init)
  await exchange(kernels.a, kernels.b, 'after')
  return pairOf(kernels)
}

const shown = ({ findings }: PairReport) =>
  findings.map(({ severity, code, callId, blamed, withoutProof }) => ({ severity, code, callId, blamed, withoutProof }))

/** The asking side's own entry for a call that it closed, or refused, itself. */
const closed = (name: string, over: Partial<EntryDraft> = {}): EntryDraft => ({
  type: 'outcome',
  call_id: idOf(name),
  peer: bob.did,
  cap: 'b/files.read',
  decision: 'deny',
  args_c: hashOf(`arguments of ${name}`),
  ext: { code: 'policy_denied', status: 'denied' },
  ...over,
})

describe('two honest logs', () => {
  it('are consistent, and hold a call of every outcome', async () => {
    const kernels = await twoKernels()
    const { a, b } = kernels
    await exchange(a, b, 'ok')
    await exchange(a, b, 'acknowledged with another', { together: true })
    await exchange(a, b, 'denied', { refused: true })
    await exchange(a, b, 'needs approval', {
      refused: true,
      receipt: { status: 'approval_required', code: 'approval_required' },
      change: {
        outcome: (draft) => ({
          ...draft,
          ext: { ...draft.ext, status: 'approval_required', code: 'approval_required' },
        }),
      },
    })
    await exchange(a, b, 'withheld', {
      change: { receipt: (draft) => ({ ...draft, ext: { ...draft.ext, code: 'firewall_blocked' } }) },
      ack: { withheld: true },
    })
    await exchange(a, b, 'revealed', { reveal: 'received' })
    await exchange(a, b, 'revealed and withheld', {
      reveal: 'received',
      change: { result: (draft) => ({ ...draft, ext: { ...draft.ext, code: 'firewall_blocked' } }) },
    })
    await exchange(a, b, 'never arrived', { omit: ['accepted', 'outcome', 'receipt', 'ack'] })
    a.ledger.append(closed('never arrived', { decision: 'error', ext: { code: 'deadline' } }))
    a.ledger.append(closed('refused at home'))
    a.ledger.append(aDraft(1))
    b.ledger.append(aDraft(2))
    const report = await pairOf(kernels)
    expect(report.findings).toEqual([])
    expect(report).toMatchObject({ verdict: 'consistent', exitCode: 0, findingCount: 0 })
    expect(report.calls).toEqual({
      ok: 3,
      denied: 1,
      approval_required: 1,
      withheld: 2,
      never_accepted: 1,
      refused_locally: 1,
    })
    expect(report.unchecked.join()).toContain('both sides left out')
  })

  it('are consistent in both directions and in either order', async () => {
    const kernels = await twoKernels()
    await exchange(kernels.a, kernels.b, 'there')
    await exchange(kernels.b, kernels.a, 'and back')
    const report = await pairOf(kernels)
    expect(report).toMatchObject({
      verdict: 'consistent',
      calls: { ok: 2 },
      a: { did: alice.did },
      b: { did: bob.did },
    })
    const turned = await verifyPair(sourceOf(kernels.b), sourceOf(kernels.a))
    expect(turned).toMatchObject({ verdict: 'consistent', calls: { ok: 2 } })
  })

  it('are compared without DIDs, which the logs name', async () => {
    const kernels = await twoKernels()
    await exchange(kernels.a, kernels.b, 'call')
    await closeBoth(kernels)
    const report = await verifyPair({ disk: kernels.a.disk }, { disk: kernels.b.disk })
    expect(report).toMatchObject({
      verdict: 'consistent',
      calls: { ok: 1 },
      a: { did: alice.did },
      b: { did: bob.did },
    })
  })

  it('of kernels that never met have nothing to compare, and the report says so', async () => {
    const kernels = await twoKernels()
    await closeBoth(kernels)
    const report = await verifyPair({ disk: kernels.a.disk }, { disk: kernels.b.disk })
    expect(report).toMatchObject({ verdict: 'consistent', calls: {} })
    expect(report.unchecked.join()).toContain('no call in common')
  })

  it('are not held against each other for calls with a third kernel', async () => {
    const kernels = await twoKernels()
    const third = await aKernel(carol, 'c.example/hansa/log/1')
    await exchange(kernels.a, kernels.b, 'ours')
    await exchange(kernels.a, third, 'theirs')
    await exchange(third, kernels.b, 'also theirs')
    expect(await pairOf(kernels)).toMatchObject({ verdict: 'consistent', calls: { ok: 1 } })
  })

  it('are compared while both are written to, and never found fault with', async () => {
    const kernels = await twoKernels()
    let running = true
    const calling = async (from: TestKernel, to: TestKernel, name: string) => {
      for (let n = 0; running; n++) await exchange(from, to, `${name} ${n}`, { refused: n % 3 === 0 })
    }
    const calls = Promise.all([
      calling(kernels.a, kernels.b, 'x'),
      calling(kernels.a, kernels.b, 'y'),
      calling(kernels.b, kernels.a, 'z'),
    ])
    for (let n = 0; n < 12; n++) {
      const report = await verifyPair(sourceOf(kernels.a), sourceOf(kernels.b))
      expect(report.findings.filter(({ severity }) => severity === 'violation')).toEqual([])
    }
    running = false
    await calls
    expect(await pairOf(kernels)).toMatchObject({ verdict: 'consistent', findings: [] })
  })
})

describe('what two logs are known from', () => {
  it('is said: calls that were not accepted, and entries that the other side holds no checkpoint of', async () => {
    const kernels = await twoKernels()
    const { a, b } = kernels
    await exchange(a, b, 'before')
    await b.ledger.cut()
    await exchange(a, b, 'after')
    await exchange(a, b, 'lost', { omit: ['accepted', 'outcome', 'receipt', 'ack'] })
    await a.ledger.append(closed('lost', { intent: hashOf('lost') })).durable
    const { verdict, unchecked } = await pairOf(kernels)
    expect([verdict, unchecked]).toEqual([
      'consistent',
      [
        expect.stringMatching(/^1 call was sent and never accepted: /),
        expect.stringMatching(/^Entries of a from 0 on are under no checkpoint that b holds/),
        expect.stringMatching(/^Entries of b from 4 on are under no checkpoint that a holds/),
        expect.stringMatching(/^Calls that both sides left out/),
      ],
    ])
  })

  it('is less since a time: calls with an entry before it are not compared, and are counted', async () => {
    const kernels = await twoKernels()
    await exchange(kernels.a, kernels.b, 'early', { ack: { receipt_hash: hashOf('another receipt') } })
    await exchange(kernels.a, kernels.b, 'also early')
    await closeBoth(kernels)
    const pair = (tMs: number) => verifyPair(sourceOf(kernels.a), sourceOf(kernels.b), { since: { tMs } })
    expect((await pair(0)).findings).toHaveLength(1)
    const none = await pair(Number.MAX_SAFE_INTEGER)
    expect(none).toMatchObject({ verdict: 'consistent', calls: {}, findings: [] })
    expect(none.unchecked).toContain('Not compared, because an entry of each is before the given time: 2 calls.')
    expect([none.a.log.evidence, none.b.log.evidence]).toEqual([0, 0])
  })
})

describe('what a crash or a lost message leaves', () => {
  it.each<[string, string, ExchangeInit, { blamed?: string; withoutProof?: string }]>([
    ['ack_missing', 'no acknowledgement arrived', { omit: ['ack'] }, { blamed: 'a', withoutProof: 'b' }],
    ['receipt_missing', 'the answer did not arrive', { omit: ['receipt', 'ack'] }, { withoutProof: 'b' }],
    [
      'receipt_missing',
      'the refusal did not arrive',
      { refused: true, omit: ['receipt', 'ack'] },
      { withoutProof: 'b' },
    ],
    [
      'outcome_missing',
      'the serving side stopped after accepting',
      { omit: ['outcome', 'receipt', 'ack'] },
      { withoutProof: 'a' },
    ],
    [
      'call_open',
      'the asking side stopped after sending',
      { omit: ['accepted', 'outcome', 'receipt', 'ack'] },
      { withoutProof: 'a' },
    ],
    ['acceptance_missing', 'the serving side holds no intent', { omit: ['accepted'] }, { withoutProof: 'b' }],
    [
      'ack_missing',
      'a receipt came without its result and was never acknowledged',
      { reveal: 'interrupted', omit: ['ack'] },
      { blamed: 'a', withoutProof: 'b' },
    ],
    [
      'ack_missing',
      'one side says that it asked for the result and the other that it was not asked',
      { reveal: 'unanswered', omit: ['ack'] },
      {},
    ],
    ...(['refused', 'unanswered', 'wrong'] as const).map<
      [string, string, ExchangeInit, { blamed: string; withoutProof: string }]
    >((reveal) => [
      'result_withheld',
      `a result did not come after its acknowledgement: ${reveal}`,
      { reveal },
      { blamed: 'b', withoutProof: 'a' },
    ]),
    ['result_open', 'the asking side stopped before it had the result', { reveal: 'received', omit: ['result'] }, {}],
  ])('is incomplete with exactly one finding, %s: %s', async (code, _what, init, { blamed, withoutProof }) => {
    const report = await reportOn(init)
    expect(shown(report)).toEqual([{ severity: 'incomplete', code, callId: idOf('the call'), blamed, withoutProof }])
    expect(report).toMatchObject({ verdict: 'incomplete', exitCode: 2 })
  })

  it('accuses nobody when the asking side says that it stopped waiting for the result', async () => {
    const report = await reportOn({ reveal: 'interrupted' })
    expect(report).toMatchObject({ verdict: 'consistent', calls: { undelivered: 1 } })
  })

  it('says of both logs that agree on a missing result that it is owed', async () => {
    const [found] = (await reportOn({ reveal: 'refused', ack: { withheld: true } })).findings
    expect(found?.text).toMatch(/^Both logs say .* a debt that the serving side signed\.$/)
  })

  it('needs no acknowledgement where nothing was done', async () => {
    expect(await reportOn({ refused: true, omit: ['ack'] })).toMatchObject({
      verdict: 'consistent',
      calls: { ok: 2, denied: 1 },
    })
  })

  it('is incomplete when the asking side closed a call that the other one accepted', async () => {
    const kernels = await twoKernels()
    await exchange(kernels.a, kernels.b, 'timed out', { omit: ['receipt', 'ack'] })
    kernels.a.ledger.append(closed('timed out', { decision: 'error', ext: { code: 'deadline' } }))
    const report = await pairOf(kernels)
    expect(shown(report)).toMatchObject([{ severity: 'incomplete', code: 'receipt_missing', withoutProof: 'b' }])
    expect(report.calls).toEqual({ unfinished: 1 })
  })
})

describe('a lie', () => {
  it.each<[string, string, ExchangeInit, { blamed?: string; withoutProof?: string }]>([
    [
      'intent_denied',
      'the asking side leaves the whole call out',
      { omit: ['sent', 'receipt', 'ack'] },
      { blamed: 'a' },
    ],
    [
      'intent_denied',
      'the asking side leaves out what it sent, and keeps the answer',
      { omit: ['sent'] },
      { blamed: 'a' },
    ],
    [
      'intent_denied',
      'the asking side leaves out a call that was refused',
      { omit: ['sent', 'receipt', 'ack'], refused: true },
      { blamed: 'a' },
    ],
    [
      'receipt_disowned',
      'the asking side leaves out a receipt it acknowledged',
      { omit: ['receipt'] },
      { blamed: 'a', withoutProof: 'b' },
    ],
    [
      'inclusion_broken',
      'the serving side leaves out the whole call',
      { omit: ['accepted', 'outcome', 'ack'] },
      { blamed: 'b', withoutProof: 'a' },
    ],
    [
      'inclusion_broken',
      'the serving side leaves out the outcome',
      { omit: ['outcome', 'ack'] },
      { blamed: 'b', withoutProof: 'a' },
    ],
    [
      'inclusion_broken',
      'the receipt names another entry',
      { receipt: { log: { origin: 'b.example/hansa/log/1', index: 1, leaf_hash: GENESIS, mmd_s: 60 } } },
      { blamed: 'b', withoutProof: 'a' },
    ],
    [
      'receipt_contradicts',
      'the serving side logged another result than it signed',
      { change: { outcome: (draft) => ({ ...draft, result_c: GENESIS }) } },
      { blamed: 'b', withoutProof: 'a' },
    ],
    [
      'receipt_contradicts',
      'the serving side logged another status than it signed',
      { change: { outcome: (draft) => ({ ...draft, ext: { status: 'failed' } }) } },
      { blamed: 'b', withoutProof: 'a' },
    ],
    [
      'ack_contradicts',
      'the asking side acknowledged another receipt',
      { ack: { receipt_hash: hashOf('another') } },
      { blamed: 'a', withoutProof: 'b' },
    ],
    [
      'ack_contradicts',
      'the asking side acknowledged another receipt, together with that of another call',
      { together: true, ack: { receipt_hash: hashOf('another') } },
      { blamed: 'a', withoutProof: 'b' },
    ],
    [
      'receipt_disowned',
      'the asking side leaves out a receipt it acknowledged together with another',
      { omit: ['receipt'], together: true },
      { blamed: 'a', withoutProof: 'b' },
    ],
  ])('is a violation with exactly one finding, %s: %s', async (code, _what, init, { blamed, withoutProof }) => {
    const report = await reportOn(init)
    expect(shown(report)).toEqual([{ severity: 'violation', code, callId: idOf('the call'), blamed, withoutProof }])
    expect(report).toMatchObject({ verdict: 'violation', exitCode: 1 })
    expect(report.findings[0]?.entries.length).toBeGreaterThan(0)
    expect(report.findings[0]?.text).toMatch(/(?:asking|serving) side/)
  })

  it('is none of the asking side that the serving one leaves its call out of an acknowledgement which names it', async () => {
    const leftOut = (draft: EntryDraft) => ({ ...draft, ext: { ...draft.ext, calls: [idOf('somebody else')] } })
    const codesOf = async (init: ExchangeInit) =>
      shown(await reportOn({ together: true, change: { ack: leftOut }, ...init }))
        .filter(({ callId }) => callId === idOf('the call'))
        .map(({ code }) => code)
    expect(await codesOf({})).toEqual([])
    expect(await codesOf({ omit: ['accepted'] })).toEqual(['acceptance_missing'])
    expect(await codesOf({ ack: { receipt_hash: hashOf('another') } })).toEqual(['ack_contradicts'])
  })

  it('is named with the sides turned when the second log is the one that asked', async () => {
    const { a, b } = await twoKernels()
    await exchange(b, a, 'the call', { omit: ['receipt'] })
    expect(shown(await pairOf({ a, b }))).toMatchObject([{ code: 'receipt_disowned', blamed: 'b', withoutProof: 'a' }])
  })

  it('is a violation when the asking side signed two intents for one call', async () => {
    const kernels = await twoKernels()
    const logged = {}
    // What the log of the asking side shows is the intent of a call with the same id and another purpose.
    const shadow = await aKernel(alice, 'shadow.example/log')
    await exchange(shadow, kernels.b, 'the call', {
      omit: ['accepted', 'outcome', 'receipt', 'ack'],
      intent: { purpose: 'another' },
      change: { sent: (draft) => Object.assign(logged, draft) },
    })
    await exchange(kernels.a, kernels.b, 'the call', {
      omit: ['receipt', 'ack'],
      change: { sent: () => logged as EntryDraft },
    })
    const report = await pairOf(kernels)
    expect(shown(report)).toContainEqual(
      expect.objectContaining({ severity: 'violation', code: 'intent_differs', blamed: 'a', withoutProof: 'b' }),
    )
  })

  it('is a violation when evidence was signed by mallory, and nobody but its keeper is blamed', async () => {
    const report = await reportOn({ receiptSigner: mallory })
    expect(report.verdict).toBe('violation')
    expect(report.a.log.faults).toMatchObject([{ code: 'evidence_forged' }])
    expect(report.b.log.verdict).toBe('clean')
    const acked = await reportOn({ ackSigner: mallory })
    expect(acked.b.log.faults).toMatchObject([{ code: 'evidence_forged' }])
    expect(acked.verdict).toBe('violation')
  })

  it('is a violation when the log of the serving side was cut and signed again', async () => {
    const { a, b } = await twoKernels()
    await exchange(a, b, 'kept')
    const cut = b.disk.copy()
    await exchange(a, b, 'cut off')
    await closeBoth({ a, b })
    const { ledger } = await openOn(cut, { origin: b.ledger.origin, key: b.key })
    await ledger.close()
    const report = await verifyPair(sourceOf(a), { ...sourceOf(b), disk: cut })
    expect(report.b.log.verdict).toBe('clean')
    expect(shown(report)).toMatchObject([{ severity: 'violation', code: 'inclusion_broken', blamed: 'b' }])
  })

  it('is a violation when a checkpoint that was shown is not of this history', async () => {
    const { a, b } = await twoKernels()
    await exchange(a, b, 'one')
    a.ledger.append({
      type: 'peer.checkpoint',
      peer: bob.did,
      ext: { checkpoint: { origin: b.ledger.origin, size: 2, root: GENESIS } },
    })
    expect(shown(await pairOf({ a, b }))).toEqual([{ severity: 'violation', code: 'checkpoint_contradicts' }])
  })

  it('is suspected, no more, when a checkpoint that was seen is beyond the end of the log', async () => {
    const { a, b } = await twoKernels()
    await exchange(a, b, 'one', { intent: { chk: { origin: b.ledger.origin, size: 99, root: GENESIS } } })
    expect(shown(await pairOf({ a, b }))).toEqual([
      { severity: 'incomplete', code: 'checkpoint_contradicts', blamed: 'b' },
    ])
  })

  it.each([
    ['its own key', true],
    ['another key of the same name', false],
  ])('is a violation when the history is not that of a checkpoint under %s', async (_what, own) => {
    const { a, b } = await twoKernels()
    await exchange(a, b, 'one')
    const head = { origin: b.ledger.origin, size: 2, root: GENESIS }
    const note = (own ? b.key : noteKey(b.ledger.origin, sha256('mallory'))).sign(formatCheckpoint(head))
    a.ledger.append({ type: 'peer.checkpoint', peer: bob.did, ext: { checkpoint: head, note } })
    const { findings } = await pairOf({ a, b })
    const blame = own ? { blamed: 'b', verdict: 'exposed' } : {}
    expect(findings.map(({ code, blamed, verdict }) => ({ code, blamed, verdict }))).toEqual([
      { code: 'checkpoint_contradicts', blamed: undefined, verdict: undefined, ...blame },
    ])
  })

  it('in one entry does not hide behind a byte changed in another', async () => {
    const { a, b } = await twoKernels()
    await exchange(a, b, 'one')
    await exchange(a, b, 'two', { omit: ['receipt'] })
    await closeBoth({ a, b })
    const [name = ''] = (await b.disk.list()).filter((file) => file.startsWith('entries-'))
    b.disk.flip(name, 60)
    const report = await verifyPair(sourceOf(a), sourceOf(b))
    expect(report.b.log.faults[0]).toMatchObject({ code: 'record_damaged', seq: 0 })
    expect(shown(report)).toMatchObject([{ code: 'receipt_disowned' }])
  })
})

it('says when one of the two is no log', async () => {
  const { a } = await twoKernels()
  await a.ledger.close()
  expect(await codeOf(verifyPair(sourceOf(a), { disk: memoryLogDisk() }))).toBe('log_missing')
})
