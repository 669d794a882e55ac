/**
 * What each type of entry means, and which members it can have besides `v`, `origin`, `seq`, `t_ms`, `type` and `prev`. The
 * schema of an entry is one for all types; this table says what is written in which.
 */
import { callEntryFacts } from './call-entry-facts.ts'
import type { Entry, EntryExt, EntryType } from './entry.ts'

export type EntryMember =
  | Exclude<keyof Entry, 'v' | 'origin' | 'seq' | 't_ms' | 'type' | 'prev' | 'ext'>
  | `ext.${keyof EntryExt}`

/** Members that every entry has. */
export const commonEntryMembers = ['v', 'origin', 'seq', 't_ms', 'type', 'prev'] as const

export type EntryFacts = { means: string; members: readonly EntryMember[] }

export const entryFacts: Readonly<Record<EntryType, EntryFacts>> = {
  ...callEntryFacts,
  'peer.imported': {
    means: 'Capabilities of another kernel were pinned, or looked at again.',
    members: [
      'actor',
      'peer',
      'ext.agreed',
      'ext.alias',
      'ext.count',
      'ext.event',
      'ext.note',
      'ext.seq',
      'ext.trust_policy',
    ],
  },
  'peer.unimported': {
    means: 'They are no longer.',
    members: ['peer', 'ext.alias', 'ext.event'],
  },
  'peer.added': {
    means: 'An operator has made another kernel known.',
    members: ['actor', 'peer', 'ext.alias', 'ext.event', 'ext.note', 'ext.standing'],
  },
  'peer.removed': {
    means: 'An operator has ended that.',
    members: ['actor', 'peer', 'ext.alias', 'ext.event'],
  },
  'peer.checkpoint': {
    means: 'A checkpoint of the log of another kernel was verified; promises of its receipts up to here are settled.',
    members: ['peer', 'ext.checkpoint', 'ext.count', 'ext.note', 'ext.through'],
  },
  'peer.evidence': {
    means:
      'What another kernel did that no honest one does. `ext.reason` begins with its kind; of a `replay`, `ext.envelope` is the second intent and `ext.hash` the first.',
    members: [
      'peer',
      'call_id',
      'intent',
      'ext.checkpoint',
      'ext.count',
      'ext.envelope',
      'ext.event',
      'ext.hash',
      'ext.reason',
    ],
  },
  'peer.recovered': {
    means:
      'The recovery key of another kernel has undone what its identity said; good calls count for nothing until `ext.expires`.',
    members: ['peer', 'ext.expires', 'ext.reason'],
  },
  'capability.classified': {
    means: 'An operator has said what a tool is.',
    members: ['actor', 'cap', 'cap_hash', 'ext.event', 'ext.hash', 'ext.note'],
  },
  'capability.suspended': {
    means: 'A tool changed, and is not called until somebody has looked.',
    members: ['cap', 'ext.hash', 'ext.reason'],
  },
  'manifest.published': {
    means: 'What this kernel offers, under its next number.',
    members: ['ext.event', 'ext.hash', 'ext.seq'],
  },
  'policy.loaded': {
    means: 'A policy is in force.',
    members: ['pol', 'ext.count', 'ext.event', 'ext.hash'],
  },
  'policy.pending': {
    means: 'A policy that may permit more waits for two persons.',
    members: ['actor', 'ext.count', 'ext.event', 'ext.hash'],
  },
  'policy.approved': {
    means: 'A person has approved it.',
    members: ['actor', 'ext.event', 'ext.hash'],
  },
  'policy.rejected': {
    means: 'It is not put in force.',
    members: ['actor', 'ext.event', 'ext.hash', 'ext.reason'],
  },
  'refusals.counted': {
    means: 'Refusals of what could not be authenticated, of one source and reason within a minute.',
    members: ['ext.code', 'ext.count', 'ext.denial_id', 'ext.reason', 'ext.source'],
  },
  'handshake.failing': {
    means:
      'Five handshakes of one source failed within ten minutes. `ext.source` is an address, or a DID that somebody claims.',
    members: ['ext.code', 'ext.count', 'ext.reason', 'ext.source'],
  },
  'log.full': {
    means: 'The log takes no new calls.',
    members: ['ext.reason'],
  },
  'agent.added': {
    means: 'An agent has a credential.',
    members: ['actor', 'ext.agent', 'ext.event'],
  },
  'agent.removed': {
    means: 'It has none any more.',
    members: ['actor', 'ext.agent', 'ext.event'],
  },
  'content.erased': {
    means: 'Keys of kept content are destroyed.',
    members: ['actor', 'peer', 'call_id', 'ext.count', 'ext.event', 'ext.note', 'ext.reason', 'ext.records'],
  },
  'revocation.made': {
    means: 'Something no longer holds, by the word of this kernel.',
    members: ['actor', 'ext.event', 'ext.hash', 'ext.jws', 'ext.reason', 'ext.revoked', 'ext.seq'],
  },
  'revocation.received': {
    means: 'The same by the word of another one.',
    members: ['peer', 'ext.event', 'ext.hash', 'ext.jws', 'ext.reason', 'ext.revoked', 'ext.seq'],
  },
  'delegation.issued': {
    means: 'A link of a chain was signed here.',
    members: ['actor', 'peer', 'ext.event', 'ext.expires', 'ext.hash', 'ext.links'],
  },
  'delegation.added': {
    means: 'A chain was taken in.',
    members: ['actor', 'peer', 'ext.event', 'ext.expires', 'ext.hash', 'ext.links'],
  },
  'delegation.removed': {
    means: 'It is no longer used.',
    members: ['actor', 'ext.event', 'ext.hash'],
  },
  'sponsor.added': {
    means: 'Who vouches for an agent was taken in.',
    members: ['actor', 'peer', 'ext.event', 'ext.expires', 'ext.hash', 'ext.jws', 'ext.note'],
  },
  'sponsor.removed': {
    means: 'It no longer counts.',
    members: ['actor', 'ext.event', 'ext.hash', 'ext.note'],
  },
  'case.opened': {
    means: 'A case was opened.',
    members: [
      'actor',
      'ext.case',
      'ext.case_event',
      'ext.case_state',
      'ext.event',
      'ext.hash',
      'ext.reason',
      'ext.subject',
    ],
  },
  'case.changed': {
    means: 'A step of a case.',
    members: ['actor', 'ext.case', 'ext.case_event', 'ext.case_state', 'ext.event', 'ext.reason', 'ext.subject'],
  },
  'sanction.imposed': {
    means: 'A sanction is in force, until `ext.expires` if there is one.',
    members: [
      'actor',
      'ext.case',
      'ext.event',
      'ext.expires',
      'ext.reason',
      'ext.rule',
      'ext.sanction',
      'ext.scope',
      'ext.subject',
    ],
  },
  'sanction.lifted': {
    means: 'It is over before its end.',
    members: ['actor', 'ext.case', 'ext.case_event', 'ext.event', 'ext.subject'],
  },
  'exception.requested': {
    means: 'A person asks for an exception to the policy.',
    members: ['actor', 'cap', 'ext.event', 'ext.exception', 'ext.expires', 'ext.reason', 'ext.subject'],
  },
  'exception.granted': {
    means: 'A second one has confirmed it.',
    members: ['actor', 'cap', 'ext.event', 'ext.exception', 'ext.expires', 'ext.reason', 'ext.subject'],
  },
  'exception.ended': {
    means: 'It is over.',
    members: ['actor', 'cap', 'ext.event', 'ext.exception', 'ext.expires', 'ext.reason', 'ext.subject'],
  },
  'key.announced': {
    means: 'A new key of this kernel signs from `ext.since` on.',
    members: ['ext.event', 'ext.kid', 'ext.since'],
  },
  'key.rotated': {
    means: 'It signs now.',
    members: ['ext.event', 'ext.kid'],
  },
  'key.retired': {
    means: 'The key before has left the document.',
    members: ['ext.event', 'ext.kid'],
  },
  'key.renewed': {
    means: 'The log of the identity commits to another update key.',
    members: ['ext.event', 'ext.kid'],
  },
  'notice.sent': {
    means: 'Other kernels were told of a sanction; `ext.count` of them took it.',
    members: ['ext.case', 'ext.count', 'ext.event', 'ext.sanction', 'ext.subject'],
  },
  'standing.vouched': {
    means: 'A floor for the score of another kernel.',
    members: ['actor', 'peer', 'ext.event', 'ext.expires', 'ext.reason', 'ext.source', 'ext.standing'],
  },
  'standing.unvouched': {
    means: 'It no longer holds.',
    members: ['actor', 'peer', 'ext.event', 'ext.reason', 'ext.source'],
  },
  'standing.changed': {
    means: 'The tier of another kernel has changed; `ext.hash` is that of everything that the score follows from.',
    members: ['peer', 'ext.hash', 'ext.reason', 'ext.standing', 'ext.tier'],
  },
  'standing.endorsed': {
    means: 'Peers that ask are told of the score of another kernel.',
    members: ['actor', 'peer', 'ext.event', 'ext.reason'],
  },
  'standing.unendorsed': {
    means: 'They are no longer.',
    members: ['actor', 'peer', 'ext.event', 'ext.reason'],
  },
  'endorsement.received': {
    means: 'A trusted kernel gives its score of another one.',
    members: ['peer', 'ext.expires', 'ext.hash', 'ext.jws', 'ext.organisation', 'ext.standing', 'ext.subject'],
  },
  'endorsement.ended': {
    means: 'It no longer counts.',
    members: ['peer', 'ext.hash', 'ext.reason', 'ext.subject'],
  },
  'registry.fault': {
    means: 'What a registry showed contradicts what it had signed.',
    members: ['ext.reason', 'ext.source'],
  },
  'registry.forgiven': {
    means: 'A person has let a registry in again that had contradicted itself.',
    members: ['actor', 'ext.reason', 'ext.source'],
  },
  'agreement.proposed': {
    means: 'Terms were proposed, by this kernel or by the other one.',
    members: ['actor', 'peer', 'ext.event', 'ext.expires', 'ext.hash', 'ext.jws'],
  },
  'agreement.accepted': {
    means: 'They were accepted; in force from `ext.since`.',
    members: ['actor', 'peer', 'ext.event', 'ext.expires', 'ext.hash', 'ext.jws', 'ext.since'],
  },
  'agreement.ended': {
    means: 'They no longer hold.',
    members: ['actor', 'peer', 'ext.ending', 'ext.event', 'ext.hash', 'ext.reason'],
  },
  'mesh.joined': {
    means: 'This kernel takes part in a mesh.',
    members: ['actor', 'peer', 'ext.event', 'ext.note'],
  },
  'mesh.left': {
    means: 'It no longer does.',
    members: ['actor', 'ext.event'],
  },
  'discovery.conflict': {
    means: 'Channels disagreed about a kernel, and nothing was imported.',
    members: ['actor', 'peer', 'ext.reason', 'ext.source'],
  },
}
