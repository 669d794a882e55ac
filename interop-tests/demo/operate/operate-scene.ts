/**
 * Two organisations that know nothing of each other install a node each, join over TLS, call, approve, export, restart:
 * by the shipped commands alone. A step that sees anything else than it has to ends the scene.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePort } from '../../harness/free-port.ts'
import { type Story, silentStory } from '../story.ts'
import type { OperateStep, OperateWorld } from './operate-step.ts'
import { Organisation } from './organisation.ts'
import { Shell } from './shell.ts'
import { steps } from './steps.ts'

export type OperateReport = {
  /** Every step did what it has to. */
  ok: boolean
  steps: { name: string; ok: boolean; ms: number }[]
}

const LAST_LINES = 15

/** @param keep leaves the homes where they are. */
export async function operateScene(story: Story, keep: boolean): Promise<OperateReport> {
  const directory = await mkdtemp(join(tmpdir(), 'hansa-operate-'))
  const shell = new Shell({ directory, story })
  // Two addresses of one machine stand for two hosts; nothing else is shared.
  await using orga = new Organisation({ name: 'orga', host: '127.0.0.2', port: await freePort() }, shell)
  await using orgb = new Organisation({ name: 'orgb', host: '127.0.0.3', port: await freePort() }, shell)
  const world: OperateWorld = { directory, story, orga, orgb, facts: {} }
  const report: OperateReport = { ok: false, steps: [] }
  story.title('two nodes, installed, joined, operated and audited', [
    '■ orga   Lübeck Trading House     its agent asks     127.0.0.2',
    '■ orgb   Bergen Harbour Office    serves records     127.0.0.3',
  ])
  const started = performance.now()
  try {
    for (const step of steps) if (!(await runStep(step, world, report))) return report
    report.ok = true
    const seconds = ((performance.now() - started) / 1000).toFixed(1)
    story.end(`All of it holds: ${steps.length} steps, ${seconds} s.`, [
      keep ? `Everything is in ${directory}.` : 'The homes are removed now. Keep them with --keep.',
    ])
    return report
  } finally {
    await Promise.all([orga, orgb].map((one) => one[Symbol.asyncDispose]()))
    if (!keep) await rm(directory, { recursive: true, force: true })
  }
}

async function runStep(step: OperateStep, world: OperateWorld, report: OperateReport): Promise<boolean> {
  const { story, orga, orgb } = world
  story.section(step.title, step.why)
  const started = performance.now()
  const row = { name: step.name, ok: false, ms: 0 }
  report.steps.push(row)
  try {
    await step.run(world)
    row.ok = true
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    const log = [...orga.log, ...orgb.log].slice(-LAST_LINES)
    story.failed(step.title, reason, log)
    if (story === silentStory) process.stderr.write(`${step.title}: ${reason}\n${log.join('\n')}\n`)
  }
  row.ms = Math.round(performance.now() - started)
  return row.ok
}
