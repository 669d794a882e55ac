/** A peer that leaves results unclaimed is refused before its next call acts (exchange/held-results.ts). */
import type { HeldResults } from '../exchange/held-results.ts'
import type { Arrived, Received, Refusal } from './stages.ts'
import { isRefusal } from './stages.ts'

type Receive = (arrived: Arrived) => Promise<Received | Refusal>

export function receiveWithinDebts(receive: Receive, held: Pick<HeldResults, 'overdrawn'>): Receive {
  return async (arrived) => {
    const received = await receive(arrived)
    if (isRefusal(received) || arrived.caller.kind !== 'peer' || !mayBeHeld(received)) return received
    if (!held.overdrawn(arrived.caller.did)) return received
    return { refused: 'busy', reason: 'too many results wait for an acknowledgement of this peer' }
  }
}

function mayBeHeld({ target, labels }: Received): boolean {
  return target.safety !== 'READ' || target.labels.length > 0 || labels.length > 0
}
