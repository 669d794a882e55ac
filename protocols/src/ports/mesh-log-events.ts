/** The part of the table in `log-events.ts` that is about taking part in a mesh. */
const nothing = 'Nothing.'

export const meshLogEvents = {
  'mesh.joined': {
    level: 'info',
    fields: ['peer?'],
    means: 'This kernel takes part in a mesh, through the peer if one is named.',
    todo: nothing,
  },
  'mesh.left': {
    level: 'info',
    fields: [],
    means: 'This kernel takes no part in a mesh any more, and has told its neighbours.',
    todo: nothing,
  },
  'mesh.not_published': {
    level: 'error',
    fields: ['error', 'code?', 'reason?', 'at'],
    means: 'What this kernel offers now could not be signed and passed on; it is tried again.',
    todo: 'Look whether the log is full; a fault of Hansa is worth a report with this line.',
  },
} as const
