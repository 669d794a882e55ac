/** A policy that permits more, where two persons are needed: whole kernels, and whoever can restart one or write its files. */
import type { PolicySource } from '@hansa/trust'
import { describe, expect, it } from 'vitest'
import { entriesOf, outcomeOf } from '../harness/outcome.ts'
import { TestMesh } from '../harness/test-mesh.ts'
import { echo } from '../harness/two-orgs.ts'

const policy = (...resources: string[]): PolicySource[] => {
  const rules = resources.map((resource, at) => {
    return { id: `r${at}`, effect: 'allow', subject: 'agent:*', action: 'invoke', resource } as const
  })
  return [{ name: 'p', rules }]
}
const [ana, ben] = ['person:ana', 'person:ben']

type Given = { policy: PolicySource[]; twoPersons: boolean }
const given = (): Given => ({ policy: policy('other'), twoPersons: true })

/** @param init read again at each start */
async function aKernel(init = given()): Promise<TestMesh<'orga'>> {
  const mesh = await TestMesh.create({ kernels: { orga: init } })
  await mesh.kernel('orga').register(echo, (args) => args)
  return mesh
}
const calls = (mesh: TestMesh<'orga'>) => outcomeOf(mesh.kernel('orga').invoke('echo', { text: 'x' }))

describe('a policy that permits more', () => {
  it('permits nothing until the second person has approved it', async () => {
    await using mesh = await aKernel()
    const kernel = mesh.kernel('orga')
    expect(await calls(mesh)).toBe('policy_denied')
    const loaded = await kernel.loadPolicy(policy('other', 'echo'), ana)
    expect(loaded).toMatchObject({ inForce: false })
    expect(await calls(mesh)).toBe('policy_denied')
    const { pending } = await kernel.policyChanges.pending()
    const id = pending?.id ?? ''
    await expect(kernel.policyChanges.approve({ id, by: 'person:a-na' })).rejects.toThrow(/another person/)
    expect(await calls(mesh)).toBe('policy_denied')
    await kernel.policyChanges.approve({ id, by: ben })
    expect(await calls(mesh)).toBe('released')
  })

  it('is no way around by a restart, by a restart with other words, or by one after another', async () => {
    const init = given()
    await using mesh = await aKernel(init)
    const again = async (sources: PolicySource[], twoPersons: boolean) => {
      await mesh.stop('orga')
      Object.assign(init, { policy: sources, twoPersons })
      await mesh.start('orga')
      await mesh.kernel('orga').register(echo, (args) => args)
      return calls(mesh)
    }
    for (const [sources, twoPersons] of [
      [policy('other', 'echo'), true],
      [policy('*'), true],
      [policy('other', 'echo'), false],
      [policy('echo'), true],
    ] as const)
      expect(await again(sources, twoPersons)).toBe('policy_denied')
    await mesh.kernel('orga').policyChanges.approve({ id: await idOf(mesh), by: ana })
    expect(await again(policy('echo'), true)).toBe('policy_denied')
    await mesh.kernel('orga').policyChanges.approve({ id: await idOf(mesh), by: ben })
    expect(await again(policy('echo'), true)).toBe('released')
    const told = (await entriesOf(mesh, 'orga')).filter(({ type }) => /^policy\.(?!loaded)/.test(type))
    expect(told.filter(({ type }) => type === 'policy.approved').map(({ actor }) => actor)).toEqual([ana, ben])
  })
})

async function idOf(mesh: TestMesh<'orga'>): Promise<string> {
  return (await mesh.kernel('orga').policyChanges.pending()).pending?.id ?? ''
}
