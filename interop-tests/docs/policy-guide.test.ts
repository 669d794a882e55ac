/** docs/guides/policy.md: what its tables say about each policy is what the engine decides. */
import { compilePolicy, evaluatePolicy, formatObligations, type PolicyFacts } from '@hansa/trust'
import { describe, expect, it } from 'vitest'
import { allPages } from './pages.ts'

const PAGE = 'docs/guides/policy.md'
const page = allPages().find(({ path }) => path === PAGE)

type Row = {
  policy: string
  text: string
  line: number
  call: string
  decision: string
  rules: string[]
  /** Absent where the table does not tell them. */
  duties?: string[]
}

/** A table whose first column is `call`, under a policy. */
function rows(): Row[] {
  const lines = page?.text.split('\n') ?? []
  const policies = page?.fences.filter(({ language, text }) => language === 'yaml' && text.includes('rules:')) ?? []
  return lines.flatMap((line, at) => {
    const cells = line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim())
    if (!/ invokes /.test(cells[0] ?? '')) return []
    const policy = policies.findLast((fence) => fence.line <= at + 1)
    if (policy === undefined) throw new Error(`${PAGE}:${at + 1} stands under no policy`)
    const [call = '', decision = '', by = '', duties] = cells
    const name = /^# (\S+)/.exec(policy.text)?.[1] ?? ''
    return [
      {
        policy: name,
        text: policy.text,
        line: at + 1,
        call,
        decision,
        rules: codes(by),
        ...(duties !== undefined && { duties: codes(duties) }),
      },
    ]
  })
}

function codes(cell: string): string[] {
  return [...cell.matchAll(/`([^`]+)`/g)].map(([, code = '']) => code)
}

function factsOf(call: string): PolicyFacts {
  const part = (pattern: RegExp) => pattern.exec(call)?.[1]
  const [, who = '', what = ''] = /^`([^`]+)` invokes `([^`]+)`/.exec(call) ?? []
  const [effect, ...obligations] = part(/remote `([^`]+)`/)?.split(' ') ?? []
  const alias = /^([^/]+)\//.exec(what)?.[1]
  const isPeer = who.startsWith('peer:')
  return {
    subject: {
      ids: isPeer ? ['did:key:z6MkpeerOfTheExample', who] : [who],
      did: isPeer ? 'did:key:z6MkpeerOfTheExample' : '',
      kind: isPeer ? 'kernel' : who.startsWith('person:') ? 'person' : 'agent',
      standing: Number(part(/standing `(\d+)`/) ?? 1000),
    },
    action: 'invoke',
    resource: {
      id: what,
      safety: (part(/ of `(\w+)`/) ?? 'READ') as PolicyFacts['resource']['safety'],
      sensitivity: [],
      ...(alias === undefined ? {} : { peer: alias }),
    },
    args: JSON.parse(part(/ with `([^`]+)`/) ?? '{}'),
    ...(/ for `/.test(call) ? { purpose: part(/ for `([^`]+)`/) ?? '' } : {}),
    ...(effect === undefined ? {} : { remote: { effect, obligations } }),
    now: Date.parse(`2026-11-20T${part(/ at `([^`]+)`/) ?? '12:00'}:00Z`) / 1000,
  }
}

const all = rows()

describe('the policy guide', () => {
  it('has a table for every policy that it shows as one that is good', () => {
    const shown = page?.fences.flatMap(({ text }) => /^# (policies\/\S+)/.exec(text)?.[1] ?? []) ?? []
    const without = shown.filter((name) => !all.some(({ policy }) => policy === name))
    expect(without).toEqual(['policies/wrong.yaml'])
    expect(all.length).toBeGreaterThan(30)
  })

  it.each(all)('line $line: $call: $decision', ({ policy, text, call, decision, rules, duties }) => {
    const compiled = compilePolicy([{ name: policy, text }])
    if (!compiled.ok) throw new Error(JSON.stringify(compiled.faults))
    const decided = evaluatePolicy(compiled.policy, factsOf(call))
    const obligations = formatObligations(decided.obligations)
    expect(decided.effect).toBe(decision)
    expect([...decided.rules].sort()).toEqual([...rules].sort())
    if (duties !== undefined) expect(obligations.map(inOrder).sort()).toEqual(duties.map(inOrder).sort())
  })
})

/** Names in a list have no order. */
function inOrder(obligation: string): string {
  const [word = '', names] = obligation.split(':')
  return names === undefined ? word : `${word}:${names.split(',').sort().join(',')}`
}
