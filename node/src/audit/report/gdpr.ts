import type { Framework } from './framework.ts'

export const gdpr: Framework = {
  id: 'gdpr',
  title: 'General Data Protection Regulation',
  edition: 'Regulation (EU) 2016/679',
  controls: [
    {
      id: 'Art. 5(1)(b)',
      title: 'Purpose limitation',
      measures: ['permitted_by_rule', 'refused_by_policy'],
      beyond: 'That a stated purpose is the true one.',
    },
    { id: 'Art. 5(1)(c)', title: 'Data minimisation', measures: ['redacted', 'flow_stopped', 'labelled'] },
    {
      id: 'Art. 5(1)(e)',
      title: 'Storage limitation',
      measures: ['content_erased'],
      beyond: 'How long each system keeps what it was given.',
    },
    {
      id: 'Art. 5(1)(f)',
      title: 'Integrity and confidentiality',
      measures: ['secret_stopped', 'flow_stopped', 'refused_by_policy', 'countersigned'],
    },
    { id: 'Art. 5(2)', title: 'Accountability', measures: ['outcome_recorded', 'countersigned', 'policy_changed'] },
    { id: 'Art. 6', title: 'Lawfulness of processing', measures: [], beyond: 'The legal basis of each processing.' },
    {
      id: 'Art. 17',
      title: 'Right to erasure',
      measures: ['content_erased'],
      beyond:
        'What the systems behind capabilities hold is theirs to erase; the log itself holds commitments and no content.',
    },
    {
      id: 'Art. 22',
      title: 'Automated individual decision-making',
      measures: ['approval_asked', 'approval_given', 'approval_refused'],
      beyond: 'Whether a decision has legal effect on a person.',
    },
    {
      id: 'Art. 25',
      title: 'Data protection by design and by default',
      measures: ['refused_by_policy', 'redacted', 'labelled'],
    },
    {
      id: 'Art. 28',
      title: 'Processor',
      measures: ['peer_admitted', 'peer_removed', 'asked_under_signature', 'countersigned'],
      beyond: 'The contract with the processor.',
    },
    {
      id: 'Art. 30',
      title: 'Records of processing activities',
      measures: ['outcome_recorded', 'own_principal'],
      beyond: 'Purposes, categories of persons and retention times, which a person has to describe.',
    },
    {
      id: 'Art. 32',
      title: 'Security of processing',
      measures: ['permitted_by_rule', 'blocked_by_firewall', 'secret_stopped', 'identity_refused', 'right_withdrawn'],
    },
    {
      id: 'Art. 33',
      title: 'Notification of a breach',
      measures: [],
      beyond: 'Whether and when an authority was told.',
    },
  ],
}
