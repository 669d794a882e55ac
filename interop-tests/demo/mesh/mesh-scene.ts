/** A mesh without a centre, as real processes: found, used, broken and joined while it is in use. */
import { playScene } from '../play-scene.ts'
import type { Story } from '../story.ts'
import { emptyMeshReport, type MeshReport } from './mesh-report.ts'
import { openMeshWorld } from './mesh-world.ts'
import { callAcross } from './steps/call-across.ts'
import { findEachOther } from './steps/find-each-other.ts'
import { joinLate } from './steps/join-late.ts'
import { killAThird } from './steps/kill-a-third.ts'

/** @param keep leaves the homes where they are. */
export async function meshScene(story: Story, keep: boolean, count: number): Promise<MeshReport> {
  const report = emptyMeshReport()
  report.ok = await playScene({
    ...{ story, keep, opening: `${count} nodes start` },
    heading: 'a mesh of towns, without a centre',
    about: [
      `■ ${count} organisations, a kernel each, and one that comes late`,
      '■ no registry: who is there is passed on from neighbour to neighbour',
    ],
    open: (mesh) => openMeshWorld(mesh, count, story, report),
    steps: [findEachOther, callAcross, killAThird, joinLate],
  })
  return report
}
