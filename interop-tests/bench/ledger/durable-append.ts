import type { Operation } from '../micro/operation.ts'
import { appendLoad, writersName } from './append-load.ts'
import { openBenchLog } from './bench-log.ts'
import { servedCalls } from './served-calls.ts'

/** Entries as a kernel writes them that serves a peer, appended to its ledger. */
export function durableAppend(writers: number): Operation {
  const name = writersName('audit append, durable', writers)
  return {
    name,
    async run(durationMs, directory) {
      await using ledger = await openBenchLog(directory)
      const entries = servedCalls(1)
      const append = async (number: number) => {
        const entry = entries[number % entries.length]
        if (entry !== undefined) await ledger.append(entry).durable
      }
      return await appendLoad(name, append, writers, durationMs)
    },
  }
}
