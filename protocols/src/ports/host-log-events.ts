/** The part of the table in `log-events.ts` that is about the libp2p host. */
const nothing = 'Nothing.'

export const hostLogEvents = {
  'host.contradiction': {
    level: 'warn',
    fields: ['peer', 'reason'],
    means: 'Two records of one kernel in the DHT contradict each other; it has signed both.',
    todo: 'Do not import it, and ask its operator by another way.',
  },
  'host.not_reached': {
    level: 'warn',
    fields: ['address', 'reason'],
    means:
      'A host that `mesh.bootstrap` names does not answer. Said once, until it does; it is tried every ten seconds.',
    todo: 'Look whether it is up, and at its address: `hansa doctor`.',
  },
  'host.peer_identified': {
    level: 'debug',
    fields: ['peer', 'peer_id', 'address'],
    means: 'The host at the other end of a connection is that of this kernel: each has named the other.',
    todo: nothing,
  },
  'host.peer_refused': {
    level: 'info',
    fields: ['peer_id', 'address', 'reason'],
    means: "The host at the other end of a connection is nobody's: it did not say whose it is, or it did not verify.",
    todo: 'Nothing, unless you know the host: then compare its clock, and its version.',
  },
  'host.started': {
    level: 'info',
    fields: ['peer_id', 'addresses'],
    means: 'The libp2p host listens, with these addresses for others.',
    todo: nothing,
  },
} as const
