/** Calls that do not stop: of each node at itself, and across, at whatever it has imported. */
import { CallError } from '@hansa/protocols'
import type { NodeProcess } from '../../harness/node-process.ts'
import { underTraffic } from '../under-traffic.ts'
import type { MeshWorld } from './mesh-world.ts'

export type Count = { calls: number; failures: string[] }

export type MeshTraffic = {
  local: Count
  /** Between nodes of which none was killed, before or while the call was made. */
  between: Count
  /** Of calls to and from nodes that were killed: nobody claims anything of them. */
  lost: number
}

const AT_ITSELF = 'desk.count'
const ACROSS = 'harbour.berths'

/** @returns how it ended: `released`, or the code. */
export async function callBerths(node: NodeProcess, alias: string): Promise<string> {
  return await ended(node, `${alias}/${ACROSS}`)
}

async function ended(node: NodeProcess, capability: string): Promise<string> {
  try {
    await node.client.invoke(capability, {}, { principal: 'agent:clerk' })
    return 'released'
  } catch (error) {
    if (error instanceof CallError) return error.detail.code
    // The process of the node is gone.
    return 'unreachable'
  }
}

/** @param during runs while every node calls itself and its imports. */
export async function duringTraffic(
  world: MeshWorld,
  imports: ReadonlyMap<NodeProcess, readonly NodeProcess[]>,
  during: (traffic: MeshTraffic) => Promise<void>,
): Promise<MeshTraffic> {
  const traffic: MeshTraffic = {
    local: { calls: 0, failures: [] },
    between: { calls: 0, failures: [] },
    lost: 0,
  }
  const lives = (node: NodeProcess) => !world.killed.has(node)
  const note = (count: Count, what: string, how: string) => {
    count.calls++
    if (how !== 'released') count.failures.push(`${what}: ${how}`)
  }
  const atItself = (node: NodeProcess) => async () => {
    const how = await ended(node, AT_ITSELF)
    if (lives(node)) note(traffic.local, node.name, how)
    return lives(node)
  }
  const across = (node: NodeProcess, to: NodeProcess) => async () => {
    const how = await callBerths(node, to.name)
    const both = lives(node) && lives(to)
    if (both) note(traffic.between, `${node.name} to ${to.name}`, how)
    else traffic.lost++
    return both
  }
  const callers = [...imports].flatMap(([node, tos]) => {
    const living = tos.filter((to) => lives(node) && lives(to))
    return [...(lives(node) ? [atItself(node)] : []), ...living.map((to) => across(node, to))]
  })
  await underTraffic(callers, () => during(traffic))
  return traffic
}
