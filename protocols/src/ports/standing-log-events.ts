/** The part of the table in `log-events.ts` that is about what peers may be trusted with. */
export const standingLogEvents = {
  'standing.changed': {
    level: 'info',
    fields: ['peer', 'score', 'tier', 'before'],
    means: 'What a peer did, or did not do, has changed what it may call here.',
    todo: '`hansa trust explain DID` says why. If you know better, `hansa trust vouch DID`.',
  },
  'standing.unreadable': {
    level: 'error',
    fields: ['peer', 'error', 'code?', 'reason?', 'at'],
    means: 'The evidence about a peer cannot be read: its score is the last one less 100 and does not rise.',
    todo: 'Restart the node: it reads the evidence from the log again.',
  },
  'standing.not_recorded': {
    level: 'warn',
    fields: ['peer', 'error', 'code?', 'reason?', 'at'],
    means: 'A tier has changed and counts, and the log did not take the entry; it is tried again every few seconds.',
    todo: 'Look whether the log is full.',
  },
  'standing.endorsements_missing': {
    level: 'warn',
    fields: ['peer', 'error', 'code?', 'reason?', 'at'],
    means: 'A peer did not say whom it endorses. What it said before counts until it runs out.',
    todo: 'Nothing, if it passes: it is asked again in an hour.',
  },
  'standing.endorsement_refused': {
    level: 'warn',
    fields: ['peer', 'reason'],
    means: 'A peer answered with an endorsement that does not verify, or that nobody asked for. It does not count.',
    todo: 'Ask the operator of the peer, if it comes again.',
  },
} as const
