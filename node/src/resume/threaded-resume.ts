/**
 * Resume points are made in a thread of their own: each entry is read, hashed and replayed once more for them, which would
 * take a tenth of the time of a busy kernel. They come and go as sealed text, because to read, copy and write what half a
 * million calls have left takes a second. The thread ends with each of them, because they are seldom.
 */
import type { SealedPoint, StartResumeThread } from '../kernel/read-on.ts'
import { AskedThread, threadProgram } from '../thread/asked-thread.ts'
import type { ResumeQuestion, ResumeThreadData } from './resume-thread.ts'

/** What a kernel remembers, twice. */
const MEMORY = { maxYoungGenerationSizeMb: 16, maxOldGenerationSizeMb: 1_024 }

type Thread = AskedThread<ResumeQuestion, SealedPoint | undefined>

/** @param directory of the log, in the file system. */
export function threadedResume(directory: string): StartResumeThread {
  return (vkey, facts) => {
    const running = new Set<Thread>()
    const ask = async (question: ResumeQuestion) => {
      const thread = start({ directory, vkey })
      running.add(thread)
      try {
        return await thread.ask(question)
      } finally {
        running.delete(thread)
        await thread.end()
      }
    }
    return {
      readOn: (after, key) => ask({ kind: 'read_on', after, key, facts: facts() }),
      async verify(until) {
        await ask({ kind: 'verify', until })
      },
      async close() {
        await Promise.all([...running].map((thread) => thread.end()))
      },
    }
  }
}

function start(data: ResumeThreadData): Thread {
  const program = threadProgram('resume-thread', import.meta.url)
  return new AskedThread({ program, name: 'the thread that makes resume points', limits: MEMORY, data, letsEnd: true })
}
