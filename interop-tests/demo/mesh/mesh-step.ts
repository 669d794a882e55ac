import type { MeshWorld } from './mesh-world.ts'

export type MeshStep = {
  title: string
  /** Why it matters, for whoever watches. */
  why: string
  /** @throws Error when something else is seen than was claimed. */
  run(world: MeshWorld): Promise<void>
}
