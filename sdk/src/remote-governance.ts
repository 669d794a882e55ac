import type { GovernanceOperator } from '@hansa/protocols'
import type { ControlClient } from './control-client.ts'

/** What persons do about the cases and exceptions of a running node, one request each. */
export function remoteGovernance(client: ControlClient): GovernanceOperator {
  return {
    cases: () => client.call('cases', {}),
    case: (id) => client.call('case', { id }),
    openCase: (init) => client.call('openCase', init),
    actOnCase: (init) => client.call('actOnCase', init),
    notifyCase: (init) => client.call('notifyCase', init),
    caseProofs: (id) => client.call('caseProofs', { id }),
    exceptions: () => client.call('exceptions', {}),
    askException: (init) => client.call('askException', init),
    confirmException: (init) => client.call('confirmException', init),
    endException: (init) => client.call('endException', init),
  }
}
