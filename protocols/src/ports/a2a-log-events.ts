/** What a node says of A2A. */
export const a2aLogEvents = {
  'a2a.agent_offered': {
    level: 'info',
    fields: ['capability', 'host', 'signed', 'reason'],
    means: 'Skills of an agent of somebody else are offered, which is no kernel.',
    todo: 'Nothing.',
  },
  'a2a.agent_unusable': {
    level: 'warn',
    fields: ['reason'],
    means: 'An agent, or a skill of it, cannot be offered; what is classified of it is suspended.',
    todo: 'The reason says what to do. It is asked again each minute.',
  },
  'a2a.request_failed': {
    level: 'error',
    fields: ['error', 'code?', 'reason?', 'at'],
    means: 'A request of A2A failed inside and was answered with an internal error.',
    todo: 'Look at the disk; a fault of Hansa is worth a report with this line.',
  },
  'a2a.task_failed': {
    level: 'error',
    fields: ['error', 'code?', 'reason?', 'at'],
    means: 'What became of a task of A2A could not be kept, or its call failed inside.',
    todo: 'Look at the disk; a fault of Hansa is worth a report with this line.',
  },
  'a2a.push_failed': {
    level: 'error',
    fields: ['error', 'code?', 'reason?', 'at'],
    means: 'Push notifications that wait could not be read or changed in the database; they wait on.',
    todo: 'Look at the disk. They go out with the next event for their webhook, or after a restart.',
  },
  'a2a.push_full': {
    level: 'error',
    fields: ['reason'],
    means: 'Too many push notifications wait for their webhooks; further ones are lost.',
    todo: 'See which webhooks do not answer: `a2a.push_given_up`. Clients can get their tasks all the same.',
  },
  'a2a.push_given_up': {
    level: 'warn',
    fields: ['host', 'attempt', 'reason'],
    means: 'A push notification was not delivered to the webhook that a client named, and is not sent again.',
    todo: 'It is for the client to correct. A private address has to be in `allow_private`.',
  },
} as const
