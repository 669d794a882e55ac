/** The part of the table in `log-events.ts` that is about identities and their keys. */
const nothing = 'Nothing.'

export const identityLogEvents = {
  'identity.forked': {
    level: 'error',
    fields: ['peer', 'reason'],
    means: 'The log of the identity of another kernel contradicts what was seen of it: no key of it is good any more.',
    todo: 'Ask its operator by another way. `hansa peer remove` forgets what was seen of it. See docs/guides/identity.md.',
  },
  'identity.key_announced': {
    level: 'info',
    fields: ['kid', 'signs_from'],
    means: 'A new key of this kernel is in its document, and signs from then on.',
    todo: nothing,
  },
  'identity.key_in_use': {
    level: 'info',
    fields: ['kid'],
    means: 'This key signs from now on.',
    todo: nothing,
  },
  'identity.key_retired': {
    level: 'info',
    fields: ['kid'],
    means: 'This key has left the document. What it signed before still verifies.',
    todo: 'Make a backup: a home restored from before this is not believed by peers any more.',
  },
  'identity.key_revoked': {
    level: 'warn',
    fields: ['kid', 'reason'],
    means: 'This key is in the document as compromised, and peers are told.',
    todo: 'Make a backup: a home restored from before this is not believed by peers any more.',
  },
  'identity.update_key_renewed': {
    level: 'info',
    fields: ['kid'],
    means: 'The log of the identity commits to a new update key; the one before is worth nothing.',
    todo: 'Make a backup, or give its shares to their holders: `hansa key split`.',
  },
  'identity.recovered': {
    level: 'warn',
    fields: ['peer', 'reason', 'expires'],
    means:
      'The recovery key of another kernel has undone what its log said before. Until then good calls of it count for nothing, and nothing of it is imported anew.',
    todo: 'Ask its operator by another way whether that is so.',
  },
  'identity.contested': {
    level: 'warn',
    fields: ['peer', 'reason'],
    means: 'What the recovery key of another kernel has undone is shown again. It is not believed.',
    todo: 'Tell its operator: somebody has a key of it and a place where its log is looked for.',
  },
  'identity.rotation_stalled': {
    level: 'error',
    fields: ['error', 'code?', 'reason?', 'at', 'retry_seconds'],
    means: 'The next step of a rotation failed; the keys are as they were.',
    todo: 'Look whether keys/update.key is in its place, and at the disk.',
  },
} as const
