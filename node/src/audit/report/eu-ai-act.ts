import type { Framework } from './framework.ts'

export const euAiAct: Framework = {
  id: 'eu-ai-act',
  title: 'EU Artificial Intelligence Act',
  edition: 'Regulation (EU) 2024/1689',
  controls: [
    {
      id: 'Art. 9',
      title: 'Risk management system',
      measures: [],
      beyond: 'The assessment of risks, which people make.',
    },
    { id: 'Art. 10', title: 'Data and data governance', measures: [], beyond: 'Training, validation and test data.' },
    {
      id: 'Art. 12',
      title: 'Record-keeping',
      measures: ['outcome_recorded', 'own_principal', 'countersigned', 'policy_changed'],
    },
    {
      id: 'Art. 14',
      title: 'Human oversight',
      measures: [
        'approval_asked',
        'approval_given',
        'approval_refused',
        'right_withdrawn',
        'case_decided',
        'appeal_heard',
        'exception_made',
      ],
      beyond: 'Whether the person was able to understand and to override.',
    },
    {
      id: 'Art. 15',
      title: 'Accuracy, robustness and cybersecurity',
      measures: ['blocked_by_firewall', 'injection_found', 'malformed_stopped', 'changed_tool_stopped', 'limited'],
      beyond: 'The accuracy of a model.',
    },
    {
      id: 'Art. 19',
      title: 'Automatically generated logs',
      measures: ['outcome_recorded'],
      beyond: 'That the log is kept for as long as the law asks; the period of this report shows how far back it goes.',
    },
    {
      id: 'Art. 26',
      title: 'Obligations of deployers',
      measures: ['outcome_recorded', 'approval_asked', 'peer_caught', 'case_opened', 'sanctioned'],
      beyond: 'That suspected serious incidents were reported.',
    },
    { id: 'Art. 50', title: 'Transparency towards persons', measures: [], beyond: 'What people were told.' },
  ],
}
