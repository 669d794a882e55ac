/** The part of the table in `log-events.ts` that is about agreements with other kernels. */
export const agreementLogEvents = {
  'agreement.changed': {
    level: 'info',
    fields: ['agreement', 'peer', 'state'],
    means: 'An agreement with another kernel was proposed, accepted, has begun or is over.',
    todo: 'A proposal of a peer waits for a person: `hansa agreement show ID`, then `hansa agreement accept ID` or `reject ID`.',
  },
  'agreement.not_handed_over': {
    level: 'warn',
    fields: ['agreement', 'peer', 'reason'],
    means: 'The other kernel has not taken what this one has signed. It is tried again, after an hour at the latest.',
    todo: 'Look whether the peer is reached, and whether its operator has made this kernel known: `hansa peer add URL` there.',
  },
  'agreement.not_recorded': {
    level: 'error',
    fields: ['error', 'code?', 'reason?', 'at'],
    means: 'A change of an agreement could not be kept. What has ended has ended; it is tried again every few seconds.',
    todo: 'Look whether the log or the disk is full.',
  },
} as const
