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
  'session.slowed': {
    level: 'warn',
    fields: ['source', 'path', 'reason', 'after_ms'],
    means:
      'So much of what a kernel asked over its session was refused that the session is read later, calls included; path and reason are those of the last refusal. Said once in ten minutes.',
    todo: 'Calls over it are late. See which of its calls are refused (`hansa audit list --type refusals.counted`), and tell its operator.',
  },
} as const
