/** Adapter: the logs of a home with the keys that they are signed by, for commands that read them beside the node. */
import type { Did } from '@hansa/protocols'
import { fileLogDisk, noteKey } from '@hansa/trust/ledger'
import type { ReadableLog } from '../audit/signed-entries.ts'
import { openHome } from '../home/home.ts'
import { readHomeLogs } from '../home/home-logs.ts'

export type HomeLogs = {
  did: Did
  /** Oldest first: frozen logs, then the one that is written. Asked again: a restored node begins another log. */
  logs(): Promise<ReadableLog[]>
}

/** @throws HomeError `home_missing`, `home_logs`; KeyFileError */
export async function readableLogs(home: string): Promise<HomeLogs> {
  const { paths, keys } = await openHome(home)
  const { did } = keys.signer
  return {
    did,
    async logs() {
      const { origin, frozen } = await readHomeLogs(paths, did)
      const older = frozen.map(({ directory, link }) => ({ origin: link.previous.origin, vkey: link.vkey, directory }))
      const { vkey } = noteKey(origin, keys.logSeed)
      return [...older.reverse(), { origin, vkey, directory: fileLogDisk(paths.log) }]
    },
  }
}
