/** The part of the table in `log-events.ts` that is about taking part in a mesh. */
const nothing = 'Nothing.'

export const meshLogEvents = {
  'discovery.conflict': {
    level: 'warn',
    fields: ['peer', 'reason'],
    means: 'Two discovery channels contradict each other about a kernel; it was not imported.',
    todo: 'The entry `discovery.conflict` names both. Ask its operator which one is right, then import it with `hansa import URL --did DID`.',
  },
  'import.agreed': {
    level: 'info',
    fields: ['peer', 'alias', 'channels'],
    means: 'A kernel was imported on the word of two discovery channels that agree, without an operator.',
    todo: 'Nothing: no rule permits anything of it yet. `hansa unimport ALIAS` takes it back; `first_import: operator` ends it.',
  },
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
