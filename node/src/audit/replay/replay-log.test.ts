/** What another policy would have decided: over the log of a kernel that made the calls, and over entries one by one. */
import type { Entry, KnownPeer, Rule } from '@hansa/protocols'
import { compilePolicy } from '@hansa/trust'
import { describe, expect, it } from 'vitest'
import { createKernel } from '../../create-kernel.ts'
import { recordedDecision } from './recorded-decision.ts'
import type { ReplayWorld } from './replay-decision.ts'
import { type ReplayReport, replayLog } from './replay-log.ts'

type Draft = Partial<Rule> & { id: string }

function policy(rules: Draft[]) {
  const full = rules.map((rule): Rule => ({ effect: 'allow', subject: '*', action: 'invoke', resource: '*', ...rule }))
  const compiled = compilePolicy([{ name: 'test', rules: full }])
  if (!compiled.ok) throw new Error(JSON.stringify(compiled.faults))
  return { policy: compiled.policy, rules: full }
}

const PEER = 'did:key:z6MkpTHR8VNsBxYAAWHut2Geadd9jSwuBV8xRoAnwWsdvktH'
const ID = 'AAAAAAAAAAAAAAAAAAAAAA'
const HASH = 'H'.repeat(43)
const echo = { hash: HASH, safety: 'READ' as const, sensitivity: [], obligations: [] as string[] }

const entry = (over: Partial<Entry> = {}): Entry => ({
  v: 1,
  origin: 'x/log/1',
  seq: 3,
  t_ms: Date.UTC(2026, 0, 31, 12),
  type: 'call.begun',
  prev: HASH,
  call_id: ID,
  actor: 'agent:ana',
  cap: 'echo',
  cap_hash: HASH,
  decision: 'permit',
  rules: ['before'],
  args_c: HASH,
  ...over,
})

const refused = (code: NonNullable<Entry['ext']>['code'], stage = 'policy', over: Partial<Entry> = {}) =>
  entry({ type: 'outcome', decision: 'deny', ext: { ...(code && { code }), stage, status: 'denied' }, ...over })

type Init = { capability?: ReplayWorld['capability']; peers?: KnownPeer[]; args?: unknown }

async function replay(entries: Entry[], rules: Draft[], { capability = () => echo, peers = [], args }: Init = {}) {
  const asked: string[][] = []
  async function* all() {
    yield* entries
  }
  const report = await replayLog({
    entries: all(),
    world: { policy: policy(rules).policy, capability, peer: (did) => peers.find((one) => one.did === did) },
    prepare: async () => {},
    async argumentsOf(_origin, calls) {
      asked.push(calls.map(({ callId }) => callId))
      return new Map(args === undefined ? [] : calls.map(({ callId }) => [callId, args]))
    },
    wanted: () => true,
  })
  return { ...report, asked }
}

const said = ({ differences, undecided, same }: ReplayReport) =>
  differences[0] !== undefined
    ? `${differences[0].was} -> ${differences[0].now}`
    : undecided[0] !== undefined
      ? `undecidable: ${undecided[0].needs.join()}`
      : same === 1
        ? 'same'
        : 'not a decision'

const allow = { id: 'new' }
const approval = { id: 'new', effect: 'require_approval' as const }
const byArgs = { id: 'new', when: 'args.n == 1' }

describe('a recorded call under another policy', () => {
  it.each<[string, Entry, Draft[], string]>([
    ['that was permitted, and is', entry(), [allow], 'same'],
    ['that was permitted, and for which no rule speaks', entry(), [], 'permit -> deny'],
    ['that was permitted, and is denied', entry(), [allow, { id: 'x', effect: 'deny' }], 'permit -> deny'],
    ['that was permitted, and needs a person', entry(), [approval], 'permit -> approval'],
    ['that a person approved, and still has to', entry({ ext: { approval: ID } }), [approval], 'same'],
    ['that a person approved, and needs none', entry({ ext: { approval: ID } }), [allow], 'approval -> permit'],
    ['that repeats one, which nobody has to approve again', entry({ ext: { retry_of: ID } }), [approval], 'same'],
    ['that was denied, and is', refused('policy_denied'), [], 'same'],
    ['that was denied, and is permitted', refused('policy_denied'), [allow], 'deny -> permit'],
    ['that waited for a person, and needs none', refused('approval_required'), [allow], 'approval -> permit'],
    ['that was too much, though permitted', refused('rate_limited'), [], 'permit -> deny'],
    ['that the firewall stopped, though permitted', refused('firewall_blocked', 'inbound'), [], 'permit -> deny'],
    ['that was not understood before rules were asked', refused('invalid_request', 'receive'), [], 'not a decision'],
    ['whose peer could not be asked', refused('remote_refused'), [], 'not a decision'],
    ['that failed inside', refused('internal'), [], 'not a decision'],
    ['whose outcome this is', entry({ type: 'outcome', ext: { status: 'ok' } }), [], 'not a decision'],
    ['by the time of the call and not of today', entry(), [{ id: 'n', when: 'now.getHours() == 12' }], 'same'],
    [
      'of which the log does not say the purpose',
      entry(),
      [{ id: 'p', when: 'purpose == ""' }],
      'undecidable: purpose',
    ],
    ['of which duties demand a purpose', entry(), [{ id: 'p', obligations: ['purpose:x'] }], 'undecidable: purpose'],
    ['by arguments that nobody kept', entry(), [byArgs], 'undecidable: args'],
    [
      'by arguments, where another rule denies anyway',
      entry(),
      [byArgs, { id: 'x', effect: 'deny' }],
      'permit -> deny',
    ],
  ])('%s', async (_what, one, rules, answer) => {
    expect(said(await replay([one], rules))).toBe(answer)
  })

  it('is decided by its arguments where they were kept', async () => {
    expect(said(await replay([entry()], [byArgs], { args: { n: 1 } }))).toBe('same')
    expect(said(await replay([entry()], [byArgs], { args: { n: 2 } }))).toBe('permit -> deny')
    expect(said(await replay([entry()], [byArgs], { args: {} }))).toBe('permit -> deny')
  })

  it('is decided by its arguments and not by its answers, where it went on from another call', async () => {
    const continued = entry({ ext: { continues: 'B'.repeat(22) } })
    const args = (n: number) => ({ args: { arguments: { n }, responses: { q: { n: 3 - n } } } })
    expect(said(await replay([continued], [byArgs], args(1)))).toBe('same')
    expect(said(await replay([continued], [byArgs], args(2)))).toBe('permit -> deny')
  })

  it('is not asked for arguments that no rule looks at, that cannot be there, or that the firewall changed', async () => {
    const verdicts = [{ pass: 'egress_args', stage: 'labels', rule: 'PII', action: 'redact' }] as Entry['verdicts'] &
      object
    expect((await replay([entry()], [allow])).asked).toEqual([])
    expect((await replay([refused('policy_denied')], [byArgs])).asked).toEqual([])
    const changed = await replay([entry({ verdicts })], [byArgs], { args: { n: 1 } })
    expect([changed.asked, said(changed)]).toEqual([[], 'undecidable: args'])
  })

  it('does not take a capability for what it was when it is another one now', async () => {
    const other = { capability: () => ({ ...echo, hash: 'X'.repeat(43) }) }
    expect(said(await replay([entry()], [{ id: 's', when: 'resource.safety == "READ"' }], other))).toBe(
      'undecidable: capability',
    )
    expect(said(await replay([entry()], [allow], other))).toBe('same')
    expect(said(await replay([refused('policy_denied')], [allow], { capability: () => undefined }))).toBe(
      'undecidable: capability',
    )
  })

  it('keeps the duties of its capability', async () => {
    const strict = { capability: () => ({ ...echo, obligations: ['human_approval'] }) }
    expect(said(await replay([entry({ ext: { approval: ID } })], [allow], strict))).toBe('same')
    expect(said(await replay([refused('policy_denied')], [allow], strict))).toBe('deny -> approval')
  })
})

describe('a recorded call of a peer', () => {
  const peer: KnownPeer = {
    did: PEER,
    alias: 'orga',
    source: 'operator',
    clearance: [],
    sameOwner: false,
    standing: 500,
    imports: [],
  }
  const accepted = entry({ type: 'intent.accepted', actor: `${PEER}#abc`, peer: PEER })
  const named = [{ id: 'partner', subject: 'peer:orga' }]

  it('is that of the kernel, by the name that the operator gave it and not by the alias of an import', async () => {
    expect(said(await replay([accepted], named, { peers: [peer] }))).toBe('same')
    expect(said(await replay([accepted], named, { peers: [{ ...peer, source: 'import' }] }))).toBe('permit -> deny')
    expect(said(await replay([accepted], named))).toBe('permit -> deny')
    expect(said(await replay([accepted], [{ id: 'ana', subject: 'agent:*' }], { peers: [peer] }))).toBe(
      'permit -> deny',
    )
  })

  it('needs no rule when both kernels have one owner, and a deny still denies', async () => {
    const owned = { peers: [{ ...peer, sameOwner: true }] }
    expect(said(await replay([accepted], [], owned))).toBe('same')
    expect(said(await replay([accepted], [{ id: 'x', effect: 'deny' }], owned))).toBe('permit -> deny')
    expect(said(await replay([accepted], [{ ...byArgs, effect: 'deny' }], owned))).toBe('undecidable: args')
  })

  it('was permitted by the rules when it was beyond its standing, so the same rules decide the same', async () => {
    const reason = 'its standing is 200 (probation); WRITE takes 700'
    const beyond = entry({
      type: 'outcome',
      actor: `${PEER}#abc`,
      peer: PEER,
      rules: ['standing'],
      ext: { stage: 'policy', code: 'policy_denied', reason },
    })
    expect(said(await replay([beyond], named, { peers: [peer] }))).toBe('same')
    expect(said(await replay([beyond], [{ id: 'x', effect: 'deny' }], { peers: [peer] }))).toBe('permit -> deny')
  })

  it('has the standing that the operator gives it', async () => {
    const trusted = [{ id: 's', when: 'subject.standing >= 500' }]
    expect(said(await replay([accepted], trusted, { peers: [peer] }))).toBe('same')
    expect(said(await replay([accepted], trusted))).toBe('permit -> deny')
  })
})

describe('a recorded call at a peer that decides too', () => {
  const ext = { trust_policy: 'remote_deferred' }
  const sent = entry({ type: 'intent.sent', peer: PEER, cap: 'orgb/echo', ext })

  it('was permitted by it when it was sent, and an own deny still denies', async () => {
    expect(said(await replay([sent], []))).toBe('same')
    expect(said(await replay([sent], [{ id: 'x', effect: 'deny' }]))).toBe('permit -> deny')
  })

  it('cannot be told where rules look at what it said, or where it was refused', async () => {
    expect(said(await replay([sent], [{ id: 'r', effect: 'deny', when: 'size(remote.obligations) > 0' }]))).toBe(
      'undecidable: peer_answer',
    )
    const deferred = { capability: () => ({ ...echo, trustPolicy: 'remote_deferred' as const }) }
    const denied = refused('policy_denied', 'policy', { peer: PEER, cap: 'orgb/echo' })
    expect(said(await replay([denied], [allow], deferred))).toBe('undecidable: peer_answer')
    expect(said(await replay([denied], [{ id: 'x', effect: 'deny' }], deferred))).toBe('same')
  })
})

it('counts every change, in the order of the log', async () => {
  const entries = [
    entry({ seq: 1 }),
    refused('policy_denied', 'policy', { seq: 2 }),
    entry({ seq: 3, cap: 'other' }),
    entry({ seq: 4 }),
  ]
  const report = await replay(entries, [{ id: 'other', resource: 'other' }])
  expect(report).toMatchObject({ calls: 4, same: 2, different: 2, undecidable: 0, changes: { 'permit -> deny': 2 } })
  expect(report.differences.map(({ seq, rulesWas, rulesNow }) => [seq, rulesWas, rulesNow])).toEqual([
    [1, ['before'], []],
    [4, ['before'], []],
  ])
})

it('decides the log of a kernel under the policy that was in force as it was decided then', async () => {
  const { policy: compiled, rules } = policy([
    { id: 'reads', resource: 'files.read', when: 'args.path.startsWith("public/")' },
    { id: 'writes', resource: 'files.write', effect: 'require_approval' },
    { id: 'never', resource: 'files.read', effect: 'deny', when: 'args.path.contains("..")' },
  ])
  await using kernel = await createKernel({ policy: [{ name: 'p', rules }] })
  await kernel.register({ id: 'files.read', safety: 'READ' }, () => 'text')
  await kernel.register({ id: 'files.write', safety: 'WRITE' }, () => 'done')
  const paths = ['public/a', 'secret/a', 'public/../b', '']
  for (const path of paths) await kernel.invoke('files.read', { path }).catch(() => undefined)
  await kernel.invoke('files.write', {}).catch(() => undefined)
  await kernel.invoke('files.read', { other: 1 }).catch(() => undefined)
  await kernel.ledger.sync()
  const entries = await kernel.audit({ from: 0, limit: 1000 })
  const shownPaths = new Map<string, unknown>()
  const decided = entries.flatMap((one) => recordedDecision(one) ?? [])
  for (const [at, { callId }] of decided.filter(({ capability }) => capability === 'files.read').entries()) {
    shownPaths.set(callId, at < paths.length ? { path: paths[at] } : { other: 1 })
  }
  const details = new Map([
    ['files.read', await kernel.capability('files.read')],
    ['files.write', await kernel.capability('files.write')],
  ])
  const world: ReplayWorld = { policy: compiled, capability: (ref) => details.get(ref), peer: () => undefined }
  async function* all() {
    yield* entries
  }
  const report = await replayLog({
    entries: all(),
    world,
    prepare: async () => {},
    argumentsOf: async () => shownPaths,
    wanted: () => true,
  })
  // Content is kept of calls that began: of the others a rule on arguments cannot be told.
  expect(report).toMatchObject({ calls: 6, same: 2, different: 0, undecidable: 4 })
})
