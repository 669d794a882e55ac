import { hansa } from '../../../harness/node-process.ts'
import type { SceneStep } from '../../play-scene.ts'
import { check } from '../../report.ts'
import type { ProtocolsWorld } from '../protocols-world.ts'

export const verifyBoth: SceneStep<ProtocolsWorld> = {
  title: 'The two logs agree about all of it',
  why: 'Whatever protocol a call came by, between the kernels it was a signed intent, a receipt and an acknowledgement. Both nodes have stopped; the verifier needs neither.',
  async run({ orga, orgb, story }) {
    const keys = [orga, orgb].flatMap(({ did }) => ['--key', did])
    await Promise.all([orga.stop(), orgb.stop()])
    const args = ['verify', orga.logDirectory, orgb.logDirectory, '--json', ...keys]
    const { verdict, findings } = JSON.parse(await hansa(...args)) as { verdict: string; findings: unknown[] }
    check('the pair', { verdict, findings }, { verdict: 'consistent', findings: [] })
    story.done('every intent has its receipt, every receipt its acknowledgement')
  },
}
