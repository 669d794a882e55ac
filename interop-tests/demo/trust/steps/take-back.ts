import type { SceneStep } from '../../play-scene.ts'
import { check } from '../../report.ts'
import { until } from '../../until.ts'
import { duringTraffic } from '../traffic.ts'
import { chainForTraffic } from '../traffic-chain.ts'
import type { TrustWorld } from '../trust-world.ts'

/** Calls that have to be refused before it is believed. */
const REFUSED = 20

export const takeBack: SceneStep<TrustWorld> = {
  title: 'A link is taken back while it is used',
  why: 'The clerk calls orgb without a pause. orga takes the link back that it gave: orgb, which has a session with orga, is told at once, and refuses from then on.',
  async run(world) {
    const { nodes, report, story } = world
    const { ofOrga, ofClerk } = await chainForTraffic(world, 'order-4711')
    await orgaCallsOnce(world, ofOrga)
    let revokedMs = 0
    let pushedMs = 0
    const traffic = await duringTraffic(world, ofClerk, async (seen) => {
      await until('the clerk calls', () => seen.lastReleasedMs > 0 && seen.calls >= REFUSED)
      story.command(`orga: hansa revoke delegation ${ofClerk} --reason 'order 4711 is done'`)
      await nodes.orga.client.operator.revoke({ kind: 'delegation', what: ofClerk, reason: 'order 4711 is done' })
      revokedMs = performance.now()
      await until('orgb is told', async () =>
        (await nodes.orgb.client.operator.revocations()).some(({ what }) => what === ofClerk),
      )
      pushedMs = performance.now()
      await until('calls are refused', () => seen.failed.length >= REFUSED)
    })
    check('how the refused calls ended', [...new Set(traffic.failed)], ['policy_denied'])
    report.revocation = {
      pushedMs: Math.round(pushedMs - revokedMs),
      lastAcceptedMs: Math.max(0, Math.round(traffic.lastReleasedMs - revokedMs)),
    }
    story.done(`orgb had it ${report.revocation.pushedMs} ms after the command had answered`)
    story.done(
      `the last of ${traffic.calls - traffic.failed.length} calls was released ${report.revocation.lastAcceptedMs} ms after it, and every one since was refused`,
    )
  },
}

/** So that it has a session with orgb. */
async function orgaCallsOnce(world: TrustWorld, chain: string): Promise<void> {
  await world.nodes.orga.client.invoke(
    'orgb/billing.invoice.list',
    { tenant: 'lubeck' },
    { principal: 'agent:buyer', delegation: chain },
  )
}
