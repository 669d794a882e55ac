import type { NodeProcess } from '../../../harness/node-process.ts'
import type { SceneStep } from '../../play-scene.ts'
import { check } from '../../report.ts'
import { until } from '../../until.ts'
import { importFound } from '../import-found.ts'
import { meshRows, statuses } from '../mesh-table.ts'
import { at, type MeshWorld, survivors } from '../mesh-world.ts'
import { callBerths } from '../traffic.ts'

export const joinLate: SceneStep<MeshWorld> = {
  title: 'A late one joins through whoever is left',
  why: 'It has an identity and an address of one kernel. It is timed from the command to its first permitted call at a kernel that it had never heard of.',
  async run(world) {
    const { late, nodes, story, report } = world
    const alive = survivors(world)
    const [through, other] = [alive.at(0), alive.at(-1)] as [NodeProcess, NodeProcess]
    await late.start()
    const since = performance.now()
    await at(world, late, 'join', through.endpoint)
    await until(`${late.name} knows ${other.name}`, async () =>
      (await importFound(late, 'harbour.berths')).includes(other.did),
    )
    check(`${late.name} asks ${other.name}`, await callBerths(late, other.name), 'released')
    report.lateJoinMs = Math.round(performance.now() - since)
    story.done(`${late.name} has joined, found ${other.name} and called it`, report.lateJoinMs)
    nodes.push(late)
    await until(`everybody that lives knows ${late.name}`, async () => {
      const now = await statuses(world)
      story.watched(meshRows(now, nodes.length - 1))
      return now.every(({ node, status }) => node === late || status.known.some(({ did }) => did === late.did))
    })
    story.table(meshRows(await statuses(world), nodes.length - 1))
  },
}
