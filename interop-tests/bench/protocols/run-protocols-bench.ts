/**
 * What a kernel adds to a call of MCP and of A2A: the same answer, one text, from the SDK alone, from a node, and from a
 * kernel behind a node. In turns, so that what slows the machine slows all of them.
 */
import { ProcessMesh } from '../../harness/process-mesh.ts'
import type { BenchOptions } from '../bench-options.ts'
import { measuredProcess } from '../measure/measured-process.ts'
import { median } from '../measure/percentile.ts'
import { runLoad } from '../measure/run-load.ts'
import { describeMachine, type Machine } from '../report/machine.ts'
import { ProgressLine } from '../report/progress-line.ts'
import { openGovernedServers } from './governed-servers.ts'
import { processCpuUs } from './process-cpu.ts'
import { a2aClient, mcpClient, type ProtocolClient } from './protocol-clients.ts'

export type Through = 'the SDK alone' | 'one kernel' | 'two kernels'

export type ProtocolRow = {
  protocol: 'mcp' | 'a2a'
  through: Through
  inFlight: number
  callsPerSecond: number
  p50Ms: number
  /** Of the processes that serve, kernels and all. */
  cpuUsPerCall: number
  /** Over the SDK alone, in the same turns. */
  added: { p50Ms: number; cpuUsPerCall: number }
}

export type ProtocolsBenchReport = { machine: Machine; rows: ProtocolRow[] }

type Contender = Pick<ProtocolRow, 'protocol' | 'through'> & { client: ProtocolClient; cpuUs(): Promise<number> }
type Sample = Pick<ProtocolRow, 'callsPerSecond' | 'p50Ms' | 'cpuUsPerCall'>

const IN_FLIGHT = [1, 16] as const
const LEAD_IN_MS = 100

export async function runProtocolsBench({ quick }: Pick<BenchOptions, 'quick'>): Promise<ProtocolsBenchReport> {
  const plan = quick ? { rounds: 1, roundMs: 250, warmUpMs: 200 } : { rounds: 3, roundMs: 1_500, warmUpMs: 3_000 }
  const progress = new ProgressLine(10_000 + 6 * (plan.warmUpMs + IN_FLIGHT.length * plan.rounds * plan.roundMs))
  await using mesh = await ProcessMesh.create()
  await using stack = new AsyncDisposableStack()
  progress.show('starting servers')
  const contenders = await opened(mesh, stack)
  for (const { protocol, through, client } of contenders) {
    progress.show('warming up', `${protocol}, ${through}`)
    await runLoad(client.call, { inFlight: IN_FLIGHT[1], durationMs: plan.warmUpMs })
  }
  const samples = new Map<string, Sample[]>()
  for (let round = 1; round <= plan.rounds; round++)
    for (const inFlight of IN_FLIGHT)
      for (const contender of contenders) {
        const { protocol, through } = contender
        progress.show(`round ${round} of ${plan.rounds}`, `${protocol}, ${through}, ${inFlight} in flight`)
        await runLoad(contender.client.call, { inFlight, durationMs: LEAD_IN_MS })
        const name = `${protocol} ${through} ${inFlight}`
        samples.set(name, [...(samples.get(name) ?? []), await measured(contender, inFlight, plan.roundMs)])
      }
  progress.end()
  const of = ({ protocol, through }: Pick<Contender, 'protocol' | 'through'>, inFlight: number) =>
    medians(samples.get(`${protocol} ${through} ${inFlight}`) ?? [])
  const rows = IN_FLIGHT.flatMap((inFlight) =>
    contenders.map(({ protocol, through }): ProtocolRow => {
      const [own, alone] = [of({ protocol, through }, inFlight), of({ protocol, through: 'the SDK alone' }, inFlight)]
      const added = { p50Ms: own.p50Ms - alone.p50Ms, cpuUsPerCall: own.cpuUsPerCall - alone.cpuUsPerCall }
      return { protocol, through, inFlight, ...own, added }
    }),
  )
  return { machine: await describeMachine(mesh.directory), rows }
}

async function opened(mesh: ProcessMesh, stack: AsyncDisposableStack): Promise<Contender[]> {
  const bare = () => stack.use(measuredProcess(new URL('./bare-servers.ts', import.meta.url)))
  const [bareMcp, bareA2a] = [bare(), bare()]
  const { near, far, url, credential } = await openGovernedServers(mesh)
  const nearOnly = () => processCpuUs(near.pid)
  const both = async () => (await nearOnly()) + (await processCpuUs(far.pid))
  const shown = { credential }
  const mcp = new URL('/mcp', url).href
  const clients: [Contender['protocol'], Through, Promise<ProtocolClient>, () => Promise<number>][] = [
    ['mcp', 'the SDK alone', mcpClient(await bareMcp.ask<string>('mcp'), 'test_simple_text'), () => bareMcp.ask('cpu')],
    ['mcp', 'one kernel', mcpClient(mcp, 'hello__tool', shown), nearOnly],
    ['mcp', 'two kernels', mcpClient(mcp, 'far___hello__tool', shown), both],
    ['a2a', 'the SDK alone', a2aClient(await bareA2a.ask<string>('a2a')), () => bareA2a.ask('cpu')],
    ['a2a', 'one kernel', a2aClient(url, 'hello.task', shown), nearOnly],
    ['a2a', 'two kernels', a2aClient(url, 'far/hello.task', shown), both],
  ]
  return Promise.all(
    clients.map(async ([protocol, through, client, cpuUs]) => {
      const opened = stack.use(await client)
      await opened.call()
      return { protocol, through, client: opened, cpuUs }
    }),
  )
}

async function measured({ client, cpuUs }: Contender, inFlight: number, durationMs: number): Promise<Sample> {
  const before = await cpuUs()
  const { calls, elapsedMs, p50Ms } = await runLoad(client.call, { inFlight, durationMs })
  return { callsPerSecond: (calls * 1000) / elapsedMs, p50Ms, cpuUsPerCall: ((await cpuUs()) - before) / calls }
}

function medians(samples: readonly Sample[]): Sample {
  const of = (figure: keyof Sample) => median(samples.map((sample) => sample[figure]))
  return { callsPerSecond: of('callsPerSecond'), p50Ms: of('p50Ms'), cpuUsPerCall: of('cpuUsPerCall') }
}
