import type { Charge, DelegationLimits, Entry } from '@hansa/protocols'
import { issueRoot } from '@hansa/trust'
import { alice, bob } from '@hansa/trust/testing'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Budgets, type ChainLink } from './budgets.ts'

const NOW = 1_700_000_000
const EXP = NOW + 1_000

const link = (hash: string, lim: DelegationLimits, exp = EXP): ChainLink => ({ hash, link: { lim, exp } })
const take = (budgets: Budgets, callId: string, links: ChainLink[], most: Charge = { rows: 10, tokens: 0 }) => {
  const reserved = budgets.reserve(callId, links, most, NOW * 1000)
  return reserved.ok ? reserved.charge : reserved.code
}

describe(Budgets, () => {
  it('counts a call under every link, so that those who share a link share its limit', () => {
    const budgets = new Budgets()
    const [root, one, two] = [link('root', { calls: 3 }), link('one', { calls: 2 }), link('two', {})]
    expect(take(budgets, 'a', [root, one])).toEqual({ tokens: 0 })
    expect(take(budgets, 'b', [root, one])).toEqual({ tokens: 0 })
    expect(take(budgets, 'c', [root, one])).toBe('budget_exceeded')
    expect(take(budgets, 'd', [root, two])).toEqual({ tokens: 0 })
    expect(take(budgets, 'e', [root, two])).toBe('budget_exceeded')
    expect(budgets.whySpent([{ hash: 'root', lim: { calls: 3 } }])).toBe('link 0: its 3 calls are used up')
  })

  it('takes of no link what another one refuses, and gives back what did not begin', () => {
    const budgets = new Budgets()
    const [wide, none] = [link('wide', { calls: 1 }), link('none', { calls: 0 })]
    expect(take(budgets, 'a', [wide, none])).toBe('budget_exceeded')
    expect(take(budgets, 'b', [wide])).toEqual({ tokens: 0 })
    budgets.release('b', [wide], { tokens: 0 })
    expect(take(budgets, 'c', [wide])).toEqual({ tokens: 0 })
  })

  it('holds every row that a call may return until it has ended, and then keeps what it returned', () => {
    const budgets = new Budgets()
    const rows = [link('rows', { rows: 15 })]
    expect(take(budgets, 'a', rows)).toEqual({ tokens: 0, rows: 10 })
    expect(take(budgets, 'b', rows)).toEqual({ tokens: 0, rows: 5 })
    expect(take(budgets, 'c', rows)).toBe('busy')
    budgets.settle('b', 2)
    budgets.settle('b', 2)
    expect(take(budgets, 'd', rows)).toEqual({ tokens: 0, rows: 3 })
    budgets.settle('a', 10)
    budgets.settle('d', 99)
    expect(take(budgets, 'e', rows)).toBe('budget_exceeded')
  })

  it('refuses what costs more than is left, in tokens and in money', () => {
    const budgets = new Budgets()
    const money = [link('money', { money: { currency: 'EUR', minor: 60 }, tokens: 1_000 })]
    const cost = { tokens: 10, money: { currency: 'EUR', minor: 25 } }
    expect(take(budgets, 'a', money, cost)).toEqual(cost)
    expect(take(budgets, 'b', money, cost)).toEqual(cost)
    expect(take(budgets, 'c', money, cost)).toBe('budget_exceeded')
    expect(take(budgets, 'd', money, { tokens: 981 })).toBe('budget_exceeded')
    expect(take(budgets, 'e', money, { tokens: 980 })).toEqual({ tokens: 980 })
  })

  it('forgets a link that has ended, and nothing before', () => {
    const budgets = new Budgets()
    const [early, late] = [link('early', { calls: 1 }, NOW + 5), link('late', { calls: 1 }, NOW + 10)]
    take(budgets, 'a', [early, late])
    expect(budgets.state((NOW + 4) * 1000).spent.map(([hash]) => hash)).toEqual(['early', 'late'])
    expect(budgets.state((NOW + 5) * 1000).spent.map(([hash]) => hash)).toEqual(['late'])
  })

  it('is the same when it is read from the log, in one piece or from a resume point on', () => {
    const made = issueRoot(alice, { to: bob.did, cmd: '/', lim: { calls: 9, rows: 50 }, exp: EXP }, NOW)
    if (!made.ok) throw new Error(made.reason)
    const links = [made.issued.jws]
    const entry = (over: Partial<Entry>): Entry =>
      ({ v: 1, origin: 'o', seq: 0, t_ms: NOW * 1000, prev: 'A'.repeat(43), ...over }) as Entry
    const log = [
      entry({ type: 'intent.accepted', call_id: 'a', ext: { links, charge: { rows: 20, tokens: 3 } } }),
      entry({ type: 'outcome', call_id: 'a', ext: { charge: { rows: 7 } } }),
      entry({ type: 'intent.accepted', call_id: 'b', ext: { links, charge: { rows: 30 } } }),
      entry({ type: 'outcome', call_id: 'other' }),
      entry({ type: 'outcome', call_id: 'b' }),
      entry({ type: 'intent.sent', call_id: 'c', ext: { links } }),
    ]
    const whole = new Budgets()
    for (const one of log) whole.replay(one)
    const spent = { calls: 2, rows: 7, heldRows: 0, tokens: 3, money: 0, exp: EXP }
    expect(whole.state(NOW * 1000)).toEqual({ spent: [[made.issued.hash, spent]], running: [] })
    for (let cut = 0; cut <= log.length; cut++) {
      const before = new Budgets()
      for (const one of log.slice(0, cut)) before.replay(one)
      const after = new Budgets()
      after.restore(JSON.parse(JSON.stringify(before.state(NOW * 1000))))
      for (const one of log.slice(cut)) after.replay(one)
      expect(after.state(NOW * 1000)).toEqual(whole.state(NOW * 1000))
    }
  })

  it('permits behind a link more only what it permitted before, whatever was used until then', () => {
    const limit = fc.option(fc.nat(8), { nil: undefined })
    const limits = fc
      .record({ calls: limit, rows: limit, tokens: limit, minor: limit })
      .map(({ minor, ...rest }): DelegationLimits => {
        const given = Object.fromEntries(Object.entries(rest).filter(([, value]) => value !== undefined))
        return { ...given, ...(minor === undefined ? {} : { money: { currency: 'EUR', minor } }) }
      })
    const charge = fc
      .record({ rows: fc.nat(5), tokens: fc.nat(5), minor: fc.nat(5) })
      .map(({ minor, ...rest }): Charge => ({ ...rest, money: { currency: 'EUR', minor } }))
    const history = fc.array(fc.record({ charge, depth: fc.integer({ min: 1, max: 3 }) }), { maxLength: 12 })
    fc.assert(
      fc.property(fc.array(limits, { minLength: 2, maxLength: 4 }), history, charge, (lims, past, most) => {
        const chain = lims.map((lim, at) => link(`link ${at}`, lim))
        const budgets = new Budgets()
        for (const [at, { charge: one, depth }] of past.entries()) take(budgets, `${at}`, chain.slice(0, depth), one)
        const state = JSON.stringify(budgets.state(NOW * 1000))
        const permitted = chain.map((_, at) => {
          const same = new Budgets()
          same.restore(JSON.parse(state))
          return same.reserve('next', chain.slice(0, at + 1), most, NOW * 1000)
        })
        for (const [at, { ok }] of permitted.entries()) if (ok) expect(permitted[at - 1]?.ok ?? true).toBe(true)
      }),
    )
  })

  it('never lets more through than any link has, in whatever order calls begin, fail and end', () => {
    const step = fc.record({
      kind: fc.constantFrom('begin', 'end', 'drop'),
      which: fc.nat(9),
      rows: fc.nat(12),
      deep: fc.boolean(),
    })
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const budgets = new Budgets()
        const root = link('root', { calls: 12, rows: 40 })
        const child = link('child', { calls: 7, rows: 25 })
        const open = new Map<string, { links: ChainLink[]; charge: Charge }>()
        const used = { root: { calls: 0, rows: 0 }, child: { calls: 0, rows: 0 } }
        for (const [at, { kind, which, rows, deep }] of steps.entries()) {
          const links = deep ? [root, child] : [root]
          const running = [...open.keys()][which % Math.max(1, open.size)]
          if (kind === 'begin') {
            const charge = take(budgets, `${at}`, links, { rows: 1 + rows, tokens: 0 })
            if (typeof charge !== 'string') open.set(`${at}`, { links, charge })
          } else if (running !== undefined) {
            const { links: under, charge } = open.get(running) ?? { links: [], charge: {} }
            open.delete(running)
            if (kind === 'drop') budgets.release(running, under, charge)
            else {
              const returned = Math.min(rows, charge.rows ?? 0)
              budgets.settle(running, returned)
              for (const { hash } of under) {
                used[hash as 'root'].calls += 1
                used[hash as 'root'].rows += returned
              }
            }
          }
          expect(used.root.rows).toBeLessThanOrEqual(40)
          expect(used.root.calls).toBeLessThanOrEqual(12)
          expect(used.child.rows).toBeLessThanOrEqual(25)
          expect(used.child.calls).toBeLessThanOrEqual(7)
        }
        for (const callId of open.keys()) budgets.settle(callId, 0)
        const spent = new Map(budgets.state(NOW * 1000).spent)
        expect(spent.get('root')?.rows ?? 0).toBe(used.root.rows)
        expect(spent.get('child')?.heldRows ?? 0).toBe(0)
      }),
    )
  })
})
