/**
 * Two nodes that serve each other, and have traded; then they stop. What is left are two directories, the two signed
 * manifests, and the checkpoints that an auditor took along from a first visit.
 */
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { callsOf, type Rule } from '@hansa/protocols'
import type { NodeProcess } from '../../harness/node-process.ts'
import type { ProcessMesh } from '../../harness/process-mesh.ts'
import type { Organisation } from '../report.ts'
import type { Story } from '../story.ts'

export const organisations = ['orga', 'orgb'] as const satisfies readonly Organisation[]

export const other = { orga: 'orgb', orgb: 'orga' } as const satisfies Record<Organisation, Organisation>

export type TradingWorld = {
  directory: string
  story: Story
  nodes: Record<Organisation, NodeProcess>
  /** File with the signed manifest of each: what names the key of its log. */
  manifests: Record<Organisation, string>
  /** File with the checkpoint of each that the auditor kept from a visit in between. */
  kept: Record<Organisation, string>
}

/** Enough that each side keeps a checkpoint of the other in its own log. */
const CALLS_BEFORE_VISIT = 70
const CALLS_AFTER_VISIT = 70

const WITHIN_MS = 60_000

const capability = `
const input = { type: 'object', properties: { number: { type: 'integer' } }, required: ['number'], additionalProperties: false }
const output = { type: 'object', properties: { number: { type: 'integer' } }, required: ['number'], additionalProperties: false }
const limits = { calls_per_minute: 10000, concurrent: 128 }
export const capabilities = [
  { definition: { id: 'cargo.read', safety: 'READ', input, output, limits }, handler: ({ number }) => ({ number }) },
  { definition: { id: 'cargo.release', safety: 'WRITE', input, output, limits }, handler: ({ number }) => ({ number }) },
]
`
const policy: readonly Rule[] = [{ id: 'trade', effect: 'allow', subject: '*', action: '*', resource: '*' }]

/** Starts both nodes, lets them trade, visits them in between, and stops them. */
export async function trade(mesh: ProcessMesh, story: Story): Promise<TradingWorld> {
  story.doing('starting both nodes')
  const files = { 'cargo.mjs': capability }
  const config = { capabilities: [{ module: { path: 'cargo.mjs' } }], log_level: 'warn' }
  const [orga, orgb] = await Promise.all(organisations.map((name) => mesh.prepare(name)))
  if (orga === undefined || orgb === undefined) throw new TypeError('two nodes were started')
  const nodes = { orga, orgb }
  for (const name of organisations) {
    const peers = [{ did: nodes[other[name]].did }]
    await nodes[name].configure({ config: { ...config, peers }, policy, files })
  }
  await Promise.all([orga.start(), orgb.start()])
  const world = {
    directory: mesh.directory,
    story,
    nodes,
    manifests: { orga: '', orgb: '' },
    kept: { orga: '', orgb: '' },
  }
  for (const name of organisations) await importOther(world, name)
  await callBothWays(world, CALLS_BEFORE_VISIT)
  await visit(world)
  await callBothWays(world, CALLS_AFTER_VISIT)
  story.doing('stopping both nodes')
  for (const name of organisations) await acknowledged(nodes[name])
  await orga.stop()
  await orgb.stop()
  return world
}

async function importOther({ directory, nodes, manifests }: TradingWorld, name: Organisation): Promise<void> {
  const manifest = (await nodes[other[name]].client.advertise()).jws
  manifests[other[name]] = join(directory, `${other[name]}.manifest`)
  await writeFile(manifests[other[name]], manifest)
  await nodes[name].client.importRemote({ manifest, as: other[name], trustPolicy: 'most_restrictive' })
}

async function callBothWays({ story, nodes }: TradingWorld, count: number): Promise<void> {
  for (const name of organisations) {
    story.doing(`${name} asks ${other[name]} ${count} times`)
    const calls = Array.from({ length: count }, (_, number) => {
      const id = number % 10 === 0 ? 'cargo.release' : 'cargo.read'
      return nodes[name].client.invoke(`${other[name]}/${id}`, { number })
    })
    await Promise.all(calls)
  }
}

/** What somebody from outside takes along: a checkpoint of each log, over everything that was traded so far. */
async function visit({ directory, nodes, kept }: TradingWorld): Promise<void> {
  const place = join(directory, 'kept')
  await mkdir(place)
  for (const name of organisations) {
    kept[name] = join(place, `${name}.checkpoint`)
    await writeFile(kept[name], await checkpointOver(nodes[name]))
  }
}

/** A checkpoint is signed within a second of the entries that it covers. */
async function checkpointOver(node: NodeProcess): Promise<string> {
  const { size } = (await node.client.operator.status()).log
  const deadline = performance.now() + WITHIN_MS
  while (performance.now() < deadline) {
    const note = await readFile(join(node.logDirectory, 'checkpoint'), 'utf8')
    if (Number(note.split('\n')[1]) >= size) return note
  }
  throw new Error(`${node.name} has not signed its first ${size} entries`)
}

/** Acknowledgements travel behind their calls: a log is complete when the last one has arrived. */
async function acknowledged(node: NodeProcess): Promise<void> {
  const deadline = performance.now() + WITHIN_MS
  while (performance.now() < deadline) {
    const entries = await node.client.operator.audit({ from: 0, limit: 10_000 })
    const acknowledged = entries.filter(({ type }) => type === 'ack.received' || type === 'acks.received')
    if (acknowledged.flatMap(callsOf).length === CALLS_BEFORE_VISIT + CALLS_AFTER_VISIT) return
  }
  throw new Error(`${node.name} has not been sent every acknowledgement`)
}
