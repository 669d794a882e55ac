import { check } from '../../report.ts'
import type { OperateStep } from '../operate-step.ts'
import type { Organisation } from '../organisation.ts'
import { refusalOf } from '../shell.ts'
import { asReporter } from './agent-calls.ts'

type Status = { did: string; log: { size: number; root: string }; peers: number; capabilities: number }

export const restart: OperateStep = {
  name: 'restart',
  title: 'Both nodes restart, and nothing is lost',
  why: 'SIGTERM: running calls end, acknowledgements are sent, a last checkpoint is signed. Then the same homes start again.',
  async run({ story, orga, orgb, facts }) {
    const before = { orga: await status(orga), orgb: await status(orgb) }
    await orga.stop()
    await orgb.stop()
    story.done('both ended in good order')
    for (const one of [orga, orgb]) {
      story.command(`hansa up --home ${one.name}`)
      const started = performance.now()
      await one.up()
      story.done(`${one.name} is ready again`, performance.now() - started)
      const after = await status(one)
      const { did, peers, capabilities, log } = before[one.name]
      check(`${one.name} after the restart`, [after.did, after.peers, after.capabilities], [did, peers, capabilities])
      check(`that the log of ${one.name} has not become shorter`, after.log.size >= log.size, true)
    }
    const frame = await orga.json<{ value: { state: string } }>([
      'call',
      'orgb/shipments.read',
      '{"number":4711}',
      ...asReporter,
    ])
    check('the shipment', frame.value.state, 'released')
    story.done('pins, policies, agents and shipments are there: the agent calls again at once')
    const again = refusalOf(
      await orga.run([
        'call',
        'orgb/shipments.release',
        '{"number":4711}',
        '--approval',
        facts.approval ?? '',
        ...asReporter,
      ]),
    )
    check('the used approval after the restart', again.code, 'approval_required')
    story.done('the used approval is still used')
  },
}

function status(organisation: Organisation): Promise<Status> {
  return organisation.json<Status>(['status'])
}
