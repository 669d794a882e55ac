/** Adapter: what `hansa doctor` says of the limits of this account. Nothing is changed. */
import { readFile } from 'node:fs/promises'
import { type Check, ok, warn } from './check.ts'

/** A connection of a peer or an agent is a file; below this a burst of them is refused. */
const FEW_FILES = 1024

/** Only where the system shows the limit; of this shell, which a service manager may set otherwise. */
export async function fileLimitCheck(limits = '/proc/self/limits'): Promise<Check[]> {
  const text = await readFile(limits, 'utf8').catch(() => '')
  const soft = /^Max open files\s+(\d+|unlimited)/m.exec(text)?.[1]
  if (soft === undefined) return []
  if (soft === 'unlimited' || Number(soft) >= FEW_FILES) return [ok('open files', `at most ${soft}`)]
  return [
    warn(
      'open files',
      `at most ${soft} at the same time`,
      `ulimit -n ${4 * FEW_FILES}, or LimitNOFILE= of the service`,
    ),
  ]
}
