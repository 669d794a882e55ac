import { join } from 'node:path'
import { GroupCommitLog } from '../floors/group-commit-log.ts'
import type { Operation } from '../micro/operation.ts'
import { appendLoad, writersName } from './append-load.ts'
import { servedCalls } from './served-calls.ts'

/**
 * The floor of the durable append: the same entries, as bytes that are made already, into a hash chain with group commit.
 * No form is checked, no tree grows, nothing is read back and no checkpoint is signed.
 */
export function rawGroupCommit(writers: number): Operation {
  const name = writersName('raw group commit', writers)
  return {
    name,
    run(durationMs, directory) {
      const log = new GroupCommitLog(join(directory, 'log'))
      const bodies = servedCalls(1).map((entry) => Buffer.from(JSON.stringify(entry)))
      const append = async (number: number) => {
        const body = bodies[number % bodies.length]
        if (body !== undefined) await log.append('outcome', body).durable
      }
      return appendLoad(name, append, writers, durationMs)
    },
  }
}
