import { tellBothSides } from '../both-sides.ts'
import { call } from '../call.ts'
import { check } from '../report.ts'
import type { Scene, Step } from '../scene.ts'

type Request = { ref: string; args: object }

export const refusals: Step = {
  title: 'Either side can say no',
  why: 'Under most_restrictive both have to permit. What both would say can be asked beforehand with explain, which does nothing.',
  async run(scene) {
    await refusedByB(scene)
    await refusedByA(scene)
  },
}

async function refusedByB(scene: Scene): Promise<void> {
  const salaries: Request = { ref: 'orgb/files.read_text_file', args: { path: 'hr/salaries-2026.csv' } }
  await expectOpinions(scene, salaries, 'agent:buyer', { orga: 'permit', orgb: 'deny' })
  const seen = await call(scene, {
    ...salaries,
    id: 'refused-by-orgb',
    what: 'the agent asks for the salaries of Bergen',
    expect: { outcome: 'refused', stage: 'remote', code: 'policy_denied' },
  })
  const sides = await tellBothSides(scene, seen.callId)
  check('who decided what', [sides.orga.did, sides.orgb.did], ['permits', 'refuses'])
  scene.story.note('explain had said so. The refusal is signed by orgb; which rule it was stays in the log of orgb.')
}

async function refusedByA(scene: Scene): Promise<void> {
  const edit: Request = {
    ref: 'orgb/files.edit_file',
    args: { path: 'contracts/stockfish-2027.txt', edits: [{ oldText: 'NOK 214.00', newText: 'NOK 114.00' }] },
  }
  // orga asks nobody about what it would not send; for a person of Lübeck it would.
  await expectOpinions(scene, edit, 'person:olga', { orga: 'permit', orgb: 'permit' })
  const seen = await call(scene, {
    ...edit,
    id: 'refused-by-orga',
    what: 'the agent wants to change a price in a contract',
    expect: { outcome: 'refused', stage: 'policy', code: 'policy_denied' },
  })
  const sides = await tellBothSides(scene, seen.callId)
  check('who decided what', [sides.orga.did, sides.orgb.did], ['refuses', 'not asked'])
  scene.story.note(
    'explain for person:olga, who may: orgb would permit exactly this. It is orga that keeps its agent from it.',
  )
}

/** What both policies would say to this request of that principal, without a call. */
async function expectOpinions(
  { orga, story }: Scene,
  { ref, args }: Request,
  principal: string,
  expected: { orga: string; orgb: string },
): Promise<void> {
  story.doing('asking both policies')
  const { local, remote } = await orga.client.explain(ref, args, { principal })
  check(`${ref} by ${principal}: what both policies say`, { orga: local.effect, orgb: remote?.effect }, expected)
}
