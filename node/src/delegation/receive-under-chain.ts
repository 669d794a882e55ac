/** The chain of a call is looked at with the call itself, so that every decision about it sees the same chain. */
import type { Arrived, Received, Refusal } from '../kernel/stages.ts'
import { isRefusal } from '../kernel/stages.ts'
import { type ChosenChainComponents, chosenChain } from './chosen-chain.ts'
import { type PresentedChainComponents, presentedChain } from './presented-chain.ts'

type Receive = (arrived: Arrived) => Promise<Received | Refusal>

export function receiveUnderChain(
  receive: Receive,
  components: PresentedChainComponents & ChosenChainComponents,
): Receive {
  return async (arrived) => {
    const received = await receive(arrived)
    if (isRefusal(received)) return received
    const { caller } = arrived
    const delegation =
      caller.kind === 'peer'
        ? await presentedChain(received, caller.intent, components)
        : chosenChain(received, components)
    if (delegation === undefined) return received
    return isRefusal(delegation) ? delegation : { ...received, delegation }
  }
}
