import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { entriesOnDisk } from '../../harness/entries-on-disk.ts'
import { tellBothSides } from '../both-sides.ts'
import { call, observe } from '../call.ts'
import { check } from '../report.ts'
import type { Scene, Step } from '../scene.ts'

const USES = 50
const ref = 'orgb/files.move_file'
const order = (number: number) => ({
  source: `shipments/pending/order-${number}.txt`,
  destination: 'shipments/released/order-4711.txt',
})

export const approval: Step = {
  title: 'A person approves, for exactly one action',
  why: 'Releasing a shipment moves a file in Bergen, and the policy of Bergen wants a person to look at it. An agent can never approve.',
  async run(scene) {
    const id = await ask(scene)
    await approve(scene, id)
    await changeOneByte(scene, id)
    await useInParallel(scene, id)
    await restart(scene)
    await useAfterRestart(scene, id)
    await expectOneRun(scene, id)
  },
}

async function ask(scene: Scene): Promise<string> {
  const seen = await call(scene, {
    id: 'approval-asked',
    what: 'the agent releases order 4711',
    ref,
    args: order(4711),
    expect: { outcome: 'approval', stage: 'remote', code: 'approval_required' },
  })
  await tellBothSides(scene, seen.callId)
  return seen.approvalId ?? ''
}

async function approve({ orgb, story }: Scene, id: string): Promise<void> {
  const { operator } = orgb.client
  const waiting = (await operator.approvals()).find((one) => one.id === id)
  check('a person in Bergen sees exactly these arguments', waiting?.args, JSON.stringify(order(4711)))
  const { state, approver } = await operator.approve(id, 'person:astrid-vik')
  check('the approval', { state, approver }, { state: 'granted', approver: 'person:astrid-vik' })
  story.done(`person:astrid-vik sees the exact arguments at orgb and approves ${id.slice(0, 8)}…`)
}

async function changeOneByte(scene: Scene, id: string): Promise<void> {
  await call(scene, {
    id: 'approval-changed-byte',
    what: 'the agent uses it for order 4712: one byte differs',
    ref,
    args: order(4712),
    approval: id,
    expect: { outcome: 'refused', stage: 'remote', code: 'approval_required' },
  })
}

async function useInParallel(scene: Scene, id: string): Promise<void> {
  const { released, refused, ms } = await use(scene, id, 'approval-use')
  check(`of ${USES} uses at the same time`, { released, refused }, { released: 1, refused: USES - 1 })
  scene.story.done(`the agent uses it ${USES} times at once: ${released} released, ${refused} refused`, ms)
}

async function restart({ orgb, story }: Scene): Promise<void> {
  story.doing('killing orgb and starting it again')
  const started = performance.now()
  await orgb.kill()
  await orgb.start()
  story.done(`orgb is killed (kill -9) and starts again from its log, pid ${orgb.pid}`, performance.now() - started)
}

async function useAfterRestart(scene: Scene, id: string): Promise<void> {
  const { released, refused, ms } = await use(scene, id, 'approval-use-after-restart')
  check(`of ${USES} uses after the restart`, { released, refused }, { released: 0, refused: USES })
  scene.story.done(`the agent uses it ${USES} times more: ${released} released, ${refused} refused`, ms)
}

async function use(scene: Scene, id: string, name: string): Promise<{ released: number; refused: number; ms: number }> {
  scene.story.doing(`${USES} uses of one approval`)
  const started = performance.now()
  const uses = Array.from({ length: USES }, (_, at) =>
    observe(scene, { id: `${name}-${at + 1}`, ref, args: order(4711), approval: id }),
  )
  const rows = (await Promise.all(uses)).map(({ row }) => row)
  const refused = rows.filter(({ outcome, code }) => outcome === 'refused' && code === 'approval_required')
  const released = rows.filter(({ outcome }) => outcome === 'released')
  return { released: released.length, refused: refused.length, ms: performance.now() - started }
}

/** In the log of orgb, and in its files. */
async function expectOneRun({ orgb, story }: Scene, id: string): Promise<void> {
  const runs = (await entriesOnDisk(orgb.logDirectory)).filter(
    ({ type, ext }) => type === 'intent.accepted' && ext?.approval === id,
  )
  check('actions that orgb began under the approval', runs.length, 1)
  const files = async (directory: string) => (await readdir(join(orgb.home, 'files/shipments', directory))).sort()
  const [pending, released] = [await files('pending'), await files('released')]
  check('what is pending', pending, ['order-4712.txt'])
  check('what is released', released, ['order-4709.txt', 'order-4711.txt'])
  story.side(
    'orgb',
    'ran once',
    `entry ${runs[0]?.seq} of its log; on disk: released ${released.join(', ')}; pending ${pending.join(', ')}`,
  )
}
