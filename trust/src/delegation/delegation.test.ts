import type { DelegationLink, Did, Predicate } from '@hansa/protocols'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { didKeyResolver } from '../did/did-key-resolver.ts'
import { signJws } from '../signed/jws.ts'
import { alice, bob, carol, mallory } from '../testing/actors.ts'
import { commandOf, covers } from './command.ts'
import { whyNot } from './holds.ts'
import { type IssuedLink, type IssueVerdict, issueNext, issueRoot, type LinkGrant } from './issue-link.ts'
import { type VerifyChainInit, verifyChain, whyNotCovered } from './verify-chain.ts'

const NOW = 1_700_000_000
const DAY = 86_400
const owners = new Set<Did>([alice.did])

function must(verdict: IssueVerdict): IssuedLink {
  if (!verdict.ok) throw new Error(verdict.reason)
  return verdict.issued
}

const grant = (over: Partial<LinkGrant> = {}): LinkGrant => ({
  to: bob.did,
  cmd: '/billing',
  exp: NOW + DAY,
  dep: 2,
  ...over,
})
const root = (over: Partial<LinkGrant> = {}) => must(issueRoot(alice, grant(over), NOW))
/** alice owns, bob was given it, carol got it from bob. */
const toCarol = (first: IssuedLink, over: Partial<LinkGrant> = {}) =>
  must(issueNext(bob, first, grant({ to: carol.did, cmd: '/billing/invoice', dep: 1, ...over }), NOW))

const verify = (links: readonly (IssuedLink | string)[], over: Partial<VerifyChainInit> = {}) =>
  verifyChain(
    links.map((link) => (typeof link === 'string' ? link : link.jws)),
    { invoker: carol.did, owners, resolver: didKeyResolver(), now: NOW, revoked: () => false, ...over },
  )
const reasonOf = async (...given: Parameters<typeof verify>) => {
  const verdict = await verify(...given)
  return verdict.ok ? 'accepted' : verdict.reason
}

/** What mallory can sign: any link at all, with her own key or a stolen name. */
function forged(by: typeof alice, from: DelegationLink, over: Partial<DelegationLink>): string {
  return signJws(by, 'hansa-delegation+jws', { ...from, ...over }).jws
}

describe(verifyChain, () => {
  it('accepts what the owner gave, and what was passed on of it', async () => {
    const first = root()
    const second = toCarol(first)
    const verdict = await verify([first, second])
    expect(verdict).toMatchObject({
      ok: true,
      chain: { principals: [alice.did, bob.did, carol.did], limits: [{ hash: first.hash }, { hash: second.hash }] },
    })
    expect(await reasonOf([first], { invoker: bob.did })).toBe('accepted')
  })

  it('does nothing for whoever copied it', async () => {
    const first = root()
    expect(await reasonOf([first, toCarol(first)], { invoker: mallory.did })).toBe('not_the_invoker')
    expect(await reasonOf([first], { invoker: mallory.did })).toBe('not_the_invoker')
  })

  it('counts only grants of an owner that is accepted, and from the first link on', async () => {
    const first = root()
    const second = toCarol(first)
    expect(await reasonOf([first, second], { owners: new Set([bob.did]) })).toBe('owner_not_accepted')
    expect(await reasonOf([second])).toBe('root_missing')
    const own = must(issueRoot(mallory, grant({ to: carol.did }), NOW))
    expect(await reasonOf([own])).toBe('owner_not_accepted')
    expect(await reasonOf([forged(mallory, first.link, { iss: mallory.did, aud: carol.did })])).toBe(
      'root_not_of_the_owner',
    )
  })

  it('is refused when anybody but the one it names passes it on', async () => {
    const first = root()
    const stolen = forged(mallory, toCarol(first).link, { iss: mallory.did })
    expect(await reasonOf([first, stolen])).toContain('its issuer is not whom the link before names')
    expect(await reasonOf([first, forged(mallory, toCarol(first).link, {})])).toBe('issuer_not_signer')
  })

  it.each<[string, Partial<DelegationLink>, string]>([
    ['another path', { cmd: '/billing-secrets' }, 'not below'],
    ['everything', { cmd: '/' }, 'not below'],
    ['a later end', { exp: NOW + 2 * DAY }, 'ends later'],
    ['an earlier beginning', { nbf: NOW - 1 }, 'begins sooner'],
    ['more depth', { dep: 2 }, 'depth'],
    ['more calls', { lim: { calls: 101 } }, 'limit of calls'],
    ['more money', { lim: { money: { currency: 'EUR', minor: 5_001 } } }, 'limit of money'],
    ['another currency', { lim: { money: { currency: 'JPY', minor: 1 } } }, 'currency'],
    ['another owner', { sub: bob.did }, 'another chain'],
    ['another chain', { root: 'A'.repeat(22) }, 'another chain'],
  ])('refuses a link that widens to %s, though its signature is good', async (_what, over, reason) => {
    const first = root({ lim: { calls: 100, money: { currency: 'EUR', minor: 5_000 } } })
    const second = toCarol(first, { lim: { calls: 10 } })
    expect(await reasonOf([first, forged(bob, second.link, over)])).toContain(reason)
    expect(issueNext(bob, first, grant({ to: carol.did, cmd: '/other', dep: 1 }), NOW)).toMatchObject({ ok: false })
  })

  it('refuses a link that belongs behind another one', async () => {
    const [first, twin] = [root(), root()]
    const second = toCarol(first)
    expect(await reasonOf([twin, second])).toBe('link_elsewhere')
    expect(await reasonOf([twin, forged(bob, second.link, { prf: twin.hash })])).toContain('another chain')
  })

  it.each([
    ['before it begins', NOW - 1, 'link_not_yet'],
    ['at its end', NOW + DAY, 'link_expired'],
    ['just before its end', NOW + DAY - 1, 'accepted'],
  ])('is judged by the time: %s', async (_when, now, expected) => {
    const first = root()
    expect(await reasonOf([first, toCarol(first)], { now })).toBe(expected)
  })

  it('falls with any link that was taken back, and when nobody can tell', async () => {
    const first = root()
    const chain = [first, toCarol(first)]
    for (const { hash } of chain) {
      expect(await reasonOf(chain, { revoked: (one) => one === hash })).toBe('link_revoked')
    }
    const broken = () => {
      throw new Error('the store cannot be read')
    }
    expect(await reasonOf(chain, { revoked: broken })).toBe('link_revoked')
  })

  it('looks up no key of anybody whom neither the owner nor a link before has named', async () => {
    const asked: string[] = []
    const { resolve } = didKeyResolver()
    const resolver = {
      resolve: (kid: string, ...rest: [Parameters<typeof resolve>[1]]) => {
        asked.push(kid.split('#')[0] ?? '')
        return resolve(kid, ...rest)
      },
    }
    const first = root()
    const foreign = forged(mallory, first.link, { iss: mallory.did, sub: mallory.did, aud: carol.did })
    expect(await reasonOf([foreign], { resolver })).toBe('owner_not_accepted')
    expect(asked).toEqual([])
    const spliced = forged(mallory, toCarol(first).link, { iss: mallory.did })
    expect(await reasonOf([first, spliced], { resolver })).toContain('not whom the link before names')
    expect(asked).toEqual([alice.did])
  })

  it('has at most four links and 8 KiB, and never returns to somebody', async () => {
    const first = root({ dep: 3 })
    const back = must(issueNext(bob, first, grant({ to: alice.did, dep: 2 }), NOW))
    expect(await reasonOf([first, back], { invoker: alice.did })).toBe('chain_returns')
    expect(await reasonOf([])).toBe('chain_length')
    expect(await reasonOf(Array.from({ length: 5 }, () => first))).toBe('chain_length')
    expect(await reasonOf([first, 'x'.repeat(8_192)])).toBe('chain_too_large')
    expect(issueNext(bob, root({ dep: 0 }), grant({ to: carol.did, dep: 0 }), NOW)).toEqual({
      ok: false,
      reason: 'no link may follow',
    })
  })

  it.each(['', 'a.b.c', '{}', 'a'.repeat(100)])('refuses %j in the place of a link', async (text) => {
    expect(await reasonOf([text])).not.toBe('accepted')
  })
})

describe(whyNotCovered, () => {
  const covered = async (capability: string, args: unknown, ...chain: IssuedLink[]) => {
    const verdict = await verify(chain, { invoker: chain.at(-1)?.link.aud ?? carol.did })
    if (!verdict.ok) throw new Error(verdict.reason)
    return whyNotCovered(verdict.chain, capability, args) ?? 'covered'
  }

  it('evaluates the predicates of every link: one that drops a bound of its parent gains nothing', async () => {
    const first = root({ pol: [['<=', '.max_rows', 50]] })
    const second = toCarol(first, { pol: [['==', '.tenant', 'acme']] })
    expect(await covered('billing.invoice.list', { max_rows: 50, tenant: 'acme' }, first, second)).toBe('covered')
    expect(await covered('billing.invoice.list', { max_rows: 51, tenant: 'acme' }, first, second)).toContain('link 0')
    expect(await covered('billing.invoice.list', { max_rows: 50, tenant: 'zeta' }, first, second)).toContain('link 1')
    expect(await covered('billing.list', { max_rows: 1, tenant: 'acme' }, first, second)).toContain('not below')
  })

  it('compares paths by whole segments', () => {
    expect(covers('/crypto', commandOf('crypto.sign'))).toBe(true)
    expect(covers('/crypto', commandOf('cryptocurrency.sell'))).toBe(false)
    expect(covers('/', commandOf('anything'))).toBe(true)
  })
})

describe(whyNot, () => {
  const holds = (predicate: Predicate, args: unknown) => whyNot([predicate], args) === undefined

  it.each<[Predicate, unknown, boolean]>([
    [['==', '.a', 1], { a: 1 }, true],
    [['==', '.a', 1], { a: '1' }, false],
    [['!=', '.a', 1], { a: 2 }, true],
    [['<', '.a', 2], { a: 1 }, true],
    [['>=', '.a.b', 2], { a: { b: 2 } }, true],
    [['in', '.a', ['x', null]], { a: null }, true],
    [['like', '.a', 'public/*.txt'], { a: 'public/x.txt' }, true],
    [['like', '.a', 'public/*.txt'], { a: 'private/public/x.txt' }, false],
    [['like', '.a', 'a*a'], { a: 'a' }, false],
    [['like', '.a', '*'], { a: '' }, true],
    [['like', '.a', 'x'], { a: 'x' }, true],
    [['not', ['==', '.a', 1]], { a: 2 }, true],
    [['and', []], {}, true],
    [['or', []], {}, false],
    [
      [
        'or',
        [
          ['==', '.a', 1],
          ['==', '.a', 2],
        ],
      ],
      { a: 2 },
      true,
    ],
  ])('%j over %j is %s', (predicate, args, expected) => {
    expect(holds(predicate, args)).toBe(expected)
  })

  it.each<[Predicate, unknown]>([
    [['not', ['==', '.a', 1]], {}],
    [['not', ['<', '.a', 1]], { a: 'text' }],
    [
      [
        'or',
        [
          ['==', '.b', 1],
          ['==', '.a', 1],
        ],
      ],
      { b: 1 },
    ],
    [['!=', '.a', 1], { a: { toString: 1 } }],
    [['not', ['like', '.a', 'x*']], { a: 5 }],
    [['==', '.__proto__', null], {}],
    [['==', '.constructor', 'x'], {}],
    [
      ['not', ['==', '.length', 9]],
      [1, 2],
    ],
  ])('%j over %j denies: what cannot be told is never turned into a yes', (predicate, args) => {
    expect(holds(predicate, args)).toBe(false)
  })
})

describe('attenuation', () => {
  const names = ['a', 'b'] as const
  const predicate: fc.Arbitrary<Predicate> = fc.oneof(
    fc
      .record({
        op: fc.constantFrom('<', '<=', '>', '>=' as const),
        name: fc.constantFrom(...names),
        n: fc.integer({ min: 0, max: 4 }),
      })
      .map(({ op, name, n }): Predicate => [op as '<', `.${name}`, n]),
    fc
      .record({ name: fc.constantFrom(...names), n: fc.integer({ min: 0, max: 4 }) })
      .map(({ name, n }): Predicate => ['not', ['==', `.${name}`, n]]),
  )
  const cmd = fc.constantFrom('/', '/x', '/x/y', '/x/y/z', '/xy')
  const link = fc.record({
    cmd,
    pol: fc.array(predicate, { maxLength: 3 }),
    exp: fc.integer({ min: 1, max: 5 }),
    calls: fc.option(fc.integer({ min: 0, max: 9 })),
  })
  const calls = ['x', 'x.y', 'x.y.z', 'xy', 'x.y.q'].flatMap((capability) =>
    [0, 2, 4].flatMap((a) => [0, 3].map((b) => ({ capability, args: { a, b } }))),
  )

  it('holds for random chains: what is permitted behind a link more was permitted before', async () => {
    const people = [alice, bob, carol, mallory] as const
    await fc.assert(
      fc.asyncProperty(fc.array(link, { minLength: 2, maxLength: 3 }), async (links) => {
        const chain: IssuedLink[] = []
        let before: Set<string> | undefined
        for (const [at, { cmd, pol, exp, calls: count }] of links.entries()) {
          const [by, to] = [people[at], people[at + 1]]
          if (by === undefined || to === undefined) return
          const given = grant({
            to: to.did,
            cmd,
            pol,
            exp: NOW + exp,
            dep: 2 - at,
            lim: count === null ? {} : { calls: count },
          })
          const parent = chain.at(-1)
          // Whoever does not care about the rules signs it all the same.
          const made = parent === undefined ? issueRoot(by, given, NOW) : issueNext(by, parent, given, NOW)
          if (!made.ok) return
          chain.push(made.issued)
          const now = await permitted(chain, to.did)
          if (before !== undefined) expect([...now].filter((call) => before?.has(call) === false)).toEqual([])
          before = now
        }
      }),
    )
  })

  async function permitted(chain: readonly IssuedLink[], invoker: Did): Promise<Set<string>> {
    const allowed = new Set<string>()
    for (const at of [0, 2, 4]) {
      const verdict = await verify(chain, { invoker, now: NOW + at })
      if (!verdict.ok) continue
      for (const { capability, args } of calls) {
        if (whyNotCovered(verdict.chain, capability, args) === undefined)
          allowed.add(`${at} ${capability} ${JSON.stringify(args)}`)
      }
    }
    return allowed
  }
})
