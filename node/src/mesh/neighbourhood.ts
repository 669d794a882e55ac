/** With whom a kernel exchanges what it has heard of: with nobody before it has joined, and never with whom it keeps out. */
import { ActiveView } from '@hansa/mesh'
import type { Clock, Did } from '@hansa/protocols'
import type { KnownKernels } from './known-kernels.ts'
import type { Membership } from './membership.ts'

export type NeighbourhoodComponents = {
  self: Did
  clock: Clock
  membership: Membership
  known: KnownKernels
  /** Why nothing is exchanged with a kernel. */
  bars(peer: Did): string | undefined
  /** How many neighbours. @default that of the view */
  size?: number | undefined
}

export type Neighbourhood = { view: ActiveView; neighbours(): ReturnType<ActiveView['neighbours']> }

export function neighbourhood({ self, clock, membership, known, bars, size }: NeighbourhoodComponents): Neighbourhood {
  const mayAsk = (did: Did) => did !== self && bars(did) === undefined
  const view = new ActiveView({
    named: () => membership.named(),
    known: () => [...known.places()].filter(({ did }) => mayAsk(did)),
    find: (did) => (mayAsk(did) ? known.place(did) : undefined),
    nowSeconds: () => Math.floor(clock.now() / 1000),
    random: Math.random,
    ...(size && { size }),
  })
  return { view, neighbours: () => (membership.since === undefined ? [] : view.neighbours()) }
}
