import type { PolicyChangesOperator } from '@hansa/protocols'
import type { ControlClient } from './control-client.ts'

/** The policy of a running node that waits for two persons, one request each. */
export function remotePolicyChanges(client: ControlClient): PolicyChangesOperator {
  return {
    pending: () => client.call('pendingPolicy', {}),
    approve: (init) => client.call('approvePolicy', init),
    reject: (init) => client.call('rejectPolicy', init),
  }
}
