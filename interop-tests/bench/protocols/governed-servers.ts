/** Two nodes that serve the same as the SDKs alone: one text, as a tool and as a task, here and at the other kernel. */
import { freePort } from '../../harness/free-port.ts'
import { hansa, type NodeProcess } from '../../harness/node-process.ts'
import type { ProcessMesh } from '../../harness/process-mesh.ts'
import { allow } from '../../harness/two-orgs.ts'

export type GovernedServers = { near: NodeProcess; far: NodeProcess; url: string; credential: string }

const module = `
const limits = { calls_per_minute: 1000000, concurrent: 256 }
const message = { type: 'object', properties: { message: { type: 'array' }, context: { type: 'string' } } }
export const capabilities = [
  { definition: { id: 'hello.tool', safety: 'READ', limits }, handler: () => 'Hello' },
  { definition: { id: 'hello.task', kind: 'task', safety: 'READ', input: message, limits }, handler: () => 'Hello' },
]
`

export async function openGovernedServers(mesh: ProcessMesh): Promise<GovernedServers> {
  const [near, far] = await Promise.all([mesh.prepare('near'), mesh.prepare('far')])
  const port = await freePort()
  const policy = [allow('all', '*', '*', { limit: { calls: 1_000_000, per_seconds: 60 } })]
  const common = {
    capabilities: [{ module: { path: 'hello.mjs' } }],
    limits: { calls_per_principal: 256 },
    log_level: 'warn',
  }
  const files = { 'hello.mjs': module }
  const peers = [{ did: near.did, alias: 'near', standing: 800 }]
  await far.configure({ config: { ...common, peers }, policy, files })
  await near.configure({
    config: { ...common, agents: { listen: `127.0.0.1:${port}` }, a2a: { name: 'near' } },
    policy,
    files,
  })
  await Promise.all([near.start(), far.start()])
  await near.client.importRemote({ manifest: await far.client.advertise(), as: 'far' })
  const added = JSON.parse(await hansa('agent', 'add', 'bench', '--home', near.home, '--json')) as {
    credential: string
  }
  return { near, far, url: `http://127.0.0.1:${port}`, credential: added.credential }
}
