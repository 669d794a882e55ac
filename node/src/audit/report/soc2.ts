import type { Framework } from './framework.ts'

export const soc2: Framework = {
  id: 'soc2',
  title: 'SOC 2 Trust Services Criteria',
  edition: '2017, points of focus of 2022',
  controls: [
    {
      id: 'CC6.1',
      title: 'Logical access security over protected information assets',
      measures: ['permitted_by_rule', 'refused_by_policy', 'refused_without_right', 'own_principal'],
      beyond: 'Access to the machines and files of the node itself.',
    },
    {
      id: 'CC6.2',
      title: 'Users are registered and authorised before they are given access, and removed when it ends',
      measures: ['agent_named', 'agent_vouched_for', 'peer_admitted', 'right_withdrawn', 'peer_removed', 'key_changed'],
      beyond: 'Registration of the people behind agents.',
    },
    {
      id: 'CC6.3',
      title: 'Access is given, changed and removed by role, with least privilege and segregation of duties',
      measures: [
        'right_given',
        'right_withdrawn',
        'policy_changed',
        'approval_given',
        'approval_refused',
        'case_decided',
        'exception_made',
      ],
    },
    {
      id: 'CC6.6',
      title: 'Protection against threats from outside the system boundary',
      measures: [
        'asked_under_signature',
        'identity_refused',
        'refusals_counted',
        'blocked_by_firewall',
        'injection_found',
      ],
    },
    {
      id: 'CC6.7',
      title: 'Transmission and movement of information is restricted to authorised users',
      measures: ['flow_stopped', 'redacted', 'secret_stopped', 'labelled'],
      beyond: 'Encryption on the way: which certificate was used is in the manifest, not in the log.',
    },
    {
      id: 'CC6.8',
      title: 'Unauthorised or malicious software is prevented or detected',
      measures: ['classified', 'changed_tool_stopped'],
      beyond: 'Software that is not offered as a capability.',
    },
    {
      id: 'CC7.2',
      title: 'System components are monitored for anomalies',
      measures: ['peer_caught', 'peer_anchored', 'refusals_counted', 'changed_tool_stopped', 'limited'],
      beyond: 'Who looked at them, and when.',
    },
    {
      id: 'CC7.3',
      title: 'Security events are evaluated',
      measures: ['peer_caught', 'approval_refused', 'right_withdrawn', 'peer_removed', 'case_opened', 'case_decided'],
      beyond: 'How a person came to the decision.',
    },
    {
      id: 'CC7.4',
      title: 'Identified incidents are responded to',
      measures: ['case_opened', 'case_decided', 'sanctioned', 'appeal_heard', 'partner_told'],
      beyond: 'Incidents that nobody opened a case about.',
    },
    {
      id: 'CC8.1',
      title: 'Changes are authorised, documented and approved',
      measures: ['policy_changed', 'widening_approved', 'offer_changed', 'classified', 'peer_admitted'],
      beyond: 'Review of a change before it was made.',
    },
    {
      id: 'PI1.4',
      title: 'Output is made available completely and accurately',
      measures: ['countersigned', 'outcome_recorded', 'malformed_stopped'],
    },
    {
      id: 'C1.1',
      title: 'Confidential information is identified and protected',
      measures: ['labelled', 'redacted', 'secret_stopped', 'flow_stopped'],
    },
    { id: 'A1.2', title: 'Backup and recovery', measures: [], beyond: 'That backups are made and tried.' },
  ],
}
