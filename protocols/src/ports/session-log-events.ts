/** Log events about channels to peers; part of the table in log-events.ts. */
export const sessionLogEvents = {
  'session.not_opened': {
    level: 'info',
    fields: ['peer', 'reason'],
    means: 'No channel to a peer could be opened; it gets single HTTP requests. Said once for each reason.',
    todo: 'When it is about the upgrade, a proxy in front of the peer has to let WebSockets through.',
  },
  'handshake.failing': {
    level: 'warn',
    fields: ['source', 'code'],
    means:
      'Five handshakes of one DID, or from one address, failed within ten minutes; an entry says why the last one did. Anybody can claim a DID, so it accuses nobody. Said once in ten minutes for each.',
    todo: 'Ask the operator of a kernel that you know; keep out an address that you do not.',
  },
} as const
