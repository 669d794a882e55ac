/**
 * Entries are read back in a thread of their own, so that a busy kernel hashes each entry once and not three times. The
 * thread is started with the first stretch that is worth it.
 */
import { type AppendedStretch, fileLogDisk, LedgerError, type ReadBack, readBack } from '@hansa/trust/ledger'
import { AskedThread, threadProgram } from '../thread/asked-thread.ts'
import type { ReadBackAnswer } from './read-back-thread.ts'

/** A kernel that writes fewer between two checkpoints has time enough. */
const WORTH_A_THREAD = 256

/** It keeps nothing; without a limit it would let garbage lie. */
const MEMORY = { maxYoungGenerationSizeMb: 8, maxOldGenerationSizeMb: 64 }

type ReadBackThread = AskedThread<AppendedStretch, ReadBackAnswer>

/** @param directory of the log, in the file system. */
export function threadedReadBack(directory: string): ReadBack {
  const here = readBack(fileLogDisk(directory))
  let thread: ReadBackThread | undefined
  return {
    async read(stretch: AppendedStretch) {
      if (thread === undefined && stretch.links.length < WORTH_A_THREAD) return here.read(stretch)
      thread ??= start(directory)
      const answer = await thread.ask(stretch)
      if ('grown' in answer) return answer.grown
      throw new LedgerError(answer.fault.detail, answer.fault.message)
    },
    async close() {
      await thread?.end()
    },
  }
}

function start(directory: string): ReadBackThread {
  return new AskedThread({
    program: threadProgram('read-back-thread', import.meta.url),
    name: 'the thread that reads the log back',
    limits: MEMORY,
    data: directory,
    // It holds the process only while the last checkpoint of a log is made.
    letsEnd: true,
  })
}
