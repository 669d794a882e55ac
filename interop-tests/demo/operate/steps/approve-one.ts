import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { check, DemoError } from '../../report.ts'
import type { OperateStep, OperateWorld } from '../operate-step.ts'
import { refusalOf } from '../shell.ts'
import { asReporter } from './agent-calls.ts'

const ref = 'orgb/shipments.release'
const args = '{"number":4711}'

export const approveOne: OperateStep = {
  name: 'approve',
  title: 'A person at orgb approves one action',
  why: 'orgb lets orga release shipments, each with the word of a person. Its policy file is changed while both nodes run.',
  async run(world) {
    const { story, orga, orgb, facts } = world
    await writeFile(join(orgb.home, 'policy.d/release.yaml'), releaseRule)
    await orgb.json(['policy', 'reload'])
    const asked = refusalOf(await orga.run(['call', ref, args, ...asReporter]))
    check('what the agent hears', [asked.code, asked.stage], ['approval_required', 'remote'])
    const id = asked.approvalId ?? ''
    story.done('approval_required: nothing has happened yet')

    await approve(world, id)
    const frame = await orga.json<{ callId: string; value: { state: string } }>([
      'call',
      ref,
      args,
      '--approval',
      id,
      ...asReporter,
    ])
    check('the shipment', frame.value.state, 'released')
    check('the shipment in the records of orgb', await stateAtOrgb(world), 'released')
    story.done('the agent repeats the call with the approval, and shipment 4711 is released')
    const again = refusalOf(await orga.run(['call', ref, args, '--approval', id, ...asReporter]))
    check('the same approval once more', again.code, 'approval_required')
    story.done('once more with the same approval: refused')
    facts.approval = id
    facts.lastCall = frame.callId
  },
}

const releaseRule = `rules:
  - id: releases-need-a-person
    description: orga may release shipments, each approved by a person of the harbour office.
    effect: require_approval
    subject: peer:orga
    action: invoke
    resource: shipments.release
    obligations: [redact:PII]
`

async function approve({ story, orgb }: OperateWorld, id: string): Promise<void> {
  const byAgent = refusalOf(await orgb.run(['approve', id, '--as', 'agent:reporter']))
  check('an agent that approves', byAgent.code, 'invalid_request')
  story.done('an agent cannot approve')
  const waiting = await orgb.json<{ id: string; args: string | null }[]>(['approvals'])
  check(
    'what waits at orgb',
    waiting.map((one) => [one.id, one.args]),
    [[id, args]],
  )
  const { state, approver } = await orgb.json<{ state: string; approver: string }>([
    'approve',
    id,
    '--as',
    'person:astrid-vik',
  ])
  check('the approval', { state, approver }, { state: 'granted', approver: 'person:astrid-vik' })
  story.done('person:astrid-vik sees exactly these arguments, and approves')
}

async function stateAtOrgb({ orgb }: OperateWorld): Promise<string> {
  const shipments = JSON.parse(await readFile(join(orgb.home, 'shipments.json'), 'utf8')) as {
    number: number
    state: string
  }[]
  const found = shipments.find(({ number }) => number === 4711)
  if (found === undefined) throw new DemoError({ code: 'not_as_expected', what: 'shipments' }, 'Shipment 4711 is gone.')
  return found.state
}
