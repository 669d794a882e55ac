import { z } from 'zod'
import { hansa } from '../../../harness/node-process.ts'
import type { SceneStep } from '../../play-scene.ts'
import { check } from '../../report.ts'
import { until } from '../../until.ts'
import { at, type TrustWorld } from '../trust-world.ts'

export const earn: SceneStep<TrustWorld> = {
  title: 'What orgb makes of its callers, and why',
  why: 'A score follows from entries of the log that both sides have signed, and from nothing else. What goes well on one day counts from the next one on, so this is the score of tomorrow.',
  async run(world) {
    const { nodes, mallory, report, story } = world
    const clerk = nodes['orga-clerk'].did
    // Acknowledgements of the last calls are under way, and each of them counts.
    await until('the score stands still', () => standsStill(world, clerk))
    const day = ['--day', tomorrow(), '--json']
    const shown = await at(world, 'orgb', 'trust', 'explain', clerk, ...day)
    const explained = explanationSchema.parse(JSON.parse(shown))
    const { did, score: value, tier, contributions } = { ...explained, did: explained.of }
    report.score = { did, value, tier, contributions }
    for (const { kind, count, rule, day } of contributions) story.note(`${day}: ${count} × ${kind}. ${rule}`)
    check('whether anything counts for the clerk', contributions.length > 0, true)
    story.done(`the clerk: ${value}, ${tier}`)
    const offline = await at(world, 'orgb', 'trust', 'explain', clerk, '--log', nodes.orgb.logDirectory, ...day)
    check('what the log alone says', offline, shown)
    story.done('the same, byte for byte, from the directory of the log alone')
    const ofMallory = explanationSchema.parse(
      JSON.parse(await at(world, 'orgb', 'trust', 'explain', mallory.did, ...day)),
    )
    story.done(`mallory: ${ofMallory.score}, ${ofMallory.tier}`)
  },
}

const explanationSchema = z.object({
  of: z.string(),
  score: z.int(),
  tier: z.string(),
  contributions: z.array(z.looseObject({ day: z.string(), kind: z.string(), count: z.int(), rule: z.string() })),
})

function tomorrow(): string {
  return new Date(Date.now() + 86_400_000).toISOString().slice(0, 10)
}

async function standsStill({ nodes: { orgb } }: TrustWorld, did: string): Promise<boolean> {
  const look = () => hansa('trust', 'explain', did, '--day', tomorrow(), '--json', '--home', orgb.home)
  const first = await look()
  return first === (await look())
}
