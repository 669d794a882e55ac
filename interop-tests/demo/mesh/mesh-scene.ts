/** A mesh without a centre, as real processes: found, used, broken and joined while it is in use. */
import { ProcessMesh } from '../../harness/process-mesh.ts'
import { type Story, silentStory } from '../story.ts'
import { emptyMeshReport, type MeshReport } from './mesh-report.ts'
import type { MeshStep } from './mesh-step.ts'
import { openMeshWorld } from './mesh-world.ts'
import { callAcross } from './steps/call-across.ts'
import { findEachOther } from './steps/find-each-other.ts'
import { joinLate } from './steps/join-late.ts'
import { killAThird } from './steps/kill-a-third.ts'

const steps: readonly MeshStep[] = [findEachOther, callAcross, killAThird, joinLate]

/** @param keep leaves the homes where they are. */
export async function meshScene(story: Story, keep: boolean, count: number): Promise<MeshReport> {
  const report = emptyMeshReport()
  await using mesh = await ProcessMesh.create()
  if (keep) mesh.keep()
  story.title('a mesh of towns, without a centre', [
    `■ ${count} organisations, a kernel each, and one that comes late`,
    '■ no registry: who is there is passed on from neighbour to neighbour',
  ])
  const started = performance.now()
  let step = `${count} nodes start`
  try {
    const world = await openMeshWorld(mesh, count, story, report)
    for (const { title, why, run } of steps) {
      step = title
      story.section(title, why)
      await run(world)
    }
    report.ok = true
    const seconds = ((performance.now() - started) / 1000).toFixed(1)
    story.end(`All of it holds: ${seconds} s.`, keep ? [`Everything is in ${mesh.directory}.`] : [])
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    const log = mesh.logText().trimEnd().split('\n').slice(-15)
    story.failed(step, reason, log)
    if (story === silentStory) process.stderr.write(`${step}: ${reason}\n${log.join('\n')}\n`)
  }
  return report
}
