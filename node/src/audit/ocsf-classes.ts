/** Which class of the Open Cybersecurity Schema Framework each type of entry is an event of. Total: a new type needs a row. */
import type { EntryType } from '@hansa/protocols'

export const OCSF_VERSION = '1.5.0'

/** https://schema.ocsf.io/1.5.0/classes */
export const ocsfClasses = {
  api_activity: { uid: 6003, name: 'API Activity', category: 6, categoryName: 'Application Activity' },
  entity_management: {
    uid: 3004,
    name: 'Entity Management',
    category: 3,
    categoryName: 'Identity & Access Management',
  },
  detection_finding: { uid: 2004, name: 'Detection Finding', category: 2, categoryName: 'Findings' },
  base_event: { uid: 0, name: 'Base Event', category: 0, categoryName: 'Uncategorized' },
} as const
export type OcsfClass = keyof typeof ocsfClasses

export type OcsfActivity = {
  of: OcsfClass
  id: number
  name: string
  /** Kind of the entity that is managed. */
  entity?: string
}

/** The log does not know whether a call creates, reads, updates or deletes: its safety class is in the manifest. */
const call = (name: string): OcsfActivity => ({ of: 'api_activity', id: 99, name })
const own = (name: string): OcsfActivity => ({ of: 'base_event', id: 99, name })

const managed = {
  create: [1, 'Create'],
  update: [3, 'Update'],
  delete: [4, 'Delete'],
  suspend: [12, 'Suspend'],
} as const
const entity = (kind: string, activity: keyof typeof managed): OcsfActivity => {
  const [id, name] = managed[activity]
  return { of: 'entity_management', id, name, entity: kind }
}

export const ocsfActivities: Readonly<Record<EntryType, OcsfActivity>> = {
  'log.opened': own('Log opened'),
  'log.full': own('Log full'),
  'call.begun': call('Begin'),
  'intent.sent': call('Ask'),
  'intent.accepted': call('Accept'),
  outcome: call('Outcome'),
  'receipt.received': call('Receipt'),
  'result.received': call('Result'),
  'result.missing': call('Result missing'),
  'ack.received': call('Acknowledgement'),
  'acks.received': call('Acknowledgements'),
  'acks.delivered': own('Acknowledgements delivered'),
  'decision.made': call('Decide'),
  'approval.requested': entity('approval', 'create'),
  'approval.granted': entity('approval', 'update'),
  'approval.denied': entity('approval', 'delete'),
  'token.granted': entity('token', 'create'),
  'token.revoked': entity('token', 'delete'),
  'token.accepted': own('Token accepted'),
  'peer.imported': entity('import', 'create'),
  'peer.unimported': entity('import', 'delete'),
  'peer.added': entity('peer', 'create'),
  'peer.removed': entity('peer', 'delete'),
  'peer.checkpoint': own('Peer checkpoint'),
  'peer.recovered': own('Peer recovered'),
  'peer.evidence': { of: 'detection_finding', id: 1, name: 'Create' },
  'mesh.joined': entity('mesh', 'create'),
  'mesh.left': entity('mesh', 'delete'),
  'registry.forgiven': { of: 'detection_finding', id: 3, name: 'Close' },
  'discovery.conflict': { of: 'detection_finding', id: 1, name: 'Create' },
  'capability.classified': entity('capability', 'update'),
  'capability.suspended': entity('capability', 'suspend'),
  'manifest.published': entity('manifest', 'update'),
  'policy.loaded': entity('policy', 'update'),
  'policy.pending': own('Policy pending'),
  'policy.approved': own('Policy approved'),
  'policy.rejected': own('Policy rejected'),
  'refusals.counted': own('Refusals counted'),
  'handshake.failing': own('Handshakes failing'),
  'agent.added': entity('agent', 'create'),
  'agent.removed': entity('agent', 'delete'),
  'content.erased': entity('content', 'delete'),
  'key.announced': entity('key', 'create'),
  'key.rotated': entity('key', 'update'),
  'key.retired': entity('key', 'delete'),
  'key.renewed': entity('key', 'update'),
  'revocation.made': entity('revocation', 'create'),
  'revocation.received': entity('revocation', 'update'),
  'delegation.issued': entity('delegation', 'create'),
  'delegation.added': entity('delegation', 'create'),
  'delegation.removed': entity('delegation', 'delete'),
  'sponsor.added': entity('sponsor', 'create'),
  'sponsor.removed': entity('sponsor', 'delete'),
  'case.opened': entity('case', 'create'),
  'case.changed': entity('case', 'update'),
  'sanction.imposed': entity('sanction', 'create'),
  'sanction.lifted': entity('sanction', 'delete'),
  'exception.requested': own('Exception requested'),
  'exception.granted': entity('exception', 'create'),
  'exception.ended': entity('exception', 'delete'),
  'notice.sent': own('Notice sent'),
  'standing.vouched': entity('standing', 'create'),
  'standing.unvouched': entity('standing', 'delete'),
  'standing.changed': entity('standing', 'update'),
  'standing.endorsed': entity('endorsement', 'create'),
  'standing.unendorsed': entity('endorsement', 'delete'),
  'endorsement.received': entity('endorsement', 'update'),
  'endorsement.ended': entity('endorsement', 'delete'),
  'registry.fault': { of: 'detection_finding', id: 1, name: 'Create' },
  'agreement.proposed': entity('agreement', 'create'),
  'agreement.accepted': entity('agreement', 'update'),
  'agreement.ended': entity('agreement', 'delete'),
}
