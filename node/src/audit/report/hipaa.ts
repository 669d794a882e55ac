import type { Framework } from './framework.ts'

export const hipaa: Framework = {
  id: 'hipaa',
  title: 'HIPAA Security and Privacy Rules',
  edition: '45 CFR Part 164',
  controls: [
    {
      id: '164.308(a)(1)(ii)(C)',
      title: 'Sanction policy',
      measures: ['sanctioned', 'appeal_heard', 'refused_by_sanction'],
      beyond: 'Sanctions against people outside the system.',
    },
    {
      id: '164.308(a)(1)(ii)(D)',
      title: 'Information system activity review',
      measures: ['outcome_recorded', 'refusals_counted', 'peer_caught'],
      beyond: 'That somebody reviewed it.',
    },
    {
      id: '164.308(a)(3)',
      title: 'Workforce security',
      measures: ['agent_named', 'right_withdrawn'],
      beyond: 'People: an agent acts for them, and the log names the agent.',
    },
    {
      id: '164.308(a)(4)',
      title: 'Information access management',
      measures: ['permitted_by_rule', 'refused_by_policy', 'right_given', 'policy_changed'],
    },
    {
      id: '164.308(a)(6)(ii)',
      title: 'Response to and reporting of security incidents',
      measures: ['case_opened', 'case_decided', 'sanctioned', 'partner_told'],
      beyond: 'Incidents that nobody opened a case about.',
    },
    { id: '164.308(a)(7)', title: 'Contingency plan', measures: [], beyond: 'Backups, and that they were tried.' },
    {
      id: '164.308(b)(1)',
      title: 'Business associate contracts',
      measures: ['peer_admitted', 'peer_removed'],
      beyond: 'The contract.',
    },
    {
      id: '164.312(a)(1)',
      title: 'Access control',
      measures: ['permitted_by_rule', 'refused_by_policy', 'refused_without_right'],
    },
    { id: '164.312(a)(2)(i)', title: 'Unique user identification', measures: ['own_principal', 'agent_named'] },
    { id: '164.312(b)', title: 'Audit controls', measures: ['outcome_recorded', 'countersigned', 'peer_anchored'] },
    {
      id: '164.312(c)(1)',
      title: 'Integrity',
      measures: ['countersigned', 'malformed_stopped', 'changed_tool_stopped'],
    },
    {
      id: '164.312(d)',
      title: 'Person or entity authentication',
      measures: ['asked_under_signature', 'identity_refused', 'refused_without_right'],
    },
    {
      id: '164.312(e)(1)',
      title: 'Transmission security',
      measures: ['asked_under_signature', 'flow_stopped', 'secret_stopped'],
      beyond: 'Encryption on the way: which certificate was used is in the manifest, not in the log.',
    },
    { id: '164.502(b)', title: 'Minimum necessary', measures: ['redacted', 'flow_stopped', 'labelled'] },
  ],
}
