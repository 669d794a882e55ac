import type { Entry } from '@hansa/protocols'
import { fileLogDisk, readEntries } from '@hansa/trust/ledger'

/** Every entry of the log in a directory, in order; its node may run or not. */
export async function entriesOnDisk(directory: string): Promise<Entry[]> {
  const entries: Entry[] = []
  for await (const { entry } of readEntries(fileLogDisk(directory))) entries.push(entry)
  return entries
}
