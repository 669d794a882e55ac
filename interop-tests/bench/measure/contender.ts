/** What is compared: a program of two processes, of which one calls and the other one answers. */
import type { MeasuredProcess } from './measured-process.ts'
import type { Load, LoadInit } from './run-load.ts'

export type Contender = {
  name: string
  /** @param directory empty, on the disk whose syncs are measured; the contender's own. */
  start(directory: string): Promise<Pair>
}

/** Two running processes that know each other. The client answers `load`. */
export type Pair = { client: MeasuredProcess; server: MeasuredProcess }

export type Sample = { callsPerSecond: number; p50Ms: number; p99Ms: number; cpuUsPerCall: number }

/** One cell of the table, once. */
export async function measure(pair: Pair, init: LoadInit): Promise<Sample> {
  const before = await cpuUs(pair)
  const load = await pair.client.ask<Load>('load', init)
  const cpu = (await cpuUs(pair)) - before
  const { calls, elapsedMs, p50Ms, p99Ms } = load
  return { callsPerSecond: (calls * 1000) / elapsedMs, p50Ms, p99Ms, cpuUsPerCall: cpu / calls }
}

/** Of both processes together, with all their threads. */
async function cpuUs({ client, server }: Pair): Promise<number> {
  const [a, b] = await Promise.all([client.ask<number>('cpu'), server.ask<number>('cpu')])
  return a + b
}
