/** The part of the table in `log-events.ts` that is about the replica of the manifests of other kernels. */
export const replicaLogEvents = {
  'replica.neighbour_failed': {
    level: 'debug',
    fields: ['peer', 'reason'],
    means: 'A neighbour did not answer about its manifests, or not as it has to. It is asked again later each time.',
    todo: 'Nothing, as long as others answer: `hansa search` still finds what is known.',
  },
  'replica.not_kept': {
    level: 'error',
    fields: ['error', 'code?', 'reason?', 'at'],
    means: 'Manifests of other kernels could not be written to state.db or read from it; they stay in memory.',
    todo: 'Look at the disk of the node. Writing is tried again.',
  },
  'replica.reconciled': {
    level: 'debug',
    fields: ['peer', 'taken', 'given', 'bytes', 'after_ms'],
    means: 'This kernel and a neighbour held different manifests, and have exchanged them.',
    todo: 'Nothing.',
  },
  'replica.thread_failed': {
    level: 'warn',
    fields: ['error', 'code?', 'reason?', 'at'],
    means: 'A thread that checks records ended; they were checked by the node itself.',
    todo: 'Look at the memory of the machine when it repeats.',
  },
  'search.no_meaning': {
    level: 'warn',
    fields: ['reason'],
    means: 'The server of embeddings did not answer as it should; searches go by words alone for a minute.',
    todo: 'Look at `search.embeddings` of hansa.yaml, and whether the server runs.',
  },
  'replica.turn_lost': {
    level: 'warn',
    fields: ['source', 'reason', 'after_ms'],
    means: 'Somebody has sent an invalid record: what comes from there is not looked at for that long.',
    todo: 'Nothing. If it is a partner, ask its operator.',
  },
} as const
