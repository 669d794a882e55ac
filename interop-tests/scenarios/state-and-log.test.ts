/**
 * What an operator changes is in the store and in the log, or in neither: the power goes at every write, one after the
 * other, and after the next start both tell the same.
 */
import type { Entry, Rule, Store } from '@hansa/protocols'
import { memoryStore } from '@hansa/protocols'
import { describe, expect, it } from 'vitest'
import { entriesOf } from '../harness/outcome.ts'
import { Power } from '../harness/power.ts'
import { TestMesh } from '../harness/test-mesh.ts'

const by = 'person:olga'

type World = { mesh: TestMesh<'alice' | 'bob'>; power: Power; store(): Store; restart(): Promise<void> }

/** Two kernels; alice runs on a power that can fail. */
async function world(rules: Rule[] = []): Promise<World> {
  let power = new Power()
  let store: Store = memoryStore()
  const mesh = await TestMesh.create({
    kernels: {
      alice: {
        policy: [{ name: 'alice', rules }],
        wrapStore(below) {
          store = below
          return power.store(below)
        },
        wrapDisk: (disk) => power.disk(disk),
      },
      bob: {},
    },
  })
  await mesh.kernel('bob').register({ id: 'echo', safety: 'READ' }, (args) => args)
  await mesh.settle()
  const restart = () => {
    mesh.lose('alice')
    power = new Power()
    return mesh.start('alice')
  }
  return { mesh, power, store: () => store, restart }
}

type Change = { name: string; before?(world: World): Promise<unknown>; change(world: World): Promise<unknown> }

const addAgent = ({ mesh }: World) => mesh.kernel('alice').addAgent({ name: 'reporter' })
const importBob = ({ mesh }: World) => mesh.join('alice', 'bob', { as: 'bob' })
const addBob = async ({ mesh }: World) => {
  const [alice, bob] = [mesh.kernel('alice'), mesh.kernel('bob')]
  return alice.addPeer({ did: bob.did, alias: 'bob', manifest: (await bob.advertise()).jws, by })
}

const changes: Change[] = [
  { name: 'an agent is added', change: addAgent },
  { name: 'an agent is removed', before: addAgent, change: ({ mesh }) => mesh.kernel('alice').removeAgent('reporter') },
  { name: 'a peer is added', change: addBob },
  { name: 'a peer is removed', before: addBob, change: ({ mesh }) => mesh.kernel('alice').removePeer('bob', by) },
  { name: 'a kernel is imported', change: importBob },
  { name: 'an import is taken back', before: importBob, change: ({ mesh }) => mesh.kernel('alice').unimport('bob') },
  {
    name: 'an import is refreshed',
    async before(world) {
      await importBob(world)
      await world.mesh.kernel('bob').register({ id: 'more', safety: 'READ' }, () => 'more')
    },
    change: ({ mesh }) => mesh.kernel('alice').refresh('bob'),
  },
  {
    name: 'a manifest is published',
    before: ({ mesh }) => mesh.kernel('alice').register({ id: 'own', safety: 'READ' }, () => 'own'),
    change: ({ mesh }) => mesh.kernel('alice').advertise(),
  },
]

/** What the log says that there is. */
function told(entries: readonly Entry[]) {
  const [agents, peers, imports] = [new Set<string>(), new Set<string>(), new Map<string, number>()]
  let manifest: number | undefined
  for (const { type, peer = '', ext = {} } of entries) {
    if (type === 'agent.added') agents.add(ext.agent ?? '')
    if (type === 'agent.removed') agents.delete(ext.agent ?? '')
    if (type === 'peer.added') peers.add(peer)
    if (type === 'peer.removed') peers.delete(peer)
    if (type === 'peer.imported') imports.set(ext.alias ?? '', ext.seq ?? 0)
    if (type === 'peer.unimported') imports.delete(ext.alias ?? '')
    if (type === 'manifest.published') manifest = ext.seq
  }
  return { agents: [...agents], peers: [...peers], imports: [...imports], manifest }
}

/** What the kernel has. */
async function held({ mesh, store }: World) {
  const alice = mesh.kernel('alice')
  const known = await alice.knownPeers()
  const last = await store().get('manifest', 'last')
  return {
    agents: (await alice.agents()).map(({ name }) => name),
    peers: known.filter(({ source }) => source === 'operator').map(({ did }) => did),
    imports: (await alice.peers()).map(({ alias, seq }) => [alias, seq]),
    manifest: last === undefined ? undefined : (JSON.parse(last) as { seq: number }).seq,
  }
}

/** @returns whether the power went before the change was done. */
async function failsAfter(steps: number, { before, change }: Change): Promise<boolean> {
  const here = await world()
  const { mesh, power, store, restart } = here
  await before?.(here)
  await mesh.settle()
  power.failAfter(steps)
  const done = await Promise.race([change(here).then(() => true), power.failed.then(() => false)])
  await mesh.settle()
  await restart()
  const entries = await entriesOf(mesh, 'alice')
  const context = `the power went after ${steps} writes`
  expect(await held(here), context).toEqual(told(entries))
  const events = entries.flatMap(({ ext }) => ext?.event ?? [])
  expect(new Set(events).size, context).toBe(events.length)
  expect(await store().list('outbox'), context).toEqual([])
  await mesh.stop('bob')
  return !done
}

describe('the store and the log tell the same, wherever the power goes while', () => {
  it.each(changes)('$name', async (one) => {
    let steps = 0
    while (await failsAfter(steps, one)) steps += 1
    // The transaction, the sync of the log, and the end of the row: less would mean that nothing was cut.
    expect(steps).toBeGreaterThanOrEqual(3)
  })
})

describe('what follows from the log needs no outbox: wherever the power goes while', () => {
  type Kernel = ReturnType<World['mesh']['kernel']>
  const rules: Rule[] = [
    { id: 'pay', effect: 'require_approval', subject: '*', action: 'invoke', resource: 'pay' },
    { id: 'rest', effect: 'allow', subject: '*', action: 'invoke', resource: '*' },
  ]

  /** Runs `work` until the power goes after each number of writes, and looks at what the next start finds. */
  async function everywhere(
    before: (alice: Kernel) => Promise<unknown>,
    work: (alice: Kernel) => Promise<unknown>,
    check: (alice: Kernel, store: Store, context: string) => Promise<void>,
  ): Promise<void> {
    for (let steps = 0; ; steps++) {
      const { mesh, power, store, restart } = await world(rules)
      const serve = async () => {
        await mesh.kernel('alice').register({ id: 'pay', safety: 'WRITE' }, () => 'paid')
        await mesh.kernel('alice').register({ id: 'add', safety: 'WRITE' }, () => 'added')
      }
      await serve()
      await before(mesh.kernel('alice'))
      await mesh.settle()
      power.failAfter(steps)
      const done = await Promise.race([work(mesh.kernel('alice')).then(() => true), power.failed.then(() => false)])
      await mesh.settle()
      await restart()
      await serve()
      await check(mesh.kernel('alice'), store(), `the power went after ${steps} writes`)
      await mesh.stop('bob')
      await mesh.stop('alice')
      if (!done) continue
      expect(steps).toBeGreaterThanOrEqual(1)
      return
    }
  }

  const ask = (alice: Kernel) => alice.invoke('pay', { eur: 12 }).catch(() => undefined)

  it('a person is asked, arguments are kept of requests that are open and of no others', async () => {
    await everywhere(
      async () => {},
      ask,
      async (alice, store, context) => {
        const open = await alice.approvals()
        const kept = await store.list('approval-arguments')
        expect(open.length, context).toBeLessThanOrEqual(1)
        expect(
          kept.filter(({ key }) => open.every(({ id }) => id !== key)),
          context,
        ).toEqual([])
        for (const { args } of open) expect(['{"eur":12}', null], context).toContain(args)
      },
    )
  })

  it('a person decides, the decision that was answered is the one that holds', async () => {
    let told: string | undefined
    const decide = async (alice: Kernel) => {
      const [open] = await alice.approvals()
      told = (await alice.approve(open?.id ?? '', 'person:olga')).state
    }
    await everywhere(
      (alice) => {
        told = undefined
        return ask(alice)
      },
      decide,
      async (alice, _store, context) => {
        const [approval] = await alice.approvals()
        const granted = (await alice.audit({ limit: 1000 })).some(({ type }) => type === 'approval.granted')
        expect(approval?.state, context).toBe(granted ? 'granted' : 'pending')
        if (told !== undefined) expect(granted, context).toBe(true)
      },
    )
  })

  it('a call with a key is made, its repetition gives the stored result or says that it is not known', async () => {
    const add = (alice: Kernel) => alice.invoke('add', { n: 1 }, { idempotencyKey: 'k' })
    let told = false
    await everywhere(
      async () => {
        told = false
      },
      async (alice) => {
        await add(alice)
        told = true
      },
      async (alice, _store, context) => {
        const first = (await alice.audit({ limit: 1000 })).filter(({ type }) => type === 'call.begun').length
        const again = await add(alice).then(
          ({ value }) => value,
          (error: { detail?: { code?: string } }) => error.detail?.code,
        )
        if (told) expect(again, context).toBe('added')
        // What had begun may have acted; what had not acts now.
        else expect(first === 0 ? ['added'] : ['added', 'outcome_unknown'], context).toContain(again)
        const acted = (await alice.audit({ limit: 1000 })).filter(
          ({ type, ext }) => type === 'outcome' && ext?.status === 'ok' && ext.retry_of === undefined,
        )
        expect(acted.length, context).toBeLessThanOrEqual(1)
      },
    )
  })

  it('a token is revoked, it is revoked once that was answered', async () => {
    let token = ''
    let told = false
    await everywhere(
      async (alice) => {
        told = false
        token = (await alice.grant({ principal: 'agent:a', capability: 'add', uses: 10 })).token
      },
      async (alice) => {
        await alice.revoke({ token })
        told = true
      },
      async (alice, _store, context) => {
        const revoked = (await alice.audit({ limit: 1000 })).some(({ type }) => type === 'token.revoked')
        const works = await alice.invoke('add', {}, { token }).then(
          () => true,
          () => false,
        )
        expect(works, context).toBe(!revoked)
        if (told) expect(revoked, context).toBe(true)
      },
    )
  })
})
