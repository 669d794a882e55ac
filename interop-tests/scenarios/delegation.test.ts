/** Chains of delegations in calls between whole kernels (security.md B5): what they carry, and what mallory cannot do. */
import type { CaseAct, Delegate, Did } from '@hansa/protocols'
import { verifyLog } from '@hansa/trust/ledger'
import { describe, expect, it } from 'vitest'
import { entriesOf, outcomeOf } from '../harness/outcome.ts'
import { type TestKernelInit, TestMesh } from '../harness/test-mesh.ts'
import { allow } from '../harness/two-orgs.ts'

const OLGA = 'person:olga'
const SOON = 1_800_000_000 + 86_400

type Name = 'owner' | 'bob' | 'carol' | 'mallory'

const rows = {
  type: 'object',
  properties: { rows: { type: 'array', items: { type: 'object', properties: { n: { type: 'integer' } } } } },
  required: ['rows'],
} as const

/** `owner` serves invoices to whoever comes with a chain; everybody may send what they like. */
async function meshOf(over: Partial<Record<Name, TestKernelInit>> = {}, standing = 900): Promise<TestMesh<Name>> {
  const names: Name[] = ['owner', 'bob', 'carol', 'mallory']
  const bare = await TestMesh.create<Name>({ kernels: { owner: {}, bob: {}, carol: {}, mallory: {} } })
  const dids = Object.fromEntries(names.map((name) => [name, bare.did(name)])) as Record<Name, Did>
  await bare[Symbol.asyncDispose]()
  const peers = names.map((name) => ({ did: dids[name], alias: name, delegation: true, standing }))
  const kernels = Object.fromEntries(
    names.map((name) => [
      name,
      {
        peers,
        policy: [
          {
            name,
            rules:
              name === 'owner'
                ? [allow('under-a-chain', 'did:*', '*', { when: 'delegation.present' })]
                : [allow('all', 'agent:*', '*')],
          },
        ],
        ...over[name],
      },
    ]),
  ) as Record<Name, TestKernelInit>
  const mesh = await TestMesh.create<Name>({ kernels })
  await serve(mesh)
  for (const name of ['bob', 'carol', 'mallory'] as const) await mesh.join(name, 'owner')
  return mesh
}

async function serve(mesh: TestMesh<Name>): Promise<void> {
  const list = (args: unknown) => ({
    rows: Array.from({ length: (args as { count?: number }).count ?? 1 }, (_, n) => ({ n })),
  })
  const cost = { tokens: 10, money: { currency: 'EUR', minor: 25 } }
  const limits = { calls_per_minute: 1_000, concurrent: 100 }
  await mesh.kernel('owner').register({ id: 'billing.invoice.list', safety: 'READ', output: rows, cost, limits }, list)
  await mesh.kernel('owner').register({ id: 'billing.report', safety: 'READ', output: rows, limits }, list)
}

async function give(mesh: TestMesh<Name>, from: Name, to: Name, over: Partial<Delegate> = {}): Promise<string> {
  const init = { to: mesh.did(to), cmd: '/billing', exp: SOON, dep: 2, by: OLGA, ...over }
  return (await mesh.kernel(from).delegations.delegate(init)).chain
}

async function take(mesh: TestMesh<Name>, name: Name, chain: string): Promise<string> {
  return (await mesh.kernel(name).delegations.add({ chain, by: OLGA })).id
}

const list = (mesh: TestMesh<Name>, name: Name, delegation?: string | false, args: unknown = { tenant: 'acme' }) =>
  mesh.kernel(name).invoke('owner/billing.invoice.list', args, delegation === undefined ? {} : { delegation })

describe('a call under a chain', () => {
  it('is permitted where the rules want one, and is in both logs with every link', async () => {
    await using mesh = await meshOf()
    const id = await take(mesh, 'bob', await give(mesh, 'owner', 'bob'))
    expect(await outcomeOf(list(mesh, 'bob', false))).toBe('policy_denied')
    expect(await outcomeOf(list(mesh, 'bob', id))).toBe('released')
    const [sent] = (await entriesOf(mesh, 'bob', 'intent.sent')).slice(-1)
    const [accepted] = await entriesOf(mesh, 'owner', 'intent.accepted')
    expect(accepted?.ext?.links).toHaveLength(1)
    expect(sent?.ext?.links).toEqual(accepted?.ext?.links)
    for (const name of ['owner', 'bob'] as const) {
      const { disk, vkey } = mesh.log(name)
      expect(await verifyLog(disk, { ...(vkey === undefined ? {} : { vkey }) })).toMatchObject({ faults: [] })
    }
  })

  it('is found by itself when exactly one chain covers it', async () => {
    await using mesh = await meshOf()
    await take(mesh, 'bob', await give(mesh, 'owner', 'bob', { cmd: '/billing/report' }))
    expect(await outcomeOf(list(mesh, 'bob'))).toBe('policy_denied')
    await take(mesh, 'bob', await give(mesh, 'owner', 'bob'))
    expect(await outcomeOf(list(mesh, 'bob'))).toBe('released')
    await take(mesh, 'bob', await give(mesh, 'owner', 'bob'))
    expect(await outcomeOf(list(mesh, 'bob'))).toBe('policy_denied')
  })

  it('is narrowed by every link, and still has to be permitted by the rules of the owner', async () => {
    const rules = [
      allow('acme', 'did:*', 'billing.invoice.list', {
        when: 'delegation.depth == 2 && delegation.obo == "Olga" && subject.standing >= 800',
      }),
    ]
    await using mesh = await meshOf({ owner: { policy: [{ name: 'owner', rules }] } })
    await take(mesh, 'bob', await give(mesh, 'owner', 'bob', { pol: [['<=', '.count', 3]], obo: 'Olga' }))
    const [first] = await mesh.kernel('bob').delegations.list()
    const second = await give(mesh, 'bob', 'carol', { from: first?.id ?? '', pol: [['==', '.tenant', 'acme']], dep: 1 })
    const id = await take(mesh, 'carol', second)
    expect(await outcomeOf(list(mesh, 'carol', id, { tenant: 'acme', count: 2 }))).toBe('released')
    expect(await outcomeOf(list(mesh, 'carol', id, { tenant: 'acme', count: 4 }))).toBe('policy_denied')
    expect(await outcomeOf(list(mesh, 'carol', id, { tenant: 'zeta', count: 1 }))).toBe('policy_denied')
    // The one who passed it on has one link only, and the rule wants two.
    expect(await outcomeOf(list(mesh, 'bob', first?.id, { count: 1 }))).toBe('policy_denied')
  })
})

describe('a chain of three links', () => {
  /** `hq` owns what `owner` serves; `branch` is of the same house; bob and carol are of others. */
  const names = ['hq', 'branch', 'owner', 'bob', 'carol'] as const
  type Member = (typeof names)[number]

  async function house(): Promise<TestMesh<Member>> {
    const bare = await TestMesh.create<Member>({ kernels: { hq: {}, branch: {}, owner: {}, bob: {}, carol: {} } })
    const dids = Object.fromEntries(names.map((name) => [name, bare.did(name)])) as Record<Member, Did>
    await bare[Symbol.asyncDispose]()
    const own = new Set<string>([dids.hq, dids.branch])
    const peers = names.map((name) => ({
      did: dids[name],
      delegation: true,
      standing: 900,
      sameOwner: own.has(dids[name]),
    }))
    const serving = [
      allow('under-a-chain', 'did:*', '*', { when: `delegation.owner == "${dids.hq}"` }),
      allow('own', 'agent:*', 'branch/*'),
    ]
    const free = [allow('all', '*', '*')]
    const kernel = (name: Member): TestKernelInit => ({
      peers,
      policy: [{ name, rules: name === 'owner' ? serving : free }],
      ...(name === 'owner' ? { delegation: { owners: [dids.hq] } } : {}),
    })
    const mesh = await TestMesh.create<Member>({
      kernels: {
        hq: kernel('hq'),
        branch: kernel('branch'),
        owner: kernel('owner'),
        bob: kernel('bob'),
        carol: kernel('carol'),
      },
    })
    const cost = { money: { currency: 'EUR', minor: 25 } }
    await mesh.kernel('owner').register({ id: 'billing.invoice.list', safety: 'READ', output: rows, cost }, () => ({
      rows: [{ n: 1 }, { n: 2 }],
    }))
    await mesh.join('carol', 'owner')
    return mesh
  }

  it('passes two borders, each link narrower in path, arguments, money and time', async () => {
    await using mesh = await house()
    const pass = async (from: Member, to: Member, over: Partial<Delegate>) => {
      const init = { to: mesh.did(to), cmd: '/billing', exp: SOON, by: OLGA, ...over }
      const { chain } = await mesh.kernel(from).delegations.delegate(init)
      return (await mesh.kernel(to).delegations.add({ chain, by: OLGA })).id
    }
    const first = await pass('hq', 'branch', { dep: 2, lim: { money: { currency: 'EUR', minor: 1_000 } } })
    const second = await pass('branch', 'bob', { from: first, pol: [['==', '.tenant', 'acme']], obo: 'Acme' })
    const eur = { money: { currency: 'EUR', minor: 60 } }
    const third = await pass('bob', 'carol', { from: second, cmd: '/billing/invoice', lim: eur, exp: SOON - 3_600 })
    const call = (args: unknown) =>
      mesh.kernel('carol').invoke('owner/billing.invoice.list', args, { delegation: third })
    expect(await outcomeOf(call({ tenant: 'acme' }))).toBe('released')
    expect(await outcomeOf(call({ tenant: 'zeta' }))).toBe('policy_denied')
    expect(await outcomeOf(call({ tenant: 'acme' }))).toBe('released')
    // Sixty cents, and each call costs twenty-five.
    expect(await outcomeOf(call({ tenant: 'acme' }))).toBe('budget_exceeded')
    const accepted = await entriesOf(mesh, 'owner', 'intent.accepted')
    expect(accepted).toHaveLength(2)
    expect(accepted[0]?.ext?.links).toHaveLength(3)
    for (const name of ['owner', 'carol'] as const) {
      const { disk, vkey } = mesh.log(name)
      expect((await verifyLog(disk, { ...(vkey === undefined ? {} : { vkey }) })).faults).toEqual([])
    }
    await mesh.advance({ hours: 23 })
    await mesh.kernel('carol').refresh('owner')
    expect(await outcomeOf(call({ tenant: 'acme' }))).toBe('policy_denied')
  })

  it('falls when the kernel that gave its middle link takes it back and tells the one that serves', async () => {
    await using mesh = await house()
    const pass = async (from: Member, to: Member, over: Partial<Delegate> = {}) => {
      const init = { to: mesh.did(to), cmd: '/billing', exp: SOON, by: OLGA, ...over }
      const made = await mesh.kernel(from).delegations.delegate(init)
      await mesh.kernel(to).delegations.add({ chain: made.chain, by: OLGA })
      return made
    }
    const first = await pass('hq', 'branch', { dep: 2 })
    const second = await pass('branch', 'bob', { from: first.id })
    const third = await pass('bob', 'carol', { from: second.id })
    const call = () =>
      outcomeOf(mesh.kernel('carol').invoke('owner/billing.invoice.list', {}, { delegation: third.id }))
    await mesh.kernel('branch').register({ id: 'pong', safety: 'READ' }, () => 'pong')
    await mesh.join('owner', 'branch')
    expect(await outcomeOf(mesh.kernel('owner').invoke('branch/pong', {}))).toBe('released')
    expect(await call()).toBe('released')
    await mesh.kernel('branch').revoke({ kind: 'delegation', what: second.id, by: OLGA })
    await mesh.advance({ seconds: 8 })
    expect((await mesh.kernel('owner').revocations()).map(({ what }) => what)).toContain(second.id)
    expect(await call()).toBe('policy_denied')
    expect((await entriesOf(mesh, 'owner', 'outcome')).at(-1)?.ext?.reason).toBe('delegation: link 1: link_revoked')
  })
})

describe('work that passes from kernel to kernel', () => {
  it('is under the chain of each kernel in turn, and says whom it has passed', async () => {
    await using mesh = await meshOf()
    await take(mesh, 'bob', await give(mesh, 'owner', 'bob'))
    await take(mesh, 'carol', await give(mesh, 'bob', 'carol', { cmd: '/desk' }))
    const bob = mesh.kernel('bob')
    await bob.loadPolicy([
      {
        name: 'bob',
        rules: [
          allow('desk', 'did:*', 'desk.*', { when: `delegation.owner == "${mesh.did('bob')}"` }),
          allow('own', 'agent:*', '*'),
        ],
      },
    ])
    await bob.register({ id: 'desk.invoices', safety: 'READ', output: rows }, async (args, { callId }) => {
      return (await bob.invoke('owner/billing.invoice.list', args, { parent: callId })).value
    })
    await mesh.join('carol', 'bob')
    const frame = await mesh.kernel('carol').invoke('bob/desk.invoices', { tenant: 'acme' })
    expect(frame.value).toEqual({ rows: [{ n: 0 }] })
    const [accepted] = await entriesOf(mesh, 'owner', 'intent.accepted')
    const payload = accepted?.ext?.envelope?.payload ?? ''
    const intent = JSON.parse(Buffer.from(payload, 'base64url').toString())
    expect(intent).toMatchObject({ hops: [mesh.did('carol'), mesh.did('bob')], ttl_hops: 2 })
    expect(intent.prf).toHaveLength(1)
  })
})

describe('a sanction for one agent', () => {
  const [ANA, BEN] = ['person:ana', 'person:ben'] as const

  async function suspend(mesh: TestMesh<Name>, subject: string, agents?: readonly string[]): Promise<void> {
    const { governance } = mesh.kernel('owner')
    const { id } = await governance.openCase({ subject, reason: 'it lied', evidence: [0], by: ANA })
    const act = (what: CaseAct) => governance.actOnCase({ id, by: BEN, act: what })
    await act({ type: 'triage', reason: 'worth a look' })
    const scope = agents === undefined ? {} : { scope: { agents: [...agents] } }
    const sanction = { kind: 'suspend', days: 3, ...scope } as const
    await act({ type: 'decide', reason: 'shown', terms: { verdict: 'sanction', sanction } })
  }

  /** Mallory passes on to carol what the owner gave her, for somebody. @returns the name of the chain at carol */
  async function passedOn(mesh: TestMesh<Name>, obo?: string): Promise<string> {
    const more = obo === undefined ? {} : { obo }
    const given = await give(mesh, 'owner', 'mallory')
    return take(mesh, 'carol', await give(mesh, 'mallory', 'carol', { from: given, dep: 1, ...more }))
  }

  it('reaches what mallory passed on for it, whoever acts under that, and nothing that was passed on for others', async () => {
    await using mesh = await meshOf()
    const [forEve, forDan, forNobody] = [
      await passedOn(mesh, 'agent:eve'),
      await passedOn(mesh, 'agent:dan'),
      await passedOn(mesh),
    ]
    // The owner knows eve by the pseudonym under which she has called.
    const given = await take(mesh, 'mallory', await give(mesh, 'owner', 'mallory'))
    await mesh.kernel('mallory').invoke('owner/billing.invoice.list', {}, { principal: 'agent:eve', delegation: given })
    const eve = (await entriesOf(mesh, 'owner', 'intent.accepted')).at(-1)?.actor ?? ''
    const outcomes = async () =>
      Promise.all([forEve, forDan, forNobody].map((chain) => outcomeOf(list(mesh, 'carol', chain))))
    expect(await outcomes()).toEqual(['released', 'released', 'released'])
    await suspend(mesh, mesh.did('mallory'), [eve])
    expect(await outcomes()).toEqual(['policy_denied', 'released', 'released'])
    const refused = (await entriesOf(mesh, 'owner', 'outcome')).find(({ decision }) => decision === 'deny')
    expect(refused?.ext?.reason).toContain(`${eve} is suspended`)
    await mesh.restart('owner')
    await serve(mesh)
    expect(await outcomeOf(list(mesh, 'carol', forEve))).toBe('policy_denied')
  })

  it('is about the agent of that kernel: a name means what its issuer means by it', async () => {
    await using mesh = await meshOf()
    const chain = await passedOn(mesh, 'eve')
    await suspend(mesh, mesh.did('bob'), [`${mesh.did('bob')}#eve`])
    expect(await outcomeOf(list(mesh, 'carol', chain))).toBe('released')
    await suspend(mesh, mesh.did('mallory'), [`${mesh.did('mallory')}#eve`])
    expect(await outcomeOf(list(mesh, 'carol', chain))).toBe('policy_denied')
  })

  it('of the owner reaches what the owner itself gave for it', async () => {
    await using mesh = await meshOf()
    const chain = await take(mesh, 'carol', await give(mesh, 'owner', 'carol', { obo: 'agent:eve' }))
    expect(await outcomeOf(list(mesh, 'carol', chain))).toBe('released')
    await suspend(mesh, 'agent:eve')
    expect(await outcomeOf(list(mesh, 'carol', chain))).toBe('policy_denied')
  })
})
