/**
 * How long the shipped command takes from its start to listening, over a home that has been worked in, and the memory
 * that it has then. The command is bundled as it is published; its first start, which fills the cache of compiled code,
 * is not counted.
 */
import { execFile, spawn } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { createKernel } from '@hansa/node'
import type { BenchPlan } from './bench-plan.ts'
import { percentile } from './measure/percentile.ts'
import type { ScratchDirectory } from './measure/scratch-directory.ts'
import type { StartupRow } from './report/bench-report.ts'
import type { ProgressLine } from './report/progress-line.ts'

const BUNDLE = fileURLToPath(new URL('../../node/build/bundle-command.ts', import.meta.url))

/** Calls at the same time while the home is filled. */
const IN_FLIGHT = 256

/** Milliseconds after which a node that has not said that it is ready has failed. */
const READY_WITHIN_MS = 60_000

const run = promisify(execFile)

export async function measureStartup(
  plan: BenchPlan,
  scratch: ScratchDirectory,
  progress: ProgressLine,
): Promise<StartupRow[]> {
  progress.show('startup of a node')
  const command = await scratch.make('command')
  await run(process.execPath, [BUNDLE, command])
  const rows: StartupRow[] = []
  for (const calls of plan.startupCalls) {
    const home = await scratch.make(`home-${calls}`)
    await run(process.execPath, [join(command, 'bin/hansa.js'), 'init', '--home', home, '--listen', '127.0.0.1:0'])
    progress.show('startup of a node', `a log of ${calls} calls`)
    const entries = await work(home, calls)
    rows.push(await startupRow(entries, join(command, 'bin/hansa.js'), home, plan.startups))
  }
  return rows
}

/** Makes so many calls in the home. @returns entries of its log. */
async function work(home: string, calls: number): Promise<number> {
  const rule = { id: 'all', effect: 'allow', subject: '*', action: 'invoke', resource: '*' }
  const text = JSON.stringify({ rules: [rule] })
  await using kernel = await createKernel({
    directory: home,
    policy: [{ name: 'bench', text }],
    inFlight: { perPrincipal: IN_FLIGHT },
  })
  const limits = { calls_per_minute: 10_000_000, concurrent: IN_FLIGHT }
  await kernel.register({ id: 'bench.echo', safety: 'READ', limits }, () => 'an answer')
  let next = 0
  const caller = async () => {
    while (next++ < calls) await kernel.invoke('bench.echo', {})
  }
  await Promise.all(Array.from({ length: IN_FLIGHT }, caller))
  return (await kernel.status()).log.size
}

async function startupRow(entries: number, bin: string, home: string, starts: number): Promise<StartupRow> {
  await start(bin, home)
  const seen: Start[] = []
  for (let at = 0; at < starts; at++) seen.push(await start(bin, home))
  const ms = Float64Array.from(seen.map((one) => one.ms)).sort()
  const middle = (of: (one: Start) => number) => percentile(Float64Array.from(seen.map(of)).sort(), 0.5)
  return {
    name: 'hansa up',
    entries,
    medianMs: percentile(ms, 0.5),
    slowestMs: ms.at(-1) ?? 0,
    residentMiB: middle((one) => one.residentMiB),
    peakMiB: middle((one) => one.peakMiB),
  }
}

type Start = { ms: number; residentMiB: number; peakMiB: number }

/** From the start of the process to its line that it is ready; then it is ended. */
async function start(bin: string, home: string): Promise<Start> {
  const started = performance.now()
  const child = spawn(process.execPath, [bin, 'up', '--home', home, '--json'], { stdio: ['ignore', 'pipe', 'ignore'] })
  const ended = new Promise((resolve) => child.once('close', resolve))
  try {
    const ready = new Promise<boolean>((resolve) => {
      child.stdout.once('data', () => resolve(true))
      child.stdout.once('end', () => resolve(false))
      AbortSignal.timeout(READY_WITHIN_MS).addEventListener('abort', () => resolve(false))
    })
    if (!(await ready)) throw new Error(`hansa up did not start in ${home}`)
    const ms = performance.now() - started
    return { ms, ...(await memoryOf(child.pid ?? 0)) }
  } finally {
    child.kill('SIGTERM')
    await ended
  }
}

/** Of Linux; zero where there is no such file. */
async function memoryOf(pid: number): Promise<Omit<Start, 'ms'>> {
  const text = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '')
  const mebibytes = (key: string) => Number(new RegExp(`^${key}:\\s+(\\d+) kB`, 'm').exec(text)?.[1] ?? 0) / 1024
  return { residentMiB: mebibytes('VmRSS'), peakMiB: mebibytes('VmHWM') }
}
