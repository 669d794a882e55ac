import type { TrustWorld } from './trust-world.ts'

export type TrustStep = {
  title: string
  why: string
  /** @throws DemoError when something is not as it has to be. */
  run(world: TrustWorld): Promise<void>
}
