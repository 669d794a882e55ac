/** What the exit code of `hansa` says; the same for every command. */
export const exitCodes = {
  /** Done; verified clean. */
  ok: 0,
  /** Refused, failed, or a violation was found. */
  failed: 1,
  /** Part of it: a person has to approve first, or a verifier could not see everything. */
  incomplete: 2,
  /** The command line, the configuration or the directory has to be corrected first. */
  usage: 3,
  /** No node answers. */
  unreachable: 4,
} as const

export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes]

/** The last lines of every help text. */
export const exitCodesHelp =
  'Exit codes: 0 done, 1 refused or failed, 2 incomplete, 3 correct the command or the set-up, 4 no node answers.'
