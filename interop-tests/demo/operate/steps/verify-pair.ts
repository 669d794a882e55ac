import { check } from '../../report.ts'
import type { OperateStep } from '../operate-step.ts'

type PairReport = { verdict: string; calls: Record<string, number>; findings: { code: string; text: string }[] }

export const verifyPair: OperateStep = {
  name: 'verify',
  title: 'The two logs are verified as a pair',
  why: 'Both nodes have stopped. The verifier needs no node and no network; the keys are the DIDs that were compared.',
  async run({ story, orga, orgb }) {
    await orga.stop()
    await orgb.stop()
    const ran = await orga.run(['verify', 'orga', 'orgb', '--key', orga.did, '--key', orgb.did])
    const { verdict, calls, findings } = JSON.parse(ran.stdout) as PairReport
    check('the pair', { verdict, findings }, { verdict: 'consistent', findings: [] })
    story.done('the pair is consistent: intents, receipts and acknowledgements name each other')
    story.note(
      `Calls between the two: ${Object.entries(calls)
        .map(([kind, count]) => `${count} ${kind}`)
        .join(', ')}.`,
    )
  },
}
