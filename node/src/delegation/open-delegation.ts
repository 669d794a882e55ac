/** Everything of a kernel that knows in whose name a call is made, put together. */
import type { Clock, Did, Store } from '@hansa/protocols'
import type { KeyResolver, Signer } from '@hansa/trust'
import type { Pseudonyms } from '../exchange/build-intent.ts'
import type { Events } from '../kernel/event-outbox.ts'
import type { SharedStages } from '../kernel/invoke.ts'
import type { PeerSettings } from '../kernel/peer-settings.ts'
import type { Arrived, Received, Refusal } from '../kernel/stages.ts'
import type { Revocations } from '../revocation/revocations.ts'
import { SponsorDesk } from '../sponsor/sponsor-desk.ts'
import type { Standing } from '../standing/standing.ts'
import { withinBudgets } from './budget-stages.ts'
import type { Budgets } from './budgets.ts'
import { ChainBook } from './chain-book.ts'
import { DelegationDesk } from './delegation-desk.ts'
import { receiveUnderChain } from './receive-under-chain.ts'

export type DelegationInit = {
  /** Whose grants count besides those of this kernel. @default nobody's */
  owners?: readonly Did[]
}

export type DelegationComponents = {
  self: Did
  signer: Signer
  store: Store
  clock: Clock
  resolver: KeyResolver
  events: Events
  peers: PeerSettings
  standing: Standing
  budgets: Budgets
  revocations: Revocations
  pseudonyms: Pick<Pseudonyms, 'of'>
}

export type Delegation = {
  desks: { delegations: DelegationDesk; sponsors: SponsorDesk }
  receive(receive: (arrived: Arrived) => Promise<Received | Refusal>): (arrived: Arrived) => Promise<Received | Refusal>
  stages(stages: SharedStages): SharedStages
}

export async function openDelegation(
  given: DelegationComponents,
  { owners = [] }: DelegationInit = {},
): Promise<Delegation> {
  const { revocations } = given
  const components = {
    ...given,
    revoked: (hash: string, by: readonly Did[]) => revocations.revoked('delegation', hash, by) !== undefined,
    barred: (did: Did) => revocations.revoked('peer', did) !== undefined,
  }
  const book = await ChainBook.open(components)
  const sponsors = await SponsorDesk.open(components)
  return {
    desks: { delegations: new DelegationDesk({ ...components, book }), sponsors },
    receive: (receive) => receiveUnderChain(receive, { ...components, owners, book, sponsors }),
    stages: (stages) => withinBudgets(stages, components),
  }
}
