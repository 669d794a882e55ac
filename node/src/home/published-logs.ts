/** The logs of a home by number, as they are named in paths: found without a key, because giving out a log needs none. */
import { join } from 'node:path'
import { fileLogDisk, firstEntry, type LogDirectory } from '@hansa/trust/ledger'
import { frozenNumbers } from './home-logs.ts'
import type { HomePaths } from './home-paths.ts'

export type NumberedLog = { number: number; origin: string; directory: LogDirectory }

/** Of an origin that ends in `/log/3` the 3; undefined for another one. */
export function numberOfOrigin(origin: string): number | undefined {
  const digits = /\/log\/([1-9][0-9]{0,8})$/.exec(origin)?.[1]
  return digits === undefined ? undefined : Number(digits)
}

/** The newest first; empty when nothing was written yet. @throws LedgerError `log_corrupt` */
export async function numberedLogs({ log, frozenLogs }: Pick<HomePaths, 'log' | 'frozenLogs'>): Promise<NumberedLog[]> {
  const frozen = (await frozenNumbers(frozenLogs)).map((number) => fileLogDisk(join(frozenLogs, String(number))))
  const logs: NumberedLog[] = []
  for (const directory of [fileLogDisk(log), ...frozen]) {
    const first = await firstEntry(directory)
    const number = first && numberOfOrigin(first.origin)
    if (first !== undefined && number !== undefined) logs.push({ number, origin: first.origin, directory })
  }
  return logs
}
