/**
 * Honest work for minutes, on a held clock. What kernels ask each other beside their calls must never be more than the other
 * side answers: each refusal slows the channel that the calls go over.
 */
import type { CapabilityDefinition } from '@hansa/protocols'
import { witnessQuorum } from '@hansa/trust/ledger'
import { describe, expect, it } from 'vitest'
import { outcomeOf } from '../harness/outcome.ts'
import { type TestKernelInit, TestMesh, witnessVkeyOf } from '../harness/test-mesh.ts'
import { allow, echo, note } from '../harness/two-orgs.ts'

const agent = { principal: 'agent:a' }
const limits = { calls_per_minute: 1_000_000, concurrent: 100 }
const read: CapabilityDefinition = { ...echo, limits }
const write: CapabilityDefinition = { ...note, limits }
const open: TestKernelInit = { policy: [{ name: 'all', rules: [allow('all', '*', '*')] }] }

/** Everybody serves, and has imported everybody. */
async function meshOf<Name extends string>(kernels: Record<Name, TestKernelInit>): Promise<TestMesh<Name>> {
  const mesh = await TestMesh.create({ kernels })
  for (const name of mesh.names) {
    await mesh.kernel(name).register(read, (args) => args)
    await mesh.kernel(name).register(write, () => ({ written: 1 }))
  }
  for (const name of mesh.names)
    for (const other of mesh.names) if (other !== name) await mesh.join(name, other, { as: other })
  return mesh
}

/** So many calls, all released. */
async function work<Name extends string>(mesh: TestMesh<Name>, from: Name, ref: string, count: number): Promise<void> {
  const calls = Array.from({ length: count }, () => outcomeOf(mesh.kernel(from).invoke(ref, { text: 'x' }, agent)))
  expect(new Set(await Promise.all(calls))).toEqual(new Set(['released']))
}

/** What was refused or lost, and what a kernel complained of. */
function complaints<Name extends string>(mesh: TestMesh<Name>): string[] {
  const refused = mesh.network.tap.flatMap(({ path, outcome, reply }) =>
    outcome === 'lost' || (reply?.status ?? 0) >= 400 ? [`${path} ${outcome} ${reply?.status}`] : [],
  )
  const said = mesh.names.flatMap((name) =>
    mesh.lines(name).flatMap(({ level, event }) => (level === 'warn' || level === 'error' ? [`${name} ${event}`] : [])),
  )
  return [...new Set([...refused, ...said])]
}

/** @param others names of the witnesses, each with its place in the mesh */
function witnessedBy(...others: [name: string, at: number][]): TestKernelInit {
  const reading = witnessQuorum(others.map(([name]) => witnessVkeyOf(name)))
  if (!reading.ok) throw new Error(JSON.stringify(reading.faults))
  const witnesses = reading.policy.witnesses.map((one, n) => ({
    ...one,
    url: `http://127.0.0.1:${7400 + (others[n]?.[1] ?? 0)}/hansa/witness`,
  }))
  return { ...open, witnessing: { policy: { ...reading.policy, witnesses } } }
}

describe('honest load that goes on', () => {
  it('between two kernels earns no refusal, at 128 calls a second', async () => {
    await using mesh = await meshOf({ alice: open, bob: open })
    for (let half = 0; half < 62; half++) {
      await work(mesh, 'alice', 'bob/echo', 64)
      await mesh.advance({ ms: 500 })
    }
    await mesh.advance({ minutes: 2 })
    expect(complaints(mesh)).toEqual([])
  })

  it('between three kernels in a mesh that witness each other earns no refusal in five minutes', async () => {
    await using mesh = await meshOf({
      alice: witnessedBy(['bob', 1], ['carol', 2]),
      bob: witnessedBy(['alice', 0], ['carol', 2]),
      carol: witnessedBy(['alice', 0], ['bob', 1]),
    })
    await mesh.kernel('alice').mesh.join({ by: 'person:olga' })
    const manifest = (await mesh.kernel('alice').advertise()).jws
    for (const name of ['bob', 'carol'] as const) await mesh.kernel(name).mesh.join({ by: 'person:olga', manifest })
    for (let quarter = 0; quarter < 20; quarter++) {
      for (const [from, to] of [
        ['alice', 'bob'],
        ['bob', 'carol'],
        ['carol', 'alice'],
        ['bob', 'alice'],
      ] as const) {
        await work(mesh, from, `${to}/echo`, 10)
        await work(mesh, from, `${to}/note.write`, 10)
      }
      await mesh.advance({ seconds: 15 })
    }
    expect(complaints(mesh)).toEqual([])
    const asked = new Set(mesh.network.tap.map(({ path }) => path.split('/').at(-1)))
    for (const path of ['reveal', 'acks', 'heads', 'inclusion', 'revocations', 'add-checkpoint', 'places'])
      expect(asked).toContain(path)
  })
})
