/**
 * The chain of a call, and who vouches for its agent, are looked at with the call itself, so that every decision about it
 * sees the same.
 */

import type { Arrived, Received, Refusal } from '../kernel/stages.ts'
import { isRefusal } from '../kernel/stages.ts'
import type { SponsorDesk } from '../sponsor/sponsor-desk.ts'
import { type ChosenChainComponents, chosenChain } from './chosen-chain.ts'
import { type PresentedChainComponents, presentedChain } from './presented-chain.ts'

type Receive = (arrived: Arrived) => Promise<Received | Refusal>

export function receiveUnderChain(
  receive: Receive,
  components: PresentedChainComponents & ChosenChainComponents & { sponsors: Pick<SponsorDesk, 'of'> },
): Receive {
  return async (arrived) => {
    const received = await receive(arrived)
    if (isRefusal(received)) return received
    const { caller } = arrived
    const delegation =
      caller.kind === 'peer'
        ? await presentedChain(received, caller.intent, components)
        : chosenChain(received, components)
    if (delegation !== undefined && isRefusal(delegation)) return delegation
    const sponsor = caller.kind === 'own' ? components.sponsors.of(caller.principal) : undefined
    if (delegation === undefined && sponsor === undefined) return received
    return {
      ...received,
      ...(delegation === undefined ? {} : { delegation }),
      ...(sponsor === undefined ? {} : { sponsor }),
    }
  }
}
