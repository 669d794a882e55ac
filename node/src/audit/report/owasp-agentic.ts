import type { Framework } from './framework.ts'

export const owaspAgentic: Framework = {
  id: 'owasp-asi',
  title: 'OWASP Top 10 for Agentic Applications',
  edition: '2026',
  controls: [
    {
      id: 'ASI01',
      title: 'Agent Goal Hijack',
      measures: ['injection_found', 'blocked_by_firewall', 'refused_by_policy', 'approval_asked'],
      beyond: 'Whether a model followed injected text is not in a log of calls, only what it then tried to do.',
    },
    {
      id: 'ASI02',
      title: 'Tool Misuse and Exploitation',
      measures: [
        'permitted_by_rule',
        'refused_by_policy',
        'malformed_stopped',
        'limited',
        'approval_asked',
        'approval_refused',
      ],
    },
    {
      id: 'ASI03',
      title: 'Identity and Privilege Abuse',
      measures: [
        'own_principal',
        'agent_named',
        'refused_without_right',
        'right_given',
        'right_delegated',
        'agreed',
        'delegated_call',
        'right_withdrawn',
        'identity_refused',
      ],
    },
    {
      id: 'ASI04',
      title: 'Agentic Supply Chain Vulnerabilities',
      measures: ['peer_admitted', 'classified', 'changed_tool_stopped', 'offer_changed'],
      beyond: 'Where models, prompts and packages come from.',
    },
    {
      id: 'ASI05',
      title: 'Unexpected Code Execution',
      measures: ['malformed_stopped', 'approval_asked', 'refused_by_policy'],
      beyond: 'What a tool runs once it was called: a kernel is no sandbox.',
    },
    {
      id: 'ASI06',
      title: 'Memory and Context Poisoning',
      measures: ['injection_found', 'labelled', 'redacted'],
      beyond: 'What an agent stores of a result after it received it.',
    },
    {
      id: 'ASI07',
      title: 'Insecure Inter-Agent Communication',
      measures: ['asked_under_signature', 'countersigned', 'identity_refused', 'refusals_counted', 'peer_caught'],
    },
    {
      id: 'ASI08',
      title: 'Cascading Failures',
      measures: ['limited', 'refused_by_policy', 'peer_removed'],
      beyond: 'Failures that pass through other systems than calls between kernels.',
    },
    {
      id: 'ASI09',
      title: 'Human-Agent Trust Exploitation',
      measures: ['approval_given', 'approval_refused'],
      beyond:
        'Whether the person understood what was approved: the arguments that were shown are committed to by hash.',
    },
    {
      id: 'ASI10',
      title: 'Rogue Agents',
      measures: [
        'own_principal',
        'refused_by_policy',
        'right_withdrawn',
        'peer_removed',
        'sanctioned',
        'refused_by_sanction',
        'outcome_recorded',
      ],
      beyond: 'What an agent does without calling a capability.',
    },
  ],
}
