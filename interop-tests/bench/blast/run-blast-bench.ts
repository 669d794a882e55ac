/**
 * What bad peers do to calls that have nothing to do with them, each kernel in a process of its own: latencies of a hub's
 * own calls, of its calls to a healthy peer, and of calls between two healthy peers, before bad peers, beside them, and in
 * between, while they are held; and the processor time of the hub.
 */
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import type { PeerInfo } from '@hansa/protocols'
import type { Fault } from '../../harness/fault-proxy.ts'
import { freePort } from '../../harness/free-port.ts'
import type { NodeProcess } from '../../harness/node-process.ts'
import { outcomeOf } from '../../harness/outcome.ts'
import { ProcessMesh } from '../../harness/process-mesh.ts'
import { allow, echo } from '../../harness/two-orgs.ts'
import type { BenchOptions } from '../bench-options.ts'
import { type MeasuredProcess, measuredProcess } from '../measure/measured-process.ts'
import { percentile } from '../measure/percentile.ts'
import { residentMiB } from '../measure/resident.ts'
import { processCpuUs } from '../protocols/process-cpu.ts'
import { describeMachine, type Machine } from '../report/machine.ts'
import { ProgressLine } from '../report/progress-line.ts'
import type { BadPeersInit, Outcomes } from './bad-peers.ts'
import { moveTo, type ProcessorLists, partedProcessors } from './processors.ts'

export type Latency = { p50Ms: number; p99Ms: number; failed: number }
export type BlastRow = {
  name: string
  before: Latency
  beside: Latency
  between: Latency
  /** p99 beside bad peers, by that of the calls in between. */
  ratio: number
  /** The same, by the ratio of the calls that share nothing with bad peers but the processors. */
  toControl: number
}
export type Phases = { before: number; beside: number; between: number }

export type BlastBenchReport = {
  machine: Machine
  /** The last one is the control. */
  rows: BlastRow[]
  /** Calls that each p99 is of. */
  calls: number
  hubMiB: Phases
  /** Processors that the hub takes while nobody calls it but bad peers, and agents that call them. */
  hubIdle: Phases
  /** User and system time of the hub for each of the calls of all rows, microseconds. */
  hubCpuUsPerCall: Phases
  /** Who is not spoken to any more, and why. */
  cutOff: { alias: string; state: string; reason: string }[]
  outcomes: Outcomes
  /** Whether bad peers had a processor of their own. */
  apart: boolean
  targets: { ratio: number }
}

export const BLAST_TARGETS = { ratio: 1.1 } as const

const FAULTS: readonly Fault[] = ['dead', 'black_hole', 'half_open', 'drip']
/** Of a quick run: starting nodes takes most of its time. */
const QUICK_FAULTS: readonly Fault[] = ['dead', 'half_open']
const IN_FLIGHT = 4
/** Turns of each phase; in each one every kind of call has a few. */
const TURNS = 6
/** Bad peers are let go and held so often, each for a few seconds: what slows the machine for a while slows both. */
const ALTERNATIONS = 10
/** Until the hub has done with what they left, or they are at it again, milliseconds. */
const SETTLES_MS = 1_500
/** For how long it is looked at what the hub takes by itself, milliseconds. */
const IDLE_MS = 4_000
const QUICK_IDLE_MS = 500
/** Bad peers are no part of the machine that is measured: where they cannot be apart, they get what others leave. */
const LOW_PRIORITY = ['nice', '-n', '19']
/** What has not been cut off by then never is, milliseconds. */
const PATIENCE_MS = 60_000

const unlimited = { ...echo, limits: { calls_per_minute: 1_000_000, concurrent: 64 } }
const policy = [allow('all', '*', '*')]
const aliasOf = (fault: Fault) => fault.replace('_', '-')

export async function runBlastBench({ quick }: Pick<BenchOptions, 'quick'>): Promise<BlastBenchReport> {
  const calls = quick ? 60 : 9_000
  const idleMs = quick ? QUICK_IDLE_MS : IDLE_MS
  const faults = quick ? QUICK_FAULTS : FAULTS
  const progress = new ProgressLine(quick ? 50_000 : 350_000)
  const show = (what: string) => progress.show('blast radius', what)
  const processors = partedProcessors()
  const apart = processors === undefined ? [] : [processors.bad]
  await using mesh = await ProcessMesh.create()
  await using places = measuredProcess(new URL('./bad-places.ts', import.meta.url), ...apart)
  await using rogues = measuredProcess(new URL('./bad-peers.ts', import.meta.url), ...apart)
  const machine = await describeMachine(mesh.directory)
  if (processors !== undefined) moveTo(processors.good)
  show('starting nodes')
  const world = await startedWorld(mesh, places, faults, processors)
  const { hub } = world
  show('before')
  await measuredAll(world, Math.ceil(calls / 4))
  const before = emptyPhase()
  await addTo(before, world, calls, idleMs)
  show('until bad peers are cut off')
  await places.ask('turn')
  await rogues.ask('begin', await badPeersOf(hub, faults.map(aliasOf)))
  await untilCutOff(hub, faults.map(aliasOf))
  show('beside bad peers, and in between')
  const { beside, between } = await alternated(world, rogues, { calls, idleMs, turns: quick ? 2 : ALTERNATIONS })
  const cutOff = (await hub.client.operator.peers()).flatMap(shownCutOff)
  const outcomes = await rogues.ask<Outcomes>('end')
  progress.end()
  const each = (of: (phase: Phase) => number): Phases => {
    return { before: of(before), beside: of(beside), between: of(between) }
  }
  return {
    machine,
    rows: rowsOf(before, beside, between),
    calls,
    hubMiB: each(({ mib }) => mib),
    hubIdle: each(({ idleUs, idleMs: lasted }) => idleUs / (lasted * 1_000)),
    hubCpuUsPerCall: each(({ busyUs, calls: made }) => busyUs / made),
    cutOff,
    outcomes: summed(outcomes),
    apart: processors !== undefined,
    targets: BLAST_TARGETS,
  }
}

type Times = { eachMs: number[]; failed: number }
type Phase = {
  times: Record<string, Times>
  mib: number
  /** Of the hub, while it was called, and how many calls of all rows that was. */
  busyUs: number
  calls: number
  /** Of the hub, while nothing was measured, and how long. */
  idleUs: number
  idleMs: number
}

function emptyPhase(): Phase {
  return { times: {}, mib: 0, busyUs: 0, calls: 0, idleUs: 0, idleMs: 0 }
}

async function addTo(phase: Phase, world: World, calls: number, idleMs: number): Promise<void> {
  const { pid } = world.hub
  const from = await processCpuUs(pid)
  await measuredAll(world, calls, phase.times)
  const until = await processCpuUs(pid)
  await setTimeout(idleMs)
  phase.idleUs += (await processCpuUs(pid)) - until
  phase.idleMs += idleMs
  phase.busyUs += until - from
  phase.calls += Object.keys(phase.times).length * calls
  phase.mib = await residentMiB(pid)
}

/** Bad peers are at work and held in turns, and at work in the end. */
async function alternated(
  world: World,
  rogues: MeasuredProcess,
  { calls, idleMs, turns }: { calls: number; idleMs: number; turns: number },
): Promise<{ beside: Phase; between: Phase }> {
  const phases = { beside: emptyPhase(), between: emptyPhase() }
  const turnOf = async (phase: Phase, signal: 'SIGCONT' | 'SIGSTOP') => {
    rogues.signal(signal)
    await setTimeout(SETTLES_MS)
    await addTo(phase, world, Math.ceil(calls / turns), Math.ceil(idleMs / turns))
  }
  for (let turn = 0; turn < turns; turn++) {
    await turnOf(phases.beside, 'SIGCONT')
    await turnOf(phases.between, 'SIGSTOP')
  }
  rogues.signal('SIGCONT')
  return phases
}

function rowsOf(before: Phase, beside: Phase, between: Phase): BlastRow[] {
  const rows = Object.entries(beside.times).map(([name, during]) => {
    const of = ({ times }: Phase) => latencyOf(times[name] ?? during)
    const ratio = of(beside).p99Ms / of(between).p99Ms
    return { name, before: of(before), beside: of(beside), between: of(between), ratio }
  })
  const control = rows.at(-1)?.ratio ?? 1
  return rows.map((row) => ({ ...row, toControl: row.ratio / control }))
}

type World = { hub: NodeProcess; good: NodeProcess; other: NodeProcess }

/** The hub has imported a healthy peer, and one behind each fault; two healthy peers know each other. */
async function startedWorld(
  mesh: ProcessMesh,
  places: MeasuredProcess,
  faults: readonly Fault[],
  processors: ProcessorLists | undefined,
): Promise<World> {
  const within = processors === undefined ? LOW_PRIORITY : ['taskset', '-c', processors.bad, ...LOW_PRIORITY]
  const names = ['hub', 'good', 'other', ...faults.map(aliasOf)]
  const nodes = await Promise.all(names.map((name) => mesh.prepare(name)))
  const [hub, good, other, ...bad] = nodes as [NodeProcess, NodeProcess, NodeProcess, ...NodeProcess[]]
  const peers = [hub, other].map(({ did, name }) => ({ did, alias: `of-${name}`, standing: 800 }))
  const config = { peers, log_level: 'warn', limits: { calls_per_principal: 64 } }
  for (const node of [hub, good, other])
    await node.configure({ config: node === good ? config : { ...config, peers: [] }, policy })
  for (const [at, node] of bad.entries()) {
    const port = await freePort()
    const public_url = await places.ask<string>('open', { fault: faults[at], port })
    await node.configure({
      config: { ...config, listen: `127.0.0.1:${port}`, public_url },
      ...{ policy, within },
    })
  }
  await Promise.all(nodes.map((node) => node.start()))
  for (const { client } of nodes) await client.register(unlimited, (args) => args)
  await hub.client.register({ ...unlimited, id: 'own' }, (args) => args)
  for (const node of [good, ...bad])
    await hub.client.importRemote({ manifest: await node.client.advertise(), as: node.name })
  await other.client.importRemote({ manifest: await good.client.advertise(), as: 'good' })
  for (const { name } of [good, ...bad]) {
    const outcome = await outcomeOf(hub.client.invoke(`${name}/echo`, { text: 'x' }))
    if (outcome !== 'released') throw new Error(`a call to ${name} ended with ${outcome} before anything was bad`)
  }
  return { hub, good, other }
}

async function badPeersOf(hub: NodeProcess, silent: readonly string[]): Promise<BadPeersInit> {
  const { did, endpoint, control, home } = hub
  const manifest = await hub.client.advertise()
  const tokenFile = join(home, 'control.token')
  return { hub: { did, endpoint, control, tokenFile, manifest }, silent }
}

/** In turns of a few calls each, so that what slows the machine slows all of them. */
async function measuredAll({ hub, other }: World, calls: number, times: Record<string, Times> = {}): Promise<void> {
  const text = { text: 'x' }
  const kinds = {
    'own calls of the hub': () => hub.client.invoke('own', text),
    'calls of the hub to a healthy peer': () => hub.client.invoke('good/echo', text),
    'calls between two healthy peers': () => other.client.invoke('good/echo', text),
  }
  for (let turn = 0; turn < TURNS; turn++)
    for (const [name, call] of Object.entries(kinds)) {
      times[name] ??= { eachMs: [], failed: 0 }
      await measured(times[name], Math.ceil(calls / TURNS), call)
    }
}

async function measured(into: Times, calls: number, call: () => Promise<unknown>): Promise<void> {
  let left = calls
  const worker = async () => {
    while (left-- > 0) {
      const started = performance.now()
      if ((await outcomeOf(call())) !== 'released') into.failed += 1
      into.eachMs.push(performance.now() - started)
    }
  }
  await Promise.all(Array.from({ length: IN_FLIGHT }, worker))
}

function latencyOf({ eachMs, failed }: Times): Latency {
  const sorted = [...eachMs].sort((a, b) => a - b)
  return { p50Ms: percentile(sorted, 0.5), p99Ms: percentile(sorted, 0.99), failed }
}

async function untilCutOff(hub: NodeProcess, silent: readonly string[]): Promise<void> {
  const end = performance.now() + PATIENCE_MS
  for (;;) {
    const cut = (await hub.client.operator.peers()).flatMap(shownCutOff).map(({ alias }) => alias)
    if (silent.every((alias) => cut.includes(alias))) return
    if (performance.now() > end) throw new Error(`only ${cut.join(', ')} were cut off`)
    await setTimeout(100)
  }
}

function shownCutOff({ alias, state, link }: PeerInfo): BlastBenchReport['cutOff'] {
  if (link !== undefined) return [{ alias, state: link.state, reason: link.reason }]
  return state === 'ok' ? [] : [{ alias, state, reason: 'two manifests of one number' }]
}

/** Agents of one kind count together. */
function summed(outcomes: Outcomes): Outcomes {
  const sums: Outcomes = {}
  for (const [name, counts] of Object.entries(outcomes)) {
    const kind = name.replace(/, agent \d+$/, '')
    const sum = sums[kind] ?? {}
    sums[kind] = sum
    for (const [outcome, count] of Object.entries(counts)) sum[outcome] = (sum[outcome] ?? 0) + count
  }
  return sums
}
