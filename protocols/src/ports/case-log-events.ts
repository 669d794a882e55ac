/** Lines about cases, sanctions and exceptions; a part of the table in log-events.ts. */
export const caseLogEvents = {
  'case.opened': {
    level: 'warn',
    fields: ['case', 'subject', 'reason'],
    means: 'A case was opened: by a person, by a notice of another kernel, or by a proof that this kernel found.',
    todo: '`hansa case show ID`. Triage it within a day.',
  },
  'case.deadline_missed': {
    level: 'warn',
    fields: ['case', 'subject', 'reason'],
    means: 'Nobody acted in time. A suspension that nobody has decided is a quarantine from now on.',
    todo: 'Act now: `hansa case show ID` says whose turn it is.',
  },
  'cases.deadline_not_kept': {
    level: 'error',
    fields: ['error', 'code?', 'reason?', 'at'],
    means: 'What time brings about in a case or an exception could not be kept. Sanctions stay as they are.',
    todo: 'Look at the disk of the node.',
  },
  'cases.unreadable': {
    level: 'error',
    fields: ['reason'],
    means: 'Cases could not be read. What the log says of sanctions stays in force, and none is lifted.',
    todo: 'Restore the state of the node: `hansa restore`.',
  },
  'exception.granted': {
    level: 'warn',
    fields: ['principal', 'capability', 'expires'],
    means: 'Two persons made an exception to the policy; it ends by itself.',
    todo: '`hansa break-glass list`. End it when it is not needed any more: `hansa break-glass end ID`.',
  },
  'sanction.imposed': {
    level: 'warn',
    fields: ['case', 'subject', 'kind', 'expires?'],
    means: 'A sanction is in force: tokens of the subject are void, and sessions with it are closed.',
    todo: '`hansa case show ID`.',
  },
  'sanction.lifted': {
    level: 'info',
    fields: ['case', 'subject'],
    means: 'A sanction is lifted by a decision or an appeal.',
    todo: 'Nothing.',
  },
  'policy.pending': {
    level: 'warn',
    fields: ['rules', 'reason'],
    means:
      'A policy was loaded that may permit more than the one in force. It waits for two persons; the one in force stays.',
    todo: '`hansa policy pending` says what is wider; then `hansa policy approve ID` or `hansa policy reject ID`.',
  },
} as const
