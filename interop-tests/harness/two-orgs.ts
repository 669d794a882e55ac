/** Two organisations as most scenarios need them: alice's agents call, bob serves. Policies and capabilities are real ones. */
import type { CapabilityDefinition, Rule } from '@hansa/protocols'
import { type TestKernelInit, TestMesh } from './test-mesh.ts'

const textSchema = {
  type: 'object',
  properties: { text: { type: 'string' } },
  required: ['text'],
  additionalProperties: false,
} as const

export const echo: CapabilityDefinition = {
  id: 'echo',
  description: 'Returns the text it is given.',
  safety: 'READ',
  input: textSchema,
  output: textSchema,
}

export const note: CapabilityDefinition = {
  id: 'note.write',
  description: 'Writes a note.',
  safety: 'WRITE',
  limits: { calls_per_minute: 1_000, concurrent: 100 },
  input: textSchema,
  output: {
    type: 'object',
    properties: { written: { type: 'integer' } },
    required: ['written'],
    additionalProperties: false,
  },
}

export const allow = (id: string, subject: string, resource: string, over: Partial<Rule> = {}): Rule => ({
  id,
  effect: 'allow',
  subject,
  action: 'invoke',
  resource,
  ...over,
})

export type TwoOrgsInit = {
  alice?: TestKernelInit & { rules?: Rule[] }
  bob?: TestKernelInit & { rules?: Rule[] }
  seed?: number
  /** Nobody vouches for anybody. */
  strangers?: boolean
}

export type TwoOrgs = TestMesh<'alice' | 'bob'> & { notes: string[] }

/** Alice may call everything of bob's, and bob lets her, unless other rules are given. `notes` is what bob wrote. */
export async function twoOrgs(init: TwoOrgsInit = {}): Promise<TwoOrgs> {
  const { rules: aliceRules, ...alice } = init.alice ?? {}
  const { rules: bobRules, ...bob } = init.bob ?? {}
  const mesh = await TestMesh.create({
    ...(init.seed === undefined ? {} : { seed: init.seed }),
    ...(init.strangers === undefined ? {} : { strangers: init.strangers }),
    kernels: {
      alice: { policy: [{ name: 'alice', rules: aliceRules ?? [allow('all', 'agent:*', '*')] }], ...alice },
      bob: { policy: [{ name: 'bob', rules: bobRules ?? [allow('all', '*', '*')] }], ...bob },
    },
  })
  const notes: string[] = []
  await serveBob(mesh, notes)
  return Object.assign(mesh, { notes })
}

/** Registers bob's capabilities; a kernel that restarted has none until its code registers them again. */
export async function serveBob(mesh: TestMesh<'alice' | 'bob'>, notes: string[]): Promise<void> {
  await mesh.kernel('bob').register(echo, (args) => args)
  await mesh.kernel('bob').register(note, (args) => ({ written: notes.push((args as { text: string }).text) }))
}
