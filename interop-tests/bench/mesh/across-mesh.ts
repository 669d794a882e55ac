/** What takes a mesh of processes to measure: how soon what one kernel says is known by all others. */
import type { NodeProcess } from '../../harness/node-process.ts'
import { ProcessMesh } from '../../harness/process-mesh.ts'
import { median } from '../measure/percentile.ts'
import { residentMiB } from '../measure/resident.ts'
import type { OperationRow } from '../report/bench-report.ts'
import { rowOf } from './row-of.ts'

const OPERATOR = 'person:bench'
/** What is not seen by then is a fault of the mesh. */
const PATIENCE_MS = 60_000
/** From the last import on, until nodes do nothing by themselves any more. */
const SETTLING_MS = 2_000
/** Between two looks at a node. */
const LOOK_MS = 2

export type AcrossMeshInit = {
  nodes: number
  publications: number
  revocations: number
  /** Half of the mesh is stopped so often, and for so long each time. */
  stops: number
  stoppedMs: number
  progress(name: string): void
}

export type AcrossMesh = { rows: OperationRow[]; residentMiB: number }

export async function acrossMesh(init: AcrossMeshInit): Promise<AcrossMesh> {
  const { nodes: count, progress } = init
  await using mesh = await ProcessMesh.create()
  progress(`starting ${count} nodes`)
  const nodes = await startedMesh(mesh, count)
  progress('what is published')
  const published = await publications(nodes, init.publications)
  progress('what is revoked')
  const revoked = await revocations(nodes, init.revocations)
  progress('half of them stopped')
  const recovered = await recoveries(nodes, init)
  return {
    rows: [
      rowOf(`mesh of ${count}: registered at one node, until each other one finds it`, published),
      rowOf(`mesh of ${count}: revoked at one node, until each other one refuses`, revoked),
      rowOf(`mesh of ${count}: half of it stopped, from going on until all know what they missed`, recovered),
    ],
    residentMiB: median(await Promise.all(nodes.map(({ pid }) => residentMiB(pid)))),
  }
}

async function startedMesh(mesh: ProcessMesh, count: number): Promise<NodeProcess[]> {
  const nodes = await Promise.all(Array.from({ length: count }, (_, at) => mesh.prepare(`town-${at}`)))
  for (const node of nodes) {
    const peers = nodes.filter((other) => other !== node).map(({ did, name }) => ({ did, alias: name, standing: 700 }))
    await node.configure({ config: { peers, log_level: 'warn' } })
  }
  await Promise.all(nodes.map((node) => node.start()))
  for (const { client } of nodes) await client.register(news('town.name'), () => null)
  for (const [at, node] of nodes.entries()) {
    const manifest = at === 0 ? undefined : (await nodes[at - 1]?.client.advertise())?.jws
    await node.client.operator.mesh.join({ by: OPERATOR, ...(manifest !== undefined && { manifest }) })
  }
  await until(async () => {
    const all = await Promise.all(nodes.map(({ client }) => client.operator.mesh.status()))
    return all.every(({ kernels }) => kernels === count - 1)
  })
  // Everybody imports everybody, so that all are told of revocations.
  for (const node of nodes) {
    const { peers } = await node.client.discoverPeers()
    for (const { signed } of peers) await node.client.importRemote({ manifest: signed.jws })
  }
  await new Promise((resolve) => setTimeout(resolve, SETTLING_MS))
  return nodes
}

const news = (id: string) => ({ id, safety: 'READ', description: 'News of the bench.' }) as const

/** Milliseconds, one for each publication and each other node. */
async function publications(nodes: readonly NodeProcess[], times: number): Promise<number[]> {
  const eachMs: number[] = []
  for (let time = 0; time < times; time++) {
    const at = nodes[time % nodes.length] as NodeProcess
    const id = `news.n${time}`
    const before = performance.now()
    await at.client.register(news(id), () => null)
    const others = nodes.filter((node) => node !== at)
    eachMs.push(...(await Promise.all(others.map((node) => seenAfter(before, () => finds(node, id))))))
  }
  return eachMs
}

async function finds({ client }: NodeProcess, capability: string): Promise<boolean> {
  return (await client.discoverPeers({ capability })).peers.length > 0
}

async function revocations(nodes: readonly NodeProcess[], times: number): Promise<number[]> {
  const eachMs: number[] = []
  for (let time = 0; time < times; time++) {
    const at = nodes[time % nodes.length] as NodeProcess
    const what = `gone.n${time}`
    await at.client.register(news(what), () => null)
    const before = performance.now()
    const { hash } = await at.client.operator.revoke({ kind: 'capability', what })
    const others = nodes.filter((node) => node !== at)
    eachMs.push(...(await Promise.all(others.map((node) => seenAfter(before, () => holds(node, hash))))))
  }
  return eachMs
}

async function holds({ client }: NodeProcess, hash: string): Promise<boolean> {
  return (await client.operator.revocations()).some((one) => one.hash === hash)
}

/** Half of the processes are stopped, which to the others is a network that swallows everything. */
async function recoveries(
  nodes: readonly NodeProcess[],
  { stops, stoppedMs }: Pick<AcrossMeshInit, 'stops' | 'stoppedMs'>,
): Promise<number[]> {
  const eachMs: number[] = []
  const half = nodes.slice(0, Math.floor(nodes.length / 2))
  const rest = nodes.slice(half.length)
  for (let time = 0; time < stops; time++) {
    const id = `while.stopped${time}`
    for (const { pid } of half) process.kill(pid, 'SIGSTOP')
    const [publisher, ...others] = rest as [NodeProcess, ...NodeProcess[]]
    await publisher.client.register(news(id), () => null)
    for (const node of others) await seenAfter(0, () => finds(node, id))
    await new Promise((resolve) => setTimeout(resolve, stoppedMs))
    for (const { pid } of half) process.kill(pid, 'SIGCONT')
    const before = performance.now()
    eachMs.push(...(await Promise.all(half.map((node) => seenAfter(before, () => finds(node, id))))))
  }
  return eachMs
}

/** @returns milliseconds since `before` at which it held. */
async function seenAfter(before: number, holdsNow: () => Promise<boolean>): Promise<number> {
  await until(holdsNow)
  return performance.now() - before
}

async function until(holdsNow: () => Promise<boolean>): Promise<void> {
  const end = performance.now() + PATIENCE_MS
  while (!(await holdsNow())) {
    if (performance.now() > end) throw new Error(`it was not seen within ${PATIENCE_MS / 1000} s`)
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS))
  }
}
