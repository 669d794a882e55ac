import type { Rule } from '@hansa/protocols'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { compilePolicy } from './compile.ts'
import { evaluate, type PolicyDecision } from './evaluate.ts'
import type { PolicyFacts } from './facts.ts'
import { fulfils } from './obligations.ts'
import { whyWider } from './wider.ts'

const policy = (rules: readonly Rule[]) => {
  const compiled = compilePolicy([{ name: 'p', rules }])
  if (!compiled.ok) throw new Error(compiled.faults.map(({ reason }) => reason).join())
  return compiled.policy
}
const wider = (before: Rule[], after: Rule[]) => whyWider(policy(before).rules, policy(after).rules)
const rule = (over: Partial<Rule> = {}): Rule => {
  return { id: 'a', effect: 'allow', subject: 'agent:*', action: 'invoke', resource: 'files.*', ...over }
}

describe(whyWider, () => {
  it.each<[string, Rule[], Rule[]]>([
    ['the same rules', [rule()], [rule()]],
    ['the same under another name', [rule()], [rule({ id: 'b', description: 'x' })]],
    ['one rule less', [rule(), rule({ id: 'b', resource: 'crm.*' })], [rule()]],
    ['a narrower resource', [rule()], [rule({ resource: ['files.read', 'files.a.*'] })]],
    ['a narrower subject', [rule({ subject: '*' })], [rule({ subject: ['agent:ann', 'did:*'] })]],
    ['a condition more', [rule()], [rule({ when: 'args.x > 1' })]],
    ['an approval more', [rule()], [rule({ effect: 'require_approval' })]],
    ['a duty more', [rule({ obligations: ['max_rows:9'] })], [rule({ obligations: ['max_rows:5', 'log'] })]],
    [
      'a lower limit',
      [rule({ limit: { calls: 9, per_seconds: 60 } })],
      [rule({ limit: { calls: 5, per_seconds: 60 } })],
    ],
    ['a deny more', [rule()], [rule(), rule({ id: 'd', effect: 'deny', when: 'args.x > 1' })]],
    [
      'a deny in the place of a permission',
      [rule({ when: 'args.x > 1' })],
      [rule({ effect: 'deny', when: 'args.x > 1' })],
    ],
    [
      'a deny that asks no more',
      [rule(), rule({ id: 'd', effect: 'deny', when: 'args.x > 1' })],
      [rule(), rule({ id: 'd', effect: 'deny' })],
    ],
    ['no rule at all', [rule()], []],
    [
      'a deny less, of what nothing permits any more',
      [rule({ resource: '*' }), rule({ id: 'd', effect: 'deny', resource: 'crm.*' })],
      [rule({ resource: 'files.*' })],
    ],
  ])('finds nothing wider in %s', (_what, before, after) => {
    expect(wider(before, after)).toEqual([])
  })

  it.each<[string, Rule[], Rule[]]>([
    ['a rule more', [rule()], [rule(), rule({ id: 'b', resource: 'crm.read' })]],
    ['a wider resource', [rule({ resource: 'files.read' })], [rule()]],
    ['a prefix that an id only begins with', [rule({ resource: 'files.*' })], [rule({ resource: 'files' })]],
    ['another subject', [rule()], [rule({ subject: 'did:*' })]],
    ['another action', [rule()], [rule({ action: ['invoke', 'grant'] })]],
    ['a condition less', [rule({ when: 'args.x > 1' })], [rule()]],
    ['another condition', [rule({ when: 'args.x > 1' })], [rule({ when: 'args.x > 2' })]],
    ['an approval less', [rule({ effect: 'require_approval' })], [rule()]],
    ['a milder duty', [rule({ obligations: ['max_rows:5'] })], [rule({ obligations: ['max_rows:9'] })]],
    ['a duty less', [rule({ obligations: ['redact:PII'] })], [rule()]],
    [
      'a higher limit',
      [rule({ limit: { calls: 5, per_seconds: 60 } })],
      [rule({ limit: { calls: 9, per_seconds: 60 } })],
    ],
    [
      'a limit under another name',
      [rule({ limit: { calls: 5, per_seconds: 60 } })],
      [rule({ id: 'b', limit: { calls: 5, per_seconds: 60 } })],
    ],
    [
      'a limit of another window',
      [rule({ limit: { calls: 5, per_seconds: 60 } })],
      [rule({ limit: { calls: 5, per_seconds: 90 } })],
    ],
    ['a deny less', [rule(), rule({ id: 'd', effect: 'deny' })], [rule()]],
    [
      'a narrower deny',
      [rule(), rule({ id: 'd', effect: 'deny' })],
      [rule(), rule({ id: 'd', effect: 'deny', resource: 'files.read' })],
    ],
    [
      'a deny with a condition',
      [rule(), rule({ id: 'd', effect: 'deny' })],
      [rule(), rule({ id: 'd', effect: 'deny', when: 'args.x > 1' })],
    ],
    [
      // Where that condition fails, the call is denied, whatever else permits it.
      'a permission with a condition less, beside one without',
      [rule(), rule({ id: 'b', when: 'args.x > 1' })],
      [rule()],
    ],
    [
      // Of another kernel with the same owner even what no rule permits is permitted.
      'a deny of other kernels less, where no rule permits anything',
      [rule({ id: 'd', effect: 'deny', subject: 'did:*' })],
      [],
    ],
    [
      'a deny under one name of a peer less, beside a permission under another',
      [rule({ subject: 'did:*' }), rule({ id: 'd', effect: 'deny', subject: 'peer:orga' })],
      [rule({ subject: 'did:*' })],
    ],
  ])('says that %s may be wider', (_what, before, after) => {
    expect(wider(before, after)).not.toEqual([])
  })
})

describe('what is shown to be no wider', () => {
  const some = <T>(...values: T[]) => fc.constantFrom(...values)
  const aRule = (id: string) =>
    fc.record(
      {
        id: fc.constant(id),
        effect: some<Rule['effect']>('allow', 'allow', 'deny', 'require_approval'),
        subject: some<Rule['subject']>('*', 'agent:*', 'agent:ann', 'did:*', 'peer:orga', ['agent:ann', 'peer:*']),
        action: some<Rule['action']>('*', 'invoke', 'grant'),
        resource: some<Rule['resource']>('*', 'files.*', 'files.read', 'files.a.*', 'crm.*', ['files.read', 'crm.all']),
        when: some('args.x > 1', 'args.y == 2', 'subject.kind == "agent"'),
        obligations: some<string[]>(['max_rows:5'], ['max_rows:9'], ['redact:PII'], ['purpose:billing']),
        limit: some({ calls: 5, per_seconds: 60 }, { calls: 9, per_seconds: 60 }),
      },
      { requiredKeys: ['id', 'effect', 'subject', 'action', 'resource'] },
    )
  const plain = (one: { effect: Rule['effect'] } & Partial<Rule>): Rule => {
    const { obligations, limit, ...rest } = one
    return one.effect === 'deny' ? (rest as Rule) : (one as Rule)
  }
  const rules = fc
    .tuple(aRule('a'), aRule('b'), aRule('c'), fc.integer({ min: 0, max: 3 }))
    .map(([a, b, c, count]) => [a, b, c].slice(0, count).map((one) => plain(one as Rule)))
  /** Another policy, or the same one with a rule changed, left out or added: else most pairs have nothing in common. */
  const change = fc.tuple(some('other', 'drop', 'swap', 'add'), rules, fc.nat(2))
  const callers = [
    { ids: ['agent:ann'], did: '', kind: 'agent' },
    { ids: ['agent:bob'], did: '', kind: 'agent' },
    { ids: ['did:key:z6Mk', 'peer:orga'], did: 'did:key:z6Mk', kind: 'kernel' },
    { ids: ['did:key:z6Mk'], did: 'did:key:z6Mk', kind: 'kernel' },
  ].map((one) => ({ ...one, standing: 1_000 }) as PolicyFacts['subject'])
  const call = fc.record({
    caller: some(...callers),
    action: some<PolicyFacts['action']>('invoke', 'grant'),
    id: some('files', 'files.read', 'files.a.b', 'crm.all', 'x'),
    args: some<unknown>({}, { x: 1 }, { x: 2 }, { y: 2 }, { x: 2, y: 2 }, { x: 'text' }),
    purpose: some(undefined, 'billing', 'other'),
    sameOwner: fc.boolean(),
  })

  function changed(before: Rule[], [kind, other, at]: [string, Rule[], number]): Rule[] {
    if (kind === 'other') return other
    if (kind === 'drop') return before.filter((_rule, index) => index !== at)
    const more = other[0] === undefined ? [] : [{ ...other[0], id: kind === 'add' ? 'z' : (before[at]?.id ?? 'z') }]
    return [...before.filter((_rule, index) => kind === 'add' || index !== at), ...more]
  }

  it('permits nothing more of any call, under no milder duties, approvals and limits', () => {
    let shown = 0
    fc.assert(
      fc.property(rules, change, fc.array(call, { minLength: 12, maxLength: 12 }), (before, to, calls) => {
        const [old, now] = [policy(before), policy(changed(before, to))]
        if (whyWider(old.rules, now.rules).length > 0) return
        shown += 1
        for (const { caller, action, id, args, purpose, sameOwner } of calls) {
          const facts: PolicyFacts = {
            subject: caller,
            action,
            resource: { id, safety: 'READ', sensitivity: [] },
            args,
            ...(purpose === undefined ? {} : { purpose }),
            now: 0,
          }
          const nonePermits = sameOwner && caller.kind === 'kernel'
          const [was, is] = [evaluate(old, facts), evaluate(now, facts)]
          expect(isNoWider(was, is, nonePermits), `${id} by ${caller.ids[0]}: ${was.effect} became ${is.effect}`).toBe(
            true,
          )
        }
      }),
      { numRuns: 500 },
    )
    expect(shown).toBeGreaterThan(50)
  })

  function isNoWider(was: PolicyDecision, is: PolicyDecision, nonePermits: boolean): boolean {
    const permits = ({ effect }: PolicyDecision) =>
      effect === 'permit' || effect === 'approval' || (effect === 'none' && nonePermits)
    if (!permits(is)) return true
    if (!permits(was)) return false
    if (was.effect === 'approval' && is.effect !== 'approval') return false
    const limits = was.limits.every((limit) =>
      is.limits.some(
        (one) => one.rule === limit.rule && one.perSeconds === limit.perSeconds && one.calls <= limit.calls,
      ),
    )
    const asking = { ...was.obligations, humanApproval: false }
    return limits && fulfils(is.obligations, asking)
  }
})
