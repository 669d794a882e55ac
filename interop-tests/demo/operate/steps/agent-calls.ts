import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { check } from '../../report.ts'
import type { OperateStep } from '../operate-step.ts'
import { refusalOf } from '../shell.ts'

const credentialFile = 'reporter.credential'

/** Options of a call that the agent makes. */
export const asReporter: readonly string[] = ['--credential-file', credentialFile]

type Frame = { value: unknown; labels: string[]; callId: string }

export const agentCalls: OperateStep = {
  name: 'call',
  title: 'An agent of orga calls orgb',
  why: 'The agent has a credential of its own, printed once. Under it, it can call and nothing else.',
  async run(world) {
    const { directory, story, orga } = world
    const { credential } = await orga.json<{ credential: string }>(['agent', 'add', 'reporter'])
    await writeFile(join(directory, credentialFile), credential, { mode: 0o600 })
    story.note('The node keeps only the hash of the credential; this is the one time that it is shown.')
    const frame = await orga.json<Frame>(['call', 'orgb/shipments.read', '{"number":4711}', ...asReporter])
    check('what the agent gets', frame.value, {
      number: 4711,
      goods: 'stockfish, 40 crates',
      state: 'pending',
      contact: '[redacted:PII]',
    })
    story.received([JSON.stringify(frame.value)])
    story.done('released by both firewalls: the contact stayed in Bergen')
    const refused = refusalOf(await orga.run(['call', 'orgb/shipments.release', '{"number":4711}', ...asReporter]))
    check('a call that orgb has no rule for', refused.code, 'policy_denied')
    story.done('shipments.release is refused by orgb: it has no rule for it')
    const other = ['--principal', 'agent:treasurer', ...asReporter]
    const asAnother = refusalOf(await orga.run(['call', 'orgb/shipments.read', '{"number":4711}', ...other]))
    check('a call in the name of another agent', asAnother.code, 'policy_denied')
    story.done('with its credential it acts as agent:reporter and as nobody else')
  },
}
