/** As many organisations as are wanted, each with a kernel of its own process. They know each other by identity, not by place. */
import { hansa, type NodeProcess } from '../../harness/node-process.ts'
import type { ProcessMesh } from '../../harness/process-mesh.ts'
import type { Story } from '../story.ts'
import type { MeshReport } from './mesh-report.ts'

export type MeshWorld = {
  /** All that run or ran, the late one last. */
  nodes: NodeProcess[]
  /** Made, and not started. */
  late: NodeProcess
  killed: Set<NodeProcess>
  /** Whose capabilities each has imported, to call them. */
  imports: Map<NodeProcess, NodeProcess[]>
  story: Story
  report: MeshReport
}

/** What each of them offers: something of its own kind, which others look for, and something for its own agents. */
const desk = (town: string) => `
const input = { type: 'object', additionalProperties: false, properties: {} }
const output = { type: 'object', additionalProperties: false, required: ['berths'], properties: { berths: { type: 'integer' } } }
const limits = { calls_per_minute: 1000000, concurrent: 64 }
let asked = 0
export const capabilities = [
  {
    definition: {
      id: 'harbour.berths', title: 'Free berths in ${town}', tags: ['harbour'],
      description: 'How many berths are free in the harbour of ${town}.', safety: 'READ', input, output, limits,
    },
    handler: () => ({ berths: 40 - (asked++ % 7) }),
  },
  { definition: { id: 'desk.count', description: 'For own agents.', safety: 'READ', input, output, limits }, handler: () => ({ berths: 0 }) },
]
`

const rules = `version: 1
rules:
  - { id: own-agents, effect: allow, subject: "agent:*", action: "*", resource: "*" }
  - { id: members, effect: allow, subject: "peer:*", action: "*", resource: "harbour.*" }
`

const towns = [
  'lubeck',
  'bergen',
  'riga',
  'visby',
  'bruges',
  'danzig',
  'tallinn',
  'stade',
  'reval',
  'kolberg',
  'wismar',
]

/** Between whom calls go on and on, as under an agreement. */
const PARTNER = 700

export async function openMeshWorld(
  mesh: ProcessMesh,
  count: number,
  story: Story,
  report: MeshReport,
): Promise<MeshWorld> {
  story.doing(`making ${count + 1} homes`)
  const names = Array.from({ length: count + 1 }, (_, at) => towns[at] ?? `town-${at + 1}`)
  const nodes = await Promise.all(names.map((name) => mesh.prepare(name)))
  for (const node of nodes) {
    const peers = nodes
      .filter((other) => other !== node)
      .map(({ did, name }) => ({ did, alias: name, standing: PARTNER }))
    await node.configure({
      config: { capabilities: [{ module: { path: 'desk.mjs' } }], peers, log_level: 'warn' },
      policy: rules,
      files: { 'desk.mjs': desk(node.name) },
    })
  }
  const late = nodes.pop()
  if (late === undefined) throw new TypeError('there is a late one')
  story.doing(`starting ${count} nodes`)
  await Promise.all(nodes.map((node) => node.start()))
  report.nodes = nodes.map(({ did, pid }) => ({ did, pid }))
  return { nodes, late, killed: new Set(), imports: new Map(), story, report }
}

export function survivors({ nodes, killed }: MeshWorld): NodeProcess[] {
  return nodes.filter((node) => !killed.has(node))
}

/** Runs a command at a node, and shows it as its operator types it. */
export async function at({ story }: MeshWorld, node: NodeProcess, ...args: string[]): Promise<string> {
  story.command(`${node.name}: hansa ${args.join(' ')}`)
  return await hansa(...args, '--home', node.home)
}
