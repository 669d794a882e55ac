import { imports } from '../call.ts'
import { check, DemoError } from '../report.ts'
import type { Step } from '../scene.ts'

const meanings = {
  most_restrictive: 'both sides have to permit; the default',
  local_only: 'orga decides alone; orgb still guards its own side',
  remote_deferred: 'where orga has no rule, orgb decides, signed',
} as const

export const importOrgb: Step = {
  title: 'orga imports orgb, once under each trust policy',
  why:
    'An import pins identity, log key, endpoint and every description, so that nothing changes behind the back of orga. ' +
    'The trust policy says how much the word of the other side counts. Three aliases, to compare them.',
  async run({ orga, orgb, manifests, story }) {
    const manifest = manifests.get('orgb')?.jws
    if (manifest === undefined)
      throw new DemoError({ code: 'not_as_expected', what: 'manifest' }, 'orgb was not found.')
    for (const [alias, trustPolicy] of Object.entries(imports)) {
      story.doing(`importing as ${alias}`)
      const started = performance.now()
      const imported = await orga.client.importRemote({ manifest, as: alias, trustPolicy })
      check(
        `${alias}: who was imported, and how`,
        { peer: imported.peer, trustPolicy: imported.trustPolicy },
        { peer: orgb.did, trustPolicy },
      )
      story.done(`${alias.padEnd(14)} ${trustPolicy.padEnd(17)} ${meanings[trustPolicy]}`, performance.now() - started)
    }
  },
}
