/** What trust is made of, between real processes: what is given, passed on, taken back, and earned. */
import { ProcessMesh } from '../../harness/process-mesh.ts'
import { type Story, silentStory } from '../story.ts'
import { delegate } from './steps/delegate.ts'
import { earn } from './steps/earn.ts'
import { rotate } from './steps/rotate.ts'
import { steal } from './steps/steal.ts'
import { takeBack } from './steps/take-back.ts'
import { emptyTrustReport, type TrustReport } from './trust-report.ts'
import type { TrustStep } from './trust-step.ts'
import { openTrustWorld } from './trust-world.ts'

const steps: readonly TrustStep[] = [delegate, steal, rotate, takeBack, earn]

/** @param keep leaves the homes and the chains where they are. */
export async function trustScene(story: Story, keep: boolean): Promise<TrustReport> {
  const report = emptyTrustReport()
  await using mesh = await ProcessMesh.create()
  if (keep) mesh.keep()
  story.title('who may act for whom, and until when', [
    '■ orga   Lübeck Trading House     and the kernel of its clerk',
    '■ orgb   Bergen Harbour Office    and the kernel of its desk',
  ])
  const started = performance.now()
  let step = 'Four nodes start'
  try {
    const world = await openTrustWorld(mesh, story, report)
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
