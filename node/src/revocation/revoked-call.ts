/** Why a call may not be made, or served, because something of it was revoked. */
import type { Arrived, Refusal, Target } from '../kernel/stages.ts'
import type { Revocations } from './revocations.ts'

/** Asked before anything else is decided about a call, and for questions about calls too. */
export function refuseRevoked(
  { caller, hops = [] }: Pick<Arrived, 'caller'> & Partial<Pick<Arrived, 'hops'>>,
  target: Pick<Target, 'id'> & ({ kind: 'local' } | { kind: 'imported'; peer: `did:${string}`; alias: string }),
  revocations: Revocations,
): Refusal | undefined {
  if (caller.kind === 'peer' && revocations.revoked('peer', caller.did) !== undefined)
    return refused('this kernel has revoked the peer that asks')
  const passed = caller.kind === 'peer' ? hops.find((hop) => revocations.revoked('peer', hop) !== undefined) : undefined
  if (passed !== undefined) return refused(`this kernel has revoked ${passed}, through which the call came`)
  if (target.kind === 'local')
    return (
      revocations.revoked('capability', target.id) && refused(`this kernel has revoked the capability ${target.id}`)
    )
  if (revocations.revoked('peer', target.peer) !== undefined)
    return refused(`this kernel has revoked the peer ${target.alias}`)
  if (revocations.revoked('capability', target.id, [target.peer]) !== undefined)
    return refused(`${target.alias} has revoked its capability ${target.id}`)
  return undefined
}

function refused(reason: string): Refusal {
  return { refused: 'policy_denied', reason }
}
