import type { Clock, Did, Entry, EntryType } from '@hansa/protocols'
import { memoryStore } from '@hansa/protocols'
import { manualClock } from '@hansa/protocols/testing'
import { batchSigner, encodeBase64url, sha256, signerFromSeed } from '@hansa/trust'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ApprovalArguments } from './approval-arguments.ts'
import { Projections } from './projections.ts'
import { factsFrom } from './replay-facts.ts'
import { openResumePoint, sealResumePoint } from './resume-point.ts'
import type { SettledKey } from './settled-keys.ts'

const START_MS = 1_800_000_000_000
const signer = signerFromSeed(sha256('projections'))
const logger = { debug() {}, info() {}, warn() {}, error() {} }
const peers = [sha256('one'), sha256('two')].map((seed) => signerFromSeed(seed).did)
const idOf = (n: number) => encodeBase64url(sha256(`call ${n}`).subarray(0, 16))

function fresh(clock: Clock = manualClock(START_MS)): Projections {
  const store = memoryStore()
  const never = () => {
    throw new Error('a projection that replays writes nothing')
  }
  return new Projections({
    clock,
    store,
    args: new ApprovalArguments({ store, logger }),
    append: never,
    outbox: {
      logger,
      transport: { send: never, binding: never },
      signer: batchSigner(signer),
      endpointOf: () => undefined,
    },
    facts: factsFrom({ ruleWindows: [['limited', 600]], reads: ['c'] }),
    random: () => 0,
  })
}

const types: EntryType[] = [
  'acks.delivered',
  'ack.received',
  'approval.denied',
  'approval.granted',
  'approval.requested',
  'call.begun',
  'intent.accepted',
  'intent.sent',
  'outcome',
  'peer.checkpoint',
  'policy.loaded',
  'receipt.received',
  'result.missing',
  'result.received',
  'sanction.imposed',
  'sanction.lifted',
  'token.revoked',
]

/** Entries of every kind that a projection looks at, about few calls, so that they meet. Not what a kernel would write. */
const entries = fc
  .array(
    fc.record({
      type: fc.constantFrom(...types),
      call: fc.nat(12),
      peer: fc.option(fc.constantFrom(...peers)),
      approval: fc.option(fc.nat(5)),
      token: fc.option(fc.nat(3)),
      key: fc.option(fc.nat(3)),
      stage: fc.constantFrom('token', 'driver', undefined),
      status: fc.constantFrom('ok', 'denied', 'failed', 'outcome_unknown', 'approval_required'),
      number: fc.nat(40),
      laterMs: fc.nat(20_000),
    }),
    { maxLength: 120 },
  )
  .map((drafts) => {
    let t = START_MS
    return drafts.map(({ type, call, peer, approval, token, key, stage, status, number, laterMs }, seq): Entry => {
      t += laterMs
      return {
        v: 1,
        origin: 'test/log/1',
        seq,
        t_ms: t,
        prev: '',
        type,
        call_id: idOf(call),
        actor: peer === null ? 'agent:a' : `${peer}#p`,
        cap: `cap.${call % 3}`,
        cap_hash: 'h',
        args_c: `args ${call}`,
        receipt: `receipt ${call}`,
        pol: number,
        rules: ['limited'],
        ...(peer === null ? {} : { peer }),
        ext: {
          status,
          action: `action ${call}`,
          expires: Math.floor(t / 1000) + 3_600,
          through: number,
          case: idOf(200 + (call % 4)),
          subject: `agent:${call % 3}`,
          sanction: number % 2 ? 'suspend' : 'warn',
          ...(stage === undefined ? {} : { stage }),
          ...(approval === null ? {} : { approval: idOf(100 + approval) }),
          ...(token === null ? {} : { token: `token ${token}` }),
          ...(key === null ? {} : { idem: `key ${key}` }),
        },
      } as Entry
    })
  })

function replayed(projections: Projections, all: readonly Entry[]): Projections {
  for (const entry of all) projections.replay(entry)
  return projections
}

const byScope = (keys: readonly SettledKey[]) => new Map(keys.map((key) => [key.scope, key]))

describe('what a kernel remembers', () => {
  it('is the same from every resume point as from the first entry', () => {
    const key = sha256('key')
    const prefix = { note: '', last: { file: '', offset: 0 }, peaks: [] }
    fc.assert(
      fc.property(entries, fc.nat(120), (all, cut) => {
        const [before, after] = [all.slice(0, cut), all.slice(cut)]
        const lastMs = all.at(-1)?.t_ms ?? 0
        const first = replayed(fresh(), before)
        const point = { prefix, state: first.state(before.at(-1)?.t_ms ?? 0) }
        const opened = openResumePoint(sealResumePoint(point, key), key)
        if (opened === undefined) throw new Error('not opened')
        const resumed = fresh()
        resumed.restore(opened.state)
        const whole = replayed(fresh(), all)
        expect(replayed(resumed, after).state(lastMs)).toEqual(whole.state(lastMs))
        // Keys of calls that had ended are on the disk, and later ones take their place there.
        const kept = [...first.idempotency.ended(), ...resumed.idempotency.ended()]
        expect(byScope(kept)).toEqual(byScope(whole.idempotency.ended()))
      }),
      { numRuns: 300 },
    )
  })

  it('is the same for whoever asks, not only for the next point', async () => {
    const entry = (seq: number, over: Partial<Entry>): Entry => ({
      v: 1,
      origin: 'test/log/1',
      seq,
      t_ms: START_MS,
      prev: '',
      type: 'call.begun',
      ...over,
    })
    const [peer] = peers as [Did]
    const before = [
      entry(0, { call_id: idOf(1), actor: 'agent:a', cap: 'c', args_c: 'x', ext: { idem: 'key', token: 'token' } }),
      entry(1, { type: 'outcome', call_id: idOf(1), ext: { status: 'ok' } }),
      entry(2, { call_id: idOf(2), actor: 'agent:a', cap: 'c', args_c: 'x' }),
      entry(3, { type: 'outcome', call_id: idOf(3), peer, actor: `${peer}#p`, ext: { status: 'ok' } }),
      entry(4, { type: 'token.revoked', actor: 'agent:b', ext: { epoch: 3 } }),
      entry(5, { type: 'log.opened', ext: { reason: 'restored' } }),
    ]
    const first = replayed(fresh(), before)
    const resumed = fresh()
    resumed.restore(first.state(START_MS))
    await resumed.idempotency.settle(first.idempotency.ended())
    expect(await resumed.idempotency.claim('key', idOf(9), 'x')).toEqual({ state: 'done', callId: idOf(1) })
    expect(resumed.uses.left('token', 1)).toBe(false)
    expect(resumed.uses.epochOf('agent:b')).toBe(3)
    expect(resumed.callIds.take(idOf(1))).toBe(false)
    expect(resumed.openCalls.closing().map(({ call_id }) => call_id)).toEqual([idOf(2)])
    expect(resumed.openAcks.fits(idOf(3), peer, 'any')).toBe(true)
    expect(resumed.doubt.holds(START_MS)).toBe(true)
    expect(resumed.rates.admit('agent:a\nc', 2, 60, START_MS)).toBe(false)
  })

  it('does not grow with what no longer matters', () => {
    const day = 86_400_000
    const all = Array.from(
      { length: 50 },
      (_, n): Entry => ({
        v: 1,
        origin: 'test/log/1',
        seq: n,
        t_ms: START_MS + n * day,
        prev: '',
        type: 'approval.requested',
        actor: `agent:${n}`,
        cap: 'c',
        ext: { approval: idOf(n), action: `${n}`, expires: (START_MS + n * day) / 1000 + 3_600 },
      }),
    )
    const begun = all.map((entry): Entry => ({ ...entry, type: 'call.begun', call_id: idOf(entry.seq), ext: {} }))
    const state = replayed(fresh(), [...all, ...begun]).state(START_MS + 49 * day)
    expect(state.approvals.map(({ principal }) => principal)).toEqual(['agent:48', 'agent:49'])
    expect(state.rates.map(([, keys]) => keys.length)).toEqual([1])
  })

  it('does not grow with keys of calls that have ended: a running kernel puts them on the disk', async () => {
    const at = {
      v: 1,
      origin: 'test/log/1',
      t_ms: START_MS,
      prev: '',
      actor: 'agent:a',
      cap: 'c',
      args_c: 'x',
    } as const
    const calls = Array.from({ length: 2_000 }, (_, n): Entry[] => [
      { ...at, seq: 2 * n, type: 'call.begun', call_id: idOf(n), ext: { idem: `key ${n}` } },
      { ...at, seq: 2 * n + 1, type: 'outcome', call_id: idOf(n), ext: { status: 'ok' } },
    ]).flat()
    const projections = replayed(fresh(), calls)
    expect(projections.state(START_MS).idempotency).toEqual([])
    expect(projections.idempotency.ended()).toHaveLength(2_000)
    await projections.idempotency.settle(projections.idempotency.ended())
    expect(projections.idempotency.ended()).toEqual([])
    expect(await projections.idempotency.claim('key 7', idOf(9_999), 'x')).toEqual({ state: 'done', callId: idOf(7) })
  })
})

describe(openResumePoint, () => {
  const key = sha256('key')
  const sealed = sealResumePoint(
    { prefix: { note: 'n', last: { file: 'f', offset: 1 }, peaks: [] }, state: fresh().state(0) },
    key,
  )

  it('takes back what was sealed', () => {
    expect(openResumePoint(sealed, key)?.prefix.note).toBe('n')
  })

  it.each([
    ['another key', sealed, sha256('mallory')],
    ['another content', sealed.replace('"policyVersion":0', '"policyVersion":9'), key],
    ['no seal', sealed.slice(sealed.indexOf('\n') + 1), key],
    ['nothing', '', key],
    ['a seal alone', sealed.slice(0, sealed.indexOf('\n')), key],
  ])('takes nothing with %s', (_what, text, underKey) => {
    expect(openResumePoint(text, underKey)).toBeUndefined()
  })
})
