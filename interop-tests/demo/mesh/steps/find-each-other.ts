import type { SceneStep } from '../../play-scene.ts'
import { check } from '../../report.ts'
import { until } from '../../until.ts'
import { meshRows, type Seen, statuses } from '../mesh-table.ts'
import { at, type MeshWorld } from '../mesh-world.ts'

export const findEachOther: SceneStep<MeshWorld> = {
  title: 'Every kernel finds every other one, and there is no registry',
  why: 'The first one waits. Each of the others is told of one that is there already, and of no other. What each kernel has signed about itself is passed on from neighbour to neighbour.',
  async run(world) {
    const { nodes, story, report } = world
    const [first, ...others] = nodes
    if (first === undefined) throw new TypeError('a mesh has a first node')
    await at(world, first, 'join')
    await Promise.all(others.map((node, before) => at(world, node, 'join', nodes[before]?.endpoint ?? '')))
    const since = performance.now()
    let seen: Seen[] = []
    await until(`each of ${nodes.length} knows the others`, async () => {
      seen = await statuses(world)
      story.watched(meshRows(seen, others.length))
      return seen.every(({ status }) => status.kernels >= others.length)
    })
    report.convergedMs = Math.round(performance.now() - since)
    story.table(meshRows(seen, others.length))
    check('kernels that each of them knows', [...new Set(seen.map(({ status }) => status.kernels))], [others.length])
    story.done('every kernel knows every other one, from the last join on', report.convergedMs)
  },
}
