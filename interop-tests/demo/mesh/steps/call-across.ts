import type { NodeProcess } from '../../../harness/node-process.ts'
import type { SceneStep } from '../../play-scene.ts'
import { check } from '../../report.ts'
import { importFound } from '../import-found.ts'
import { at, type MeshWorld } from '../mesh-world.ts'
import { callBerths } from '../traffic.ts'

/** Of those that each node finds, it imports so many. */
const IMPORTS = 3

export const callAcross: SceneStep<MeshWorld> = {
  title: 'Each searches what it holds, imports what it finds, and calls it',
  why: 'A search asks nobody: it is answered from the manifests that a kernel has itself. What is found is imported and called like everything else, through the policies and firewalls of both sides.',
  async run(world) {
    const { nodes, story, report, imports } = world
    await at(world, nodes[0] as NodeProcess, 'search', 'free berths', '--limit', '3')
    for (const [which, node] of nodes.entries()) {
      const found = await importFound(node, 'harbour.berths')
      check(`harbours that ${node.name} finds`, found.length, nodes.length - 1)
      // Others for each, so that whoever is killed has been imported by somebody.
      const chosen = Array.from(
        { length: Math.min(IMPORTS, found.length) },
        (_, at) => nodes[(which + 1 + at) % nodes.length],
      )
      imports.set(
        node,
        chosen.filter((one) => one !== undefined),
      )
    }
    for (const [node, others] of imports) {
      for (const other of others) {
        check(`${node.name} asks ${other.name}`, await callBerths(node, other.name), 'released')
        report.callsAcross++
      }
    }
    story.done(`${report.callsAcross} calls between ${nodes.length} organisations, all released`)
  },
}
