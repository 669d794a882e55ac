import { z } from 'zod'
import { hansa } from '../../../harness/node-process.ts'
import type { SceneStep } from '../../play-scene.ts'
import { check } from '../../report.ts'
import { until } from '../../until.ts'
import { duringTraffic } from '../traffic.ts'
import { chainForTraffic } from '../traffic-chain.ts'
import { at, type TrustWorld } from '../trust-world.ts'

const AFTERWARDS = 50

export const rotate: SceneStep<TrustWorld> = {
  title: 'orgb changes its key under traffic',
  why: 'The identity of orgb is a did:webvh: it has a log, in which the new key was promised before anybody could ask for it. The key is announced, signs twelve seconds later, and the clerk calls all the while.',
  async run(world) {
    const { report, story } = world
    const { ofClerk } = await chainForTraffic(world, 'season')
    const before = await signingKey(world)
    let after = before
    const traffic = await duringTraffic(world, ofClerk, async (seen) => {
      await at(world, 'orgb', 'key', 'rotate')
      story.doing('waiting until the new key signs')
      await until('the new key signs', async () => {
        after = await signingKey(world)
        return after !== before
      })
      const calls = seen.calls
      await until('calls go on under it', () => seen.calls >= calls + AFTERWARDS)
    })
    report.rotation = { calls: traffic.calls, failed: traffic.failed.length }
    check('calls that failed', traffic.failed, [])
    story.done(`${traffic.calls} calls, none failed; ${short(before)} signed the first, ${short(after)} the last`)
  },
}

const keysSchema = z.object({ keys: z.array(z.object({ kid: z.string(), state: z.string() })) })

async function signingKey({ nodes: { orgb } }: TrustWorld): Promise<string> {
  const shown = keysSchema.parse(JSON.parse(await hansa('key', 'show', '--json', '--home', orgb.home)))
  return shown.keys.find(({ state }) => state === 'signing')?.kid ?? ''
}

function short(kid: string): string {
  return `#${kid.slice(kid.indexOf('#') + 1).slice(0, 12)}…`
}
