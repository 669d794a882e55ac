import { KernelError } from '@hansa/protocols'

export type StartErrorDetail =
  /** Every reason at once, each with what to do about it. Nothing was left open. */
  | { code: 'node_cannot_start'; faults: readonly string[] }
  /** A node runs in this home already. */
  | { code: 'node_running'; home: string }

export class StartError extends KernelError<StartErrorDetail> {
  override readonly name: string = 'StartError'
}

/** @param faults what went wrong and what to do, one each. */
export function cannotStart(faults: readonly string[], options?: ErrorOptions): StartError {
  const message = ['The node cannot start:', ...faults.map((fault) => `  - ${fault.replaceAll('\n', '\n    ')}`)]
  return new StartError({ code: 'node_cannot_start', faults }, message.join('\n'), options)
}

/**
 * What a failure says to the person who starts a node.
 * @throws the error itself when it is none of ours: a bug is not explained away.
 */
export function sentenceOf(error: unknown): string {
  if (!(error instanceof Error) || !('detail' in error)) throw error
  const { code } = error.detail as { code?: unknown }
  if (error.message !== code) return error.message
  return unexplained[String(code)] ?? `It failed with ${String(code)}.`
}

/** Codes of the ledger that carry facts and no sentence. */
const unexplained: Readonly<Record<string, string>> = {
  log_full: 'There is no room for the log. Make room on the disk, or raise limits.log_max_gib, then start again.',
  log_corrupt: 'The log is damaged. See where with `hansa verify`, and restore the directory from a backup.',
  log_rolled_back: 'The log is older than what it signed. Restore the newest copy of the directory.',
}
