/** What trust is made of, between real processes: what is given, passed on, taken back, and earned. */
import { playScene } from '../play-scene.ts'
import type { Story } from '../story.ts'
import { delegate } from './steps/delegate.ts'
import { earn } from './steps/earn.ts'
import { rotate } from './steps/rotate.ts'
import { steal } from './steps/steal.ts'
import { takeBack } from './steps/take-back.ts'
import { emptyTrustReport, type TrustReport } from './trust-report.ts'
import { openTrustWorld } from './trust-world.ts'

/** @param keep leaves the homes and the chains where they are. */
export async function trustScene(story: Story, keep: boolean): Promise<TrustReport> {
  const report = emptyTrustReport()
  report.ok = await playScene({
    ...{ story, keep, opening: 'Four nodes start' },
    heading: 'who may act for whom, and until when',
    about: [
      '■ orga   Lübeck Trading House     and the kernel of its clerk',
      '■ orgb   Bergen Harbour Office    and the kernel of its desk',
    ],
    open: (mesh) => openTrustWorld(mesh, story, report),
    steps: [delegate, steal, rotate, takeBack, earn],
  })
  return report
}
