/** The part of the table in `log-events.ts` that is about witnesses. */
const nothing = 'Nothing.'

export const witnessLogEvents = {
  'gossip.failed': {
    level: 'error',
    fields: ['error', 'code?', 'reason?', 'at'],
    means: 'Comparing logs with other kernels failed inside; the next round follows.',
    todo: 'Look at the disk; a fault of Hansa is worth a report with this line.',
  },
  'log.known_longer': {
    level: 'error',
    fields: ['peer', 'size', 'entries'],
    means: 'Another kernel holds a checkpoint of this log with more entries than it has, signed by its key.',
    todo: 'Stop the node: it is an older copy, or its key signs elsewhere. See docs/guides/witnesses.md.',
  },
  'peer.evidence_not_kept': {
    level: 'error',
    fields: ['peer', 'error', 'code?', 'reason?', 'at'],
    means: 'A kernel has a log with two histories and is kept out, and the proof could not be written.',
    todo: 'Look at the disk before the node ends; the proof is in its memory.',
  },
  'peer.forked': {
    level: 'error',
    fields: ['peer', 'reason', 'file?'],
    means:
      'A kernel has signed two histories of its log, or did not show that it has one. It has no session here any more.',
    todo: 'Verify the file with `hansa verify FILE`, and hand it to whoever trades with that kernel: docs/guides/witnesses.md.',
  },
  'witness.ahead': {
    level: 'error',
    fields: ['witness', 'size', 'entries'],
    means:
      'A witness has cosigned more entries of this log than it has: it is an older copy, or its key signs elsewhere.',
    todo: 'Stop the node and see docs/guides/witnesses.md. A node that was restored by hand has to be restored with `hansa restore`.',
  },
  'witness.answers': {
    level: 'info',
    fields: ['witness'],
    means: 'A witness that had failed cosigns again.',
    todo: nothing,
  },
  'witness.degraded': {
    level: 'error',
    fields: ['entries', 'minutes'],
    means:
      'Entries have waited too long for a quorum of witnesses. WRITE and DESTRUCTIVE calls are refused unless the configuration says otherwise.',
    todo: 'See which witness fails, and why, with `hansa witness list`.',
  },
  'witness.failed': {
    level: 'warn',
    fields: ['witness', 'reason'],
    means: 'A witness did not cosign. Said once until it does.',
    todo: 'Do what the reason says, or ask its operator. It is asked again by itself.',
  },
  'witness.quorum': {
    level: 'info',
    fields: ['entries'],
    means: 'A quorum of witnesses covers the log again.',
    todo: nothing,
  },
  'witness.round_failed': {
    level: 'error',
    fields: ['error', 'code?', 'reason?', 'at'],
    means: 'Asking the witnesses failed inside; the next round follows.',
    todo: 'Look at the disk; a fault of Hansa is worth a report with this line.',
  },
} as const
