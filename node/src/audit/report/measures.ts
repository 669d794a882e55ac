/** What an entry of the log shows to have been enforced. A measure is only counted where an entry shows it. */
import type { Code, Entry, Verdict } from '@hansa/protocols'

export type MeasureFacts = {
  /** What it shows, as a noun phrase for a list. */
  text: string
  shows(entry: Entry): boolean
}

const screened = (test: (verdict: Verdict) => boolean) => (entry: Entry) => entry.verdicts?.some(test) === true
const refusedAs =
  (...codes: Code[]) =>
  (entry: Entry) =>
    entry.ext?.code !== undefined && codes.includes(entry.ext.code)
const ofType =
  (...types: Entry['type'][]) =>
  (entry: Entry) =>
    types.includes(entry.type)
const begins = ofType('call.begun', 'intent.sent', 'intent.accepted')

const table = {
  permitted_by_rule: {
    text: 'calls that began only because a rule permits them',
    shows: (entry) => begins(entry) && entry.decision === 'permit' && (entry.rules?.length ?? 0) > 0,
  },
  refused_by_policy: { text: 'calls that the policy refused', shows: refusedAs('policy_denied', 'policy_stale') },
  refused_without_right: {
    text: 'calls refused for a token that was wrong, spent, expired or revoked',
    shows: refusedAs('token_rejected'),
  },
  own_principal: {
    text: 'calls each under the name of the agent or person that made it',
    shows: (entry) => begins(entry) && entry.actor !== undefined,
  },
  approval_asked: { text: 'actions that waited for a person', shows: ofType('approval.requested') },
  approval_given: { text: 'actions that a named person approved', shows: ofType('approval.granted') },
  approval_refused: { text: 'actions that a named person refused', shows: ofType('approval.denied') },
  redacted: {
    text: 'payloads in which the firewall removed or replaced values',
    shows: screened(({ action }) => action === 'redact' || action === 'drop' || action === 'cut'),
  },
  labelled: {
    text: 'payloads whose data was labelled, such as PII',
    shows: (entry) => (entry.labels?.length ?? 0) > 0,
  },
  secret_stopped: {
    text: 'payloads in which a secret was found and stopped',
    shows: screened(({ stage, action }) => stage === 'secrets' && action !== 'allow'),
  },
  flow_stopped: {
    text: 'payloads whose labels exceeded what the other side may see',
    shows: screened(({ stage, action }) => stage === 'flow' && action !== 'allow' && action !== 'label'),
  },
  injection_found: {
    text: 'payloads with instructions or hidden text for a model',
    shows: screened(({ stage, action }) => (stage === 'injection' || stage === 'hidden_text') && action !== 'allow'),
  },
  malformed_stopped: {
    text: 'payloads that did not fit the declared schema, form or size',
    shows: (entry) =>
      refusedAs('invalid_request')(entry) ||
      screened(({ stage, action }) => /^(?:size|parse|schema)$/.test(stage) && action === 'block')(entry),
  },
  blocked_by_firewall: { text: 'calls that the firewall stopped', shows: refusedAs('firewall_blocked') },
  limited: {
    text: 'calls refused for a limit of rate, load, time or size',
    shows: refusedAs('rate_limited', 'budget_exceeded', 'busy', 'deadline'),
  },
  asked_under_signature: {
    text: 'calls of other kernels taken only under their signature',
    shows: (entry) => entry.type === 'intent.accepted' && entry.ext?.envelope !== undefined,
  },
  countersigned: {
    text: 'answers and acknowledgements signed by the other side',
    shows: (entry) =>
      ofType('receipt.received', 'ack.received', 'acks.received')(entry) && entry.ext?.envelope !== undefined,
  },
  identity_refused: {
    text: 'calls refused for an identity, session or clock that could not be established',
    shows: refusedAs('identity_unavailable', 'handshake_failed', 'clock_skew'),
  },
  refusals_counted: {
    text: 'counts of requests that could not be authenticated',
    shows: ofType('refusals.counted'),
  },
  peer_admitted: {
    text: 'kernels and imports that an operator admitted',
    shows: ofType('peer.added', 'peer.imported'),
  },
  peer_removed: { text: 'kernels and imports that were removed', shows: ofType('peer.removed', 'peer.unimported') },
  peer_caught: { text: 'signed evidence against another kernel', shows: ofType('peer.evidence') },
  peer_anchored: { text: 'checkpoints of other kernels kept in this log', shows: ofType('peer.checkpoint') },
  classified: {
    text: 'tools that a person classified before they could be called',
    shows: ofType('capability.classified'),
  },
  changed_tool_stopped: {
    text: 'capabilities suspended or refused because they changed after they were pinned',
    shows: (entry) => entry.type === 'capability.suspended' || refusedAs('descriptor_mismatch')(entry),
  },
  agent_named: {
    text: 'agents given an identity of their own, or known by the token of an issuer',
    shows: ofType('agent.added', 'token.accepted'),
  },
  agent_vouched_for: { text: 'claims of sponsors about agents, each signed', shows: ofType('sponsor.added') },
  right_delegated: {
    text: 'chains of delegations given, passed on or taken in, each link signed',
    shows: ofType('delegation.issued', 'delegation.added'),
  },
  delegated_call: {
    text: 'calls between kernels under a chain of delegations, with every link in the entry',
    shows: (entry) => begins(entry) && entry.ext?.links !== undefined,
  },
  agreed: {
    text: 'agreements with other kernels, each under both signatures',
    shows: ofType('agreement.accepted'),
  },
  right_given: { text: 'tokens granted, each for one principal and capability', shows: ofType('token.granted') },
  right_withdrawn: {
    text: 'tokens, agents and whatever else was revoked here',
    shows: ofType('token.revoked', 'agent.removed', 'revocation.made'),
  },
  key_changed: {
    text: 'changes of the key of this kernel: announced, in use, retired',
    shows: ofType('key.announced', 'key.rotated', 'key.retired'),
  },
  policy_changed: { text: 'changes of the policy, each with its hash', shows: ofType('policy.loaded') },
  widening_approved: {
    text: 'approvals of a policy that permits more, each by a person',
    shows: ofType('policy.approved'),
  },
  offer_changed: { text: 'changes of what is offered, each a signed manifest', shows: ofType('manifest.published') },
  content_erased: { text: 'erasures of kept content, each with who asked and why', shows: ofType('content.erased') },
  case_opened: { text: 'cases opened about a kernel or a principal', shows: ofType('case.opened') },
  case_decided: {
    text: 'cases that named persons decided',
    shows: (entry) =>
      entry.type === 'case.changed' &&
      (entry.ext?.case_event === 'dismissed' || entry.ext?.case_event === 'sanctioned'),
  },
  appeal_heard: {
    text: 'appeals that were decided by somebody who had no part in the case',
    shows: (entry) =>
      entry.type === 'case.changed' && /^(?:upheld|modified|overturned)$/.test(entry.ext?.case_event ?? ''),
  },
  sanctioned: { text: 'sanctions imposed, each by a case', shows: ofType('sanction.imposed') },
  refused_by_sanction: {
    text: 'calls refused for a sanction',
    shows: (entry) => refusedAs('policy_denied')(entry) && entry.rules?.includes('sanction') === true,
  },
  exception_made: {
    text: 'exceptions to the policy that two persons made for hours',
    shows: ofType('exception.granted'),
  },
  partner_told: { text: 'notices of sanctions sent to other kernels', shows: ofType('notice.sent') },
  outcome_recorded: {
    text: 'calls whose outcome is recorded, with the reason of each refusal',
    shows: ofType('outcome', 'receipt.received'),
  },
} satisfies Record<string, MeasureFacts>

export type Measure = keyof typeof table
export const measures: Readonly<Record<Measure, MeasureFacts>> = table
