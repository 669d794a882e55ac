import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse } from 'yaml'
import { z } from 'zod'
import { type Binding, type CardKind, cardKinds, REQUIRED_EXTENSION } from '../fixtures/a2a-agent/agent-cards.ts'
import { type AgentInit, serveAgent } from '../fixtures/a2a-agent/serve-agent.ts'
import { serveThroughKernel } from '../fixtures/a2a-agent/through-kernel.ts'
import { a2aChecks } from './a2a-checks.ts'
import { BehaviourClient, refusalOf } from './a2a-client.ts'

export const bindings: readonly Binding[] = ['JSONRPC', 'HTTP+JSON', 'GRPC']

export type BindingResult = {
  binding: Binding
  passed: number
  required: number
  /** Name of each check that failed, and why. */
  faults: readonly string[]
}

export type CardResult = {
  card: CardKind
  bindings: readonly BindingResult[]
  /** With a node in front of the agent; no node uses an agent that requires what it does not know. */
  throughKernel: readonly BindingResult[]
}

const exceptionsSchema = z.array(z.strictObject({ check: z.string().min(1), reason: z.string().min(20) }))

/** Names of the checks that are excepted with a node in front. @throws Error when there is no such check */
export function exceptedThroughKernel(): readonly string[] {
  const text = readFileSync(join(import.meta.dirname, 'a2a-exceptions.yaml'), 'utf8')
  const names = exceptionsSchema.parse(parse(text)).map(({ check }) => check)
  const unknown = names.find((name) => !a2aChecks.some((one) => one.name === name))
  if (unknown !== undefined) throw new Error(`a2a-exceptions.yaml: there is no check named ${unknown}`)
  return names
}

/**
 * Everything that is asked of the agent of the card at `url`, over one binding.
 * @param excepted - names of checks that are not required, and must not pass either
 */
export async function checkBinding(
  url: string,
  binding: Binding,
  excepted: readonly string[] = [],
): Promise<BindingResult> {
  const plain = await BehaviourClient.over(binding, url)
  const required = plain.card.capabilities?.extensions.some((one) => one.required) === true
  const client = required ? await BehaviourClient.over(binding, url, [REQUIRED_EXTENSION]) : plain
  const checks = a2aChecks.filter(({ when }) => when?.(client.card) ?? true)
  const faults: string[] = []
  for (const { name, check } of checks) {
    const fault = await check(client).then(
      () => undefined,
      (error: unknown) => wordsOf(error),
    )
    const isExcepted = excepted.includes(name)
    if (isExcepted && fault === undefined) faults.push(`${name}: passes; take it out of a2a-exceptions.yaml`)
    if (!isExcepted && fault !== undefined) faults.push(`${name}: ${fault}`)
  }
  if (required) faults.push(...(await refusesWithoutExtension(plain)))
  const asked = checks.filter(({ name }) => !excepted.includes(name))
  const total = asked.length + (required ? 1 : 0)
  return { binding, passed: Math.max(0, total - faults.length), required: total, faults }
}

async function refusesWithoutExtension(client: BehaviourClient): Promise<readonly string[]> {
  const name = 'refuses who does not know its extension'
  const reason = await refusalOf(client.send('tck-complete-task')).catch(wordsOf)
  return reason === 'EXTENSION_SUPPORT_REQUIRED' ? [] : [`${name}: ${reason}`]
}

function wordsOf(error: unknown): string {
  return error instanceof Error ? `${error.name}: ${error.message.split('\n', 3).join(' ')}` : String(error)
}

/** The fixture with each of its cards, over each binding. */
export async function checkFixture(init: Pick<AgentInit, 'hold'> = {}): Promise<readonly CardResult[]> {
  const results: CardResult[] = []
  for (const card of cardKinds) {
    await using agent = await serveAgent({ ...init, card })
    const one: BindingResult[] = []
    for (const binding of bindings) one.push(await checkBinding(agent.url, binding))
    results.push({ card, bindings: one, throughKernel: await checkThroughKernel(card, init) })
  }
  return results
}

/** The same with a node in front, over the bindings that it has by itself. */
export async function checkThroughKernel(
  card: CardKind,
  init: Pick<AgentInit, 'hold'> = {},
): Promise<readonly BindingResult[]> {
  if (card === 'required-extension') return []
  const excepted = exceptedThroughKernel()
  await using agent = await serveThroughKernel({ ...init, card })
  const results: BindingResult[] = []
  for (const binding of ['JSONRPC', 'HTTP+JSON'] as const)
    results.push(await checkBinding(agent.url, binding, excepted))
  return results
}
