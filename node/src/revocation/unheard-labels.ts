/**
 * A result can turn out to be labelled: the capability declares nothing, and the firewall finds something in it. Then what
 * the peer has revoked has to be known as lately as for any labelled data (security.md B1), and not only as for the READ
 * that the call began as.
 */
import { type Answered, isRefusal, type Refusal, type Released } from '../kernel/stages.ts'
import { boundOf, type FreshStatus } from './fresh-status.ts'

type Outbound = (answered: Answered) => Released | Refusal | Promise<Released | Refusal>

export function refuseUnheardLabels(outbound: Outbound, fresh: Pick<FreshStatus, 'refuses'>) {
  return async (answered: Answered): Promise<Released | Refusal> => {
    const released = await outbound(answered)
    const { caller, target, input } = answered.call
    if (isRefusal(released) || caller.kind !== 'peer' || released.labels.length === 0) return released
    const asBegun = boundOf({ target, labels: input.labels })
    if (boundOf({ target, labels: released.labels }) === asBegun) return released
    const stale = await fresh.refuses(caller.did, { target, labels: released.labels })
    return stale === undefined ? released : { ...stale, verdicts: released.verdicts }
  }
}
