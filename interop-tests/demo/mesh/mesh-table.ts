/** Who knows whom, as it is now. */
import type { MeshStatus } from '@hansa/protocols'
import type { NodeProcess } from '../../harness/node-process.ts'
import { type MeshWorld, survivors } from './mesh-world.ts'

export type Seen = { node: NodeProcess; status: MeshStatus }

/** What each node that lives says. */
export async function statuses(world: MeshWorld): Promise<Seen[]> {
  return await Promise.all(
    survivors(world).map(async (node) => ({ node, status: await node.client.operator.mesh.status() })),
  )
}

/** @param all others that there are. */
export function meshRows(seen: readonly Seen[], all: number): string[][] {
  return [
    ['kernel', 'knows', '', 'neighbours that answer'],
    ...seen.map(({ node, status: { kernels, neighbours } }) => [
      node.name,
      `${kernels} of ${all}`,
      bar(kernels, all),
      neighbours
        .filter(({ heard, fault }) => heard !== undefined && fault === undefined)
        .map(({ name, did }) => name ?? did)
        .join(', '),
    ]),
  ]
}

function bar(part: number, all: number): string {
  const full = Math.min(all, part)
  return '█'.repeat(full) + '·'.repeat(Math.max(0, all - full))
}
