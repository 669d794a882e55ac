import type { SceneStep } from '../../play-scene.ts'
import { check } from '../../report.ts'
import { until } from '../../until.ts'
import { meshRows, statuses } from '../mesh-table.ts'
import { type MeshWorld, survivors } from '../mesh-world.ts'
import { duringTraffic } from '../traffic.ts'

/** Calls of each kind after the kill, before it is believed. */
const AFTERWARDS = 300

export const killAThird: SceneStep<MeshWorld> = {
  title: 'A third of them is killed under traffic',
  why: 'Every node calls itself and others all the while. Three processes get kill -9, the one that the mesh began with among them. Nobody else may notice: no local call fails, and no call between two that live.',
  async run(world) {
    const { nodes, killed, story, report, imports } = world
    const victims = nodes.slice(0, Math.round(nodes.length / 3))
    const traffic = await duringTraffic(world, imports, async (seen) => {
      await until('every kind of call goes on', () => seen.local.calls > AFTERWARDS && seen.between.calls > AFTERWARDS)
      for (const victim of victims) killed.add(victim)
      story.command(`kill -9 ${victims.map(({ pid, name }) => `${pid} (${name})`).join(' ')}`)
      report.killed = victims.map(({ did }) => did)
      await Promise.all(victims.map((victim) => victim.kill()))
      const [local, between] = [seen.local.calls, seen.between.calls]
      await until(
        'calls go on',
        () => seen.local.calls > local + AFTERWARDS && seen.between.calls > between + AFTERWARDS,
      )
      await until('the neighbours of everybody are alive', async () => {
        const now = await statuses(world)
        story.watched(meshRows(now, nodes.length - 1))
        return now.every(({ status }) =>
          status.neighbours.some(({ did, heard, fault }) => {
            return heard !== undefined && fault === undefined && survivors(world).some((one) => one.did === did)
          }),
        )
      })
    })
    const { local, between, lost } = traffic
    Object.assign(report, {
      localCalls: local.calls,
      localFailures: local.failures.length,
      survivorCalls: between.calls,
      survivorFailures: between.failures.length,
    })
    check('local calls that failed', local.failures, [])
    check('calls between survivors that failed', between.failures, [])
    story.done(`${local.calls} local calls, none failed`)
    story.done(
      `${between.calls} calls between nodes that live, none failed; ${lost} to and from those that were killed, of which nothing is claimed`,
    )
  },
}
