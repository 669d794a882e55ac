/** The part of the table in `log-events.ts` that is about revocations. */
export const revocationLogEvents = {
  'revocations.not_told': {
    level: 'warn',
    fields: ['peer', 'reason'],
    means:
      'A connected kernel could not be told what was revoked here. It is tried again, and told with its next handshake.',
    todo: 'Nothing, if the kernel is away. What is known of it is in `hansa peer show`.',
  },
  'revocations.push_failed': {
    level: 'error',
    fields: ['error', 'code?', 'reason?', 'at'],
    means: 'Telling other kernels of revocations failed inside; the next round follows.',
    todo: 'Look at the disk; a fault of Hansa is worth a report with this line.',
  },
  'revocations.refused': {
    level: 'warn',
    fields: ['peer', 'reason'],
    means:
      'A kernel said of its revocations what cannot be: under another name, under a number that was used, rolled back, or of what is not its own. At most once a minute for each kernel; the log counts all of them.',
    todo: 'Ask the operator of that kernel. Calls with it that change something are refused until it says what holds.',
  },
} as const
