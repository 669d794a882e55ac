/** Plain clients of A2A and MCP, two kernels, and no way around either. */
import { playScene } from '../play-scene.ts'
import type { Story } from '../story.ts'
import { emptyProtocolsReport, type ProtocolsReport } from './protocols-report.ts'
import { openProtocolsWorld } from './protocols-world.ts'
import { callOverMcp } from './steps/call-over-mcp.ts'
import { delegateOverA2a } from './steps/delegate-over-a2a.ts'
import { refuseBoth } from './steps/refuse-both.ts'
import { verifyBoth } from './steps/verify-both.ts'

/** @param keep leaves the homes where they are. */
export async function protocolsScene(story: Story, keep: boolean): Promise<ProtocolsReport> {
  const report = emptyProtocolsReport()
  report.ok = await playScene({
    ...{ story, keep, opening: 'Two nodes start' },
    heading: 'clients that know nothing of kernels',
    about: [
      '■ orga   Lübeck Trading House     is an A2A agent and an MCP server to whoever has a credential',
      '■ orgb   Bergen Harbour Office    has a desk that answers, and an MCP server with files',
    ],
    open: (mesh) => openProtocolsWorld(mesh, story, report),
    steps: [delegateOverA2a, callOverMcp, refuseBoth, verifyBoth],
  })
  return report
}
