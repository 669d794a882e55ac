import { type Binding, type CardKind, cardKinds, REQUIRED_EXTENSION } from '../fixtures/a2a-agent/agent-cards.ts'
import { type AgentInit, serveAgent } from '../fixtures/a2a-agent/serve-agent.ts'
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

export type CardResult = { card: CardKind; bindings: readonly BindingResult[] }

/** Everything that is asked of the agent of the card at `url`, over one binding. */
export async function checkBinding(url: string, binding: Binding): Promise<BindingResult> {
  const plain = await BehaviourClient.over(binding, url)
  const required = plain.card.capabilities?.extensions.some((one) => one.required) === true
  const client = required ? await BehaviourClient.over(binding, url, [REQUIRED_EXTENSION]) : plain
  const checks = a2aChecks.filter(({ when }) => when?.(client.card) ?? true)
  const faults: string[] = []
  for (const { name, check } of checks)
    await check(client).catch((error: unknown) => faults.push(`${name}: ${wordsOf(error)}`))
  if (required) faults.push(...(await refusesWithoutExtension(plain)))
  const total = checks.length + (required ? 1 : 0)
  return { binding, passed: total - faults.length, required: total, faults }
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
    results.push({ card, bindings: one })
  }
  return results
}
