/**
 * What changes something, and what has labels, needs an identity of the other side that is known to be good now: within the
 * refresh time a key may have been revoked, and not longer (security.md B1). Reading goes on until nothing is known any more.
 */
import type { Did } from '@hansa/protocols'
import type { IdentityResolver } from '@hansa/trust'
import type { Permitted, Received, Refusal } from '../kernel/stages.ts'

type PolicyStage = (call: Received) => Promise<Permitted | Refusal>

export function refuseStale(
  policy: PolicyStage,
  identities: Pick<IdentityResolver, 'isFresh' | 'status'>,
): PolicyStage {
  return async (call) => {
    const peer = otherSide(call)
    if (peer === undefined || !isGrave(call) || (await identities.isFresh(peer))) return policy(call)
    const { ageSeconds } = identities.status(peer)
    const known = ageSeconds === undefined ? 'cannot be had' : `is ${ageSeconds} s old`
    const reason = `what is known of the identity of ${peer} ${known}, and ${call.target.safety} with these labels needs it fresh`
    return { refused: 'identity_unavailable', reason }
  }
}

function otherSide({ caller, target }: Received): Did | undefined {
  if (caller.kind === 'peer') return caller.did
  return target.kind === 'imported' ? target.peer : undefined
}

function isGrave({ target, labels }: Received): boolean {
  return target.safety !== 'READ' || target.labels.length > 0 || labels.length > 0
}
