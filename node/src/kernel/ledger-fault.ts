import { CallError } from '@hansa/protocols'

/** What a caller is told when the log takes no entry: its codes are of the closed list, or the fault is ours. */
export function asCallError(error: unknown): unknown {
  const code = (error as { detail?: { code?: unknown } } | undefined)?.detail?.code
  if (code === 'log_full' || code === 'busy')
    return new CallError({ code, stage: 'audit' }, undefined, { cause: error })
  if (code === 'log_closed' || code === 'log_broken')
    return new CallError({ code: 'busy', stage: 'audit' }, undefined, { cause: error })
  return error
}
