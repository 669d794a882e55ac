/** Calls of the clerk that do not stop: what a change does to them is seen while it happens. */
import { underTraffic } from '../under-traffic.ts'
import { list } from './steps/delegate.ts'
import type { TrustWorld } from './trust-world.ts'

const IN_FLIGHT = 4

export type Traffic = {
  calls: number
  /** What ended otherwise than released, in order. */
  failed: string[]
  /** When the last one was released, as `performance.now()`. */
  lastReleasedMs: number
}

/** @param chain under which the clerk calls. @param during runs while it does. */
export async function duringTraffic(
  world: TrustWorld,
  chain: string,
  during: (traffic: Traffic) => Promise<void>,
): Promise<Traffic> {
  const traffic: Traffic = { calls: 0, failed: [], lastReleasedMs: 0 }
  const call = async () => {
    const ended = await list(world, 'lubeck', chain)
    traffic.calls++
    if (ended === 'released') traffic.lastReleasedMs = performance.now()
    else traffic.failed.push(ended)
    return true
  }
  await underTraffic(
    Array.from({ length: IN_FLIGHT }, () => call),
    () => during(traffic),
  )
  return traffic
}
