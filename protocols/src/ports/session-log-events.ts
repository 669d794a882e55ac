/** Log events about channels to peers; part of the table in log-events.ts. */
export const sessionLogEvents = {
  'session.not_opened': {
    level: 'info',
    fields: ['peer', 'reason'],
    means: 'No channel to a peer could be opened; it gets single HTTP requests. Said once for each reason.',
    todo: 'When it is about the upgrade, a proxy in front of the peer has to let WebSockets through.',
  },
} as const
