/** The part of the table in `log-events.ts` that is about peers that do not answer, and where calls go. */
export const routingLogEvents = {
  'call.moved_on': {
    level: 'info',
    fields: ['call_id', 'capability', 'code'],
    means: 'A provider did not serve a call, and another one of the same capability is asked.',
    todo: 'Nothing. Who could serve it is in `hansa route`.',
  },
  'peer.back': {
    level: 'info',
    fields: ['peer', 'after_ms'],
    means: 'A peer that was cut off has answered; calls go to it again.',
    todo: 'Nothing.',
  },
  'peer.cut_off': {
    level: 'warn',
    fields: ['peer', 'reason'],
    means:
      'Too many exchanges with a peer failed: nothing is sent to it, and calls of what it serves are refused as `busy` at once. It is looked for every few seconds.',
    todo: 'See `hansa peers`. When it stays away, ask its operator, and look at the network between.',
  },
  'agent.slowed': {
    level: 'warn',
    fields: ['principal', 'peer'],
    means:
      'The peer denied so many calls of this agent that further ones wait here, so that it goes on looking at those of the others; said once in ten minutes.',
    todo: 'Correct what the agent calls, or ask the operator of the peer for a rule that permits it. What was denied is in `hansa audit show`.',
  },
} as const
