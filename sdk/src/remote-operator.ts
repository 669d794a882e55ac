import type { KernelOperator } from '@hansa/protocols'
import type { ControlClient } from './control-client.ts'
import { remoteAgreements } from './remote-agreements.ts'
import { remoteGovernance } from './remote-governance.ts'
import { remotePolicyChanges } from './remote-policy-changes.ts'
import { watchApprovals } from './watch-approvals.ts'

/** What an operator may do to a running node, one request each. */
export function remoteOperator(client: ControlClient): KernelOperator {
  return {
    governance: remoteGovernance(client),
    agreements: remoteAgreements(client),
    mesh: {
      join: (init) => client.call('joinMesh', init),
      leave: (init) => client.call('leaveMesh', init),
      status: () => client.call('meshStatus', {}),
    },
    policyChanges: remotePolicyChanges(client),
    status: () => client.call('status', {}),
    capabilities: () => client.call('capabilities', {}),
    peers: () => client.call('peers', {}),
    addPeer: (init) => client.call('addPeer', init),
    removePeer: (who, by) => client.call('removePeer', { who, by }),
    knownPeers: () => client.call('knownPeers', {}),
    approvals: () => client.call('approvals', {}),
    watchApprovals: (signal) => watchApprovals(client, signal),
    approve: (id, approver, notes) => client.call('approve', { id, approver, ...notes }),
    deny: (id, approver, notes) => client.call('deny', { id, approver, ...notes }),
    sponsors: {
      list: () => client.call('sponsors', {}),
      sign: (init) => client.call('sponsorSign', init),
      add: (init) => client.call('sponsorAdd', init),
      remove: (id, by) => client.call('sponsorRemove', { id, by }),
    },
    delegations: {
      list: () => client.call('delegations', {}),
      delegate: (init) => client.call('delegate', init),
      add: (init) => client.call('delegationAdd', init),
      remove: (id, by) => client.call('delegationRemove', { id, by }),
    },
    grant: (init) => client.call('grant', init),
    revoke: (what) => client.call('revoke', what),
    revocations: () => client.call('revocations', {}),
    audit: (init) => client.call('audit', init),
    async unimport(alias) {
      await client.call('unimport', { alias })
    },
  }
}
