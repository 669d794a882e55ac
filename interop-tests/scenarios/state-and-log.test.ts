/**
 * What an operator changes is in the store and in the log, or in neither: the power goes at every write, one after the
 * other, and after the next start both tell the same.
 */
import type { Entry, Store } from '@hansa/protocols'
import { memoryStore } from '@hansa/protocols'
import { describe, expect, it } from 'vitest'
import { entriesOf } from '../harness/outcome.ts'
import { Power } from '../harness/power.ts'
import { TestMesh } from '../harness/test-mesh.ts'

const by = 'person:olga'

type World = { mesh: TestMesh<'alice' | 'bob'>; power: Power; store(): Store; restart(): Promise<void> }

/** Two kernels; alice runs on a power that can fail. */
async function world(): Promise<World> {
  let power = new Power()
  let store: Store = memoryStore()
  const mesh = await TestMesh.create({
    kernels: {
      alice: {
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
