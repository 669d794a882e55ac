/** The part of the table in `log-events.ts` that is about approvals. */
export const approvalLogEvents = {
  'approval.waits': {
    level: 'info',
    fields: ['id', 'principal', 'capability', 'call_id'],
    means: 'A call waits for a person. At a terminal it is a line for people instead.',
    todo: '`hansa approvals`.',
  },
  'approvals.arguments_not_kept': {
    level: 'error',
    fields: ['error', 'code?', 'reason?', 'at'],
    means: 'The arguments of a pending approval could not be kept for the person who decides; the approval stands.',
    todo: 'Look at the disk of the node.',
  },
  'approvals.not_announced': {
    level: 'error',
    fields: ['reason'],
    means: 'New requests for approval are not said on standard error any more.',
    todo: 'They are in `hansa approvals` all the same. Restart the node to have them said again.',
  },
} as const
