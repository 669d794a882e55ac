/** Part of what its limit leaves for calls, from which on a log is called filling. */
export const LOG_FILLS = 0.8
