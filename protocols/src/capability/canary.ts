/** Calls that a kernel makes only to see whether an imported capability is served. */

/** For whom they are made, as rules and the log of that kernel name it. */
export const CANARY_PRINCIPAL = 'agent:canary'

/** Their purpose, which the peer sees. */
export const CANARY_PURPOSE = 'canary'
